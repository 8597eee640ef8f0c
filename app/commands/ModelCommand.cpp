#include "app/ModelChoice.h"
#include "app/commands/Commands.h"
#include "app/commands/Console.h"
#include "model/pipeline/Embeddings.h"

#include <CLI/CLI.hpp>

#include <QDir>
#include <QFileInfo>

#include <memory>

namespace tagalign::app {

namespace {

int check(const QString& folder)
{
    print(QString::fromStdString(model::pipeline::checkpointSummary(folder.toStdString())));
    return kDone;
}

int list(const QString& folder)
{
    QStringList folders{starterModelFolder()};
    for (const QString& name : QDir(folder).entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
        folders.append(QDir(folder).filePath(name));
    }
    for (const QString& candidate : folders) {
        if (QFileInfo::exists(candidate + QStringLiteral("/config.json")) ||
            QFileInfo::exists(candidate + QStringLiteral("/open_clip_config.json"))) {
            print(candidate);
        }
    }
    return kDone;
}

} // namespace

void addModelCommand(CLI::App& program, RunCommand& run)
{
    auto folder = std::make_shared<std::string>(".");
    CLI::App* verb = program.add_subcommand("model", "Checkpoints: list, check");
    verb->require_subcommand(1);
    CLI::App* checkVerb = verb->add_subcommand("check", "Load a checkpoint and say what it is");
    checkVerb->add_option("FOLDER", *folder, "Checkpoint folder")->required();
    checkVerb->callback(
        [folder, &run] { run = [folder] { return check(QString::fromStdString(*folder)); }; });
    CLI::App* listVerb = verb->add_subcommand("list", "The demo model and checkpoints in a folder");
    listVerb->add_option("FOLDER", *folder, "Where to look")->capture_default_str();
    listVerb->callback(
        [folder, &run] { run = [folder] { return list(QString::fromStdString(*folder)); }; });
}

} // namespace tagalign::app
