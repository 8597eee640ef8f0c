#include "app/ModelCatalogue.h"
#include "app/ModelChoice.h"
#include "app/ModelEstimate.h"
#include "app/ModelStore.h"
#include "app/commands/Commands.h"
#include "app/commands/Console.h"
#include "app/jobs/FetchModelJob.h"
#include "model/Error.h"
#include "model/pipeline/Embeddings.h"

#include <CLI/CLI.hpp>

#include <QJsonArray>
#include <QJsonObject>

#include <algorithm>
#include <memory>

namespace tagalign::app {

namespace {

QString megabytes(qint64 bytes)
{
    return QStringLiteral("%1 MB").arg(bytes / 1'000'000);
}

int check(const QString& nameOrFolder)
{
    const QString folder = modelFolderOf(nameOrFolder);
    for (const InstalledModel& model : installedModels()) {
        if (model.folder == folder && model.bundle) {
            Console console;
            verifyBundle(*model.bundle, folder, console);
        }
    }
    print(QString::fromStdString(model::pipeline::checkpointSummary(folder.toStdString())));
    return kDone;
}

int fetch(const QString& nameOrRepository, const QString& revision)
{
    FetchedModel fetched;
    {
        Console console;
        fetched = fetchModel(nameOrRepository, revision, FetchSettings::ofThisMachine(), console);
        console.say(fetched.wasThere
                        ? QStringLiteral("%1 is there already (commit %2).")
                              .arg(fetched.name, fetched.bundle.commit.left(12))
                        : QStringLiteral("%1 is ready, licence: %2. Use it with --model %1.")
                              .arg(fetched.name, fetched.bundle.licence));
    }
    print(fetched.folder);
    return kDone;
}

int remove(const QString& name)
{
    removeModel(name);
    print(QStringLiteral("%1 was removed").arg(name));
    return kDone;
}

/// A row for each model: the demo's, the catalogue's, and what else is installed.
QJsonArray allModels()
{
    const QList<InstalledModel> installed = installedModels();
    const auto folderOf = [&installed](const QString& name) {
        const auto found =
            std::find_if(installed.begin(), installed.end(),
                         [&name](const InstalledModel& model) { return model.name == name; });
        return found == installed.end() ? QJsonValue() : QJsonValue(found->folder);
    };
    QJsonArray rows{QJsonObject{{QStringLiteral("name"), QStringLiteral("demo")},
                                {QStringLiteral("title"), QStringLiteral("Built-in demo model")},
                                {QStringLiteral("folder"), starterModelFolder()}}};
    QStringList known;
    for (const CatalogueModel& model : modelCatalogue()) {
        known.append(model.name);
        rows.append(QJsonObject{
            {QStringLiteral("name"), model.name},
            {QStringLiteral("title"), model.title},
            {QStringLiteral("repository"), model.repository},
            {QStringLiteral("licence"), model.licence},
            {QStringLiteral("languages"), model.languages},
            {QStringLiteral("purpose"), model.purpose},
            {QStringLiteral("bytes"), model.bytes},
            {QStringLiteral("parameters"), model.parameters},
            {QStringLiteral("estimatedMemoryBytes"), estimateOf(model, 0.0).memoryBytes},
            {QStringLiteral("folder"), folderOf(model.name)}});
    }
    for (const InstalledModel& model : installed) {
        if (!known.contains(model.name)) {
            const ModelBundle bundle = model.bundle.value_or(ModelBundle());
            rows.append(QJsonObject{{QStringLiteral("name"), model.name},
                                    {QStringLiteral("title"), bundle.summary},
                                    {QStringLiteral("repository"), bundle.repository},
                                    {QStringLiteral("licence"), bundle.licence},
                                    {QStringLiteral("bytes"), model.bytes},
                                    {QStringLiteral("folder"), model.folder}});
        }
    }
    return rows;
}

enum class ListForm { Text, Json };

int list(ListForm form)
{
    const QJsonArray rows = allModels();
    if (form == ListForm::Json) {
        printJson(
            {{QStringLiteral("modelsFolder"), modelsFolder()}, {QStringLiteral("models"), rows}});
        return kDone;
    }
    for (const auto& row : rows) {
        const QString folder = row[QLatin1String("folder")].toString();
        const qint64 bytes = row[QLatin1String("bytes")].toInteger();
        const QString state =
            folder.isEmpty() ? QStringLiteral("to fetch") : QStringLiteral("here");
        print(QStringLiteral("%1  %2 %3  %4")
                  .arg(row[QLatin1String("name")].toString(), -20)
                  .arg(state, -9)
                  .arg(bytes > 0 ? megabytes(bytes) : QString(), 8)
                  .arg(row[QLatin1String("title")].toString()));
        const QString purpose = row[QLatin1String("purpose")].toString();
        if (!purpose.isEmpty()) {
            print(QStringLiteral("    %1 %2, %3.")
                      .arg(purpose, row[QLatin1String("languages")].toString(),
                           row[QLatin1String("licence")].toString()));
        }
    }
    print(QStringLiteral("Installed models lie in %1").arg(modelsFolder()));
    return kDone;
}

} // namespace

void addModelCommand(CLI::App& program, RunCommand& run)
{
    struct Options
    {
        std::string name;
        std::string revision;
        bool json = false;
    };

    auto options = std::make_shared<Options>();
    const auto name = [options] { return QString::fromStdString(options->name); };
    CLI::App* verb = program.add_subcommand("model", "Checkpoints: list, fetch, check, remove");
    verb->require_subcommand(1);

    CLI::App* listVerb =
        verb->add_subcommand("list", "Models that are installed and models to fetch");
    listVerb->add_flag("--json", options->json, "Print them as JSON");
    listVerb->callback([options, &run] {
        run = [options] { return list(options->json ? ListForm::Json : ListForm::Text); };
    });

    CLI::App* fetchVerb = verb->add_subcommand(
        "fetch", "Download a published checkpoint from the hub (HF_ENDPOINT, HF_TOKEN)");
    fetchVerb
        ->add_option("NAME", options->name,
                     "A name of \"model list\", or OWNER/NAME of any CLIP on the hub")
        ->required();
    fetchVerb->add_option("--revision", options->revision, "Branch, tag or commit");
    fetchVerb->callback([options, name, &run] {
        run = [options, name] { return fetch(name(), QString::fromStdString(options->revision)); };
    });

    CLI::App* checkVerb = verb->add_subcommand(
        "check", "Load a checkpoint and say what it is; a fetched one is compared with its hashes");
    checkVerb
        ->add_option("FOLDER", options->name, "Checkpoint folder, or an installed model's name")
        ->required();
    checkVerb->callback([name, &run] { run = [name] { return check(name()); }; });

    CLI::App* removeVerb = verb->add_subcommand("remove", "Remove an installed model");
    removeVerb->add_option("NAME", options->name, "Its name in \"model list\"")->required();
    removeVerb->callback([name, &run] { run = [name] { return remove(name()); }; });
}

} // namespace tagalign::app
