#include "app/commands/PilotCommand.h"

#include "app/ModelChoice.h"
#include "app/commands/Commands.h"
#include "app/commands/Console.h"
#include "app/commands/RetentionOption.h"
#include "app/commands/TrainOptions.h"

#include <CLI/CLI.hpp>

#include <QDir>
#include <QFileInfo>
#include <QJsonArray>

#include <memory>

namespace tagalign::app {

namespace {

QJsonObject toJson(const db::Metric& metric)
{
    return {{"metric", metric.name}, {"kind", metric.kind}, {"before", metric.before},
            {"after", metric.after}, {"low", metric.low},   {"high", metric.high},
            {"count", metric.count}};
}

QJsonObject toJson(const Project& project, const PilotSummary& summary)
{
    QJsonArray metrics;
    for (const db::Metric& metric : summary.evaluation.metrics) {
        if (!metric.tag) {
            metrics.append(toJson(metric));
        }
    }
    QJsonArray problems;
    for (const ImportSummary& import : summary.imports) {
        for (const ImportProblem& problem : import.problems) {
            problems.append(QJsonObject{{"where", problem.where}, {"message", problem.message}});
        }
    }
    return {{"project", project.folder()},
            {"run", summary.run.folder},
            {"report", summary.report.file},
            {"decision", summary.report.decision},
            {"metrics", metrics},
            {"problems", problems}};
}

bool usesDemoModel(const QString& folder)
{
    const Project project = Project::openOrCreate(folder);
    return isStarterModel(checkpointOf(db::Database(project.databaseFile())));
}

} // namespace

int printPilot(const Project& project, const PilotSummary& summary, OutputForm form)
{
    if (form == OutputForm::Json) {
        printJson(toJson(project, summary));
    } else {
        print(summary.report.table);
        print(summary.report.decision);
        print(QStringLiteral("Report:  %1").arg(summary.report.file));
        print(QStringLiteral("Window:  tagalign-studio %1").arg(project.folder()));
    }
    return summary.report.isNoGo ? kNoGo : kDone;
}

void addPilotCommand(CLI::App& program, RunCommand& run)
{
    struct Options
    {
        std::vector<std::string> sources;
        std::string model;
        std::string project;
        bool json = false;
        TrainOptions train;
        RetentionOption retention;
    };

    auto options = std::make_shared<Options>();
    CLI::App* verb = program.add_subcommand(
        "pilot", "The main job: import pairs, tag, encode, train, evaluate, report");
    verb->add_option("SOURCE", options->sources, "Folders or files with image-caption pairs")
        ->required();
    verb->add_option(
        "--model", options->model,
        "Folder of a CLIP or SigLIP checkpoint (config.json, model.safetensors, vocabulary), or "
        "the name of an installed model; default: the demo model that comes with the "
        "program");
    verb->add_option("--project", options->project,
                     "Project folder; default: NAME.tagalign in the current folder");
    verb->add_flag("--json", options->json, "Print the result as JSON");
    options->train.addTo(*verb);
    options->retention.addTo(*verb);
    verb->callback([options, &run] {
        run = [options] {
            QStringList sources;
            for (const std::string& source : options->sources) {
                sources.append(QString::fromStdString(source));
            }
            QString folder = QString::fromStdString(options->project);
            if (folder.isEmpty()) {
                const QFileInfo source(QDir::cleanPath(sources.first()));
                folder = source.completeBaseName() + QStringLiteral(".tagalign");
            }
            if (options->model.empty() && usesDemoModel(folder)) {
                Console().say(QStringLiteral(
                    "No --model given: the demo model is used, which is of no use on photographs. "
                    "\"tagalign model fetch clip-vit-b16\" downloads a published CLIP."));
            }
            const Project project = Project::openOrCreate(folder);
            if (!options->model.empty()) {
                chooseCheckpoint(project, QString::fromStdString(options->model));
            }
            Console console;
            options->retention.keep(project);
            const PilotSummary summary =
                runPilot(project, sources, options->train.settingsFor(project), console,
                         [&console](const QString& line) { console.say(line); });
            return printPilot(project, summary,
                              options->json ? OutputForm::Json : OutputForm::Text);
        };
    });
}

} // namespace tagalign::app
