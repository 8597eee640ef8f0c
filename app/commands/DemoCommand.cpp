#include "app/ModelChoice.h"
#include "app/commands/Commands.h"
#include "app/commands/Console.h"
#include "app/commands/PilotCommand.h"
#include "app/commands/TrainOptions.h"
#include "app/demo/DemoPairs.h"
#include "app/jobs/DemoJob.h"
#include "app/jobs/ReportJob.h"

#include <CLI/CLI.hpp>

#include <QDir>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTemporaryDir>

#include <memory>

namespace tagalign::app {

namespace {

struct Options
{
    std::string project; ///< empty: PILOT.tagalign
    int count = kDemoPictures;
    bool json = false;
    std::string pilot;
    std::string folder;
    std::string model; ///< empty: the starter
    std::string language = "en";
    unsigned seed = 0; ///< 0: the pilot's own
    DemoPairsSettings pairs;
    TrainOptions train;
};

int runDemo(const Options& options)
{
    const Project project = Project::openOrCreate(QString::fromStdString(
        options.project.empty() ? options.pilot + ".tagalign" : options.project));
    PilotSummary summary;
    {
        Console console;
        summary = runDemoPilot(project, demoPilot(QString::fromStdString(options.pilot)),
                               options.count, kDemoReviewShare, {}, console,
                               [&console](const QString& sentence) { console.say(sentence); });
    }
    return printPilot(project, summary, options.json ? OutputForm::Json : OutputForm::Text);
}

QJsonArray toJson(const QString& pilot, const QList<db::Metric>& metrics)
{
    QJsonArray rows;
    for (const db::Metric& metric : metrics) {
        rows.append(QJsonObject{{"pilot", pilot},
                                {"metric", metric.name},
                                {"kind", metric.kind},
                                {"before", metric.before},
                                {"after", metric.after},
                                {"low", metric.low},
                                {"high", metric.high}});
    }
    return rows;
}

/// Each pilot from nothing to figures against the truth, all training images verified by the
/// simulated reviewer.
int benchPilots(const Options& options)
{
    const QTemporaryDir temporary;
    const QString folder =
        options.folder.empty() ? temporary.path() : QString::fromStdString(options.folder);
    QJsonArray rows;
    for (const DemoPilot& pilot : demoPilots()) {
        if (!options.pilot.empty() && pilot.name.toStdString() != options.pilot) {
            continue;
        }
        Console console;
        const Project project =
            Project::openOrCreate(QDir(folder).filePath(pilot.name + ".tagalign"));
        if (!options.model.empty()) {
            chooseCheckpoint(project, QString::fromStdString(options.model));
        }
        const PilotSummary summary =
            runDemoPilot(project, pilot, options.count, 1, options.train.settings(), console,
                         [&console](const QString& sentence) { console.say(sentence); });
        const QList<db::Metric> metrics = measureAgainstTruth(project, summary.run, console);
        for (const auto& row : toJson(pilot.name, metrics)) {
            rows.append(row);
        }
        if (!options.json) {
            print(QStringLiteral("%1: base and fine-tuned on %2 untouched pictures")
                      .arg(pilot.title)
                      .arg(metrics.isEmpty() ? 0 : metrics.first().count));
            print(metricTable(metrics));
        }
    }
    if (options.json) {
        print(QString::fromUtf8(QJsonDocument(rows).toJson(QJsonDocument::Indented)));
    }
    return kDone;
}

int makePairs(const Options& options)
{
    const DemoPilot& pilot = demoPilot(QString::fromStdString(options.pilot));
    DemoPairsSettings settings = options.pairs;
    settings.scenes = pilot.scenes;
    settings.seed = options.seed == 0 ? pilot.seed : options.seed;
    if (options.language != "en") {
        settings.languages = {CaptionLanguage::Japanese};
        if (options.language == "both") {
            settings.languages.prepend(CaptionLanguage::English);
        }
    }
    Console console;
    const bool isWhole =
        writeDemoPairs(QString::fromStdString(options.folder), settings, [&](int number) {
            console.report({number, settings.count, QStringLiteral("Composing demo pictures")});
            return !console.isCancelled();
        });
    if (!isWhole) {
        throw model::Cancelled();
    }
    print(QString::fromStdString(options.folder));
    return kDone;
}

std::vector<std::string> pilotNames()
{
    std::vector<std::string> names;
    for (const DemoPilot& pilot : demoPilots()) {
        names.push_back(pilot.name.toStdString());
    }
    return names;
}

void addMakeCommand(CLI::App& demo, RunCommand& run)
{
    auto options = std::make_shared<Options>();
    options->pilot = demoPilots().first().name.toStdString();
    CLI::App* make =
        demo.add_subcommand("make", "Only compose pictures with captions, masks and true tags");
    DemoPairsSettings& pairs = options->pairs;
    make->add_option("FOLDER", options->folder, "Where to write them")->required();
    make->add_option("--pilot", options->pilot, "What they show")
        ->check(CLI::IsMember(pilotNames()))
        ->capture_default_str();
    make->add_option("--count", pairs.count, "Pictures")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    make->add_option("--test", pairs.testCount, "The last so many get the split \"test\"")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    make->add_option("--side", pairs.side, "Pixels")
        ->check(CLI::Range(16, 4096))
        ->capture_default_str();
    make->add_option("--captions", pairs.captions, "Captions a picture")
        ->check(CLI::Range(1, 20))
        ->capture_default_str();
    make->add_option("--language", options->language, "Of the captions; both: in turn")
        ->check(CLI::IsMember({"en", "ja", "both"}))
        ->capture_default_str();
    make->add_option("--seed", options->seed, "Other seeds, other pictures; 0: the pilot's own")
        ->capture_default_str();
    const auto addRate = [make](const char* name, double& rate, const char* help) {
        make->add_option(name, rate, help)->check(CLI::Range(0.0, 1.0))->capture_default_str();
    };
    addRate("--unmentioned", pairs.noise.unmentioned, "Share of objects that a caption leaves out");
    addRate("--wrong-word", pairs.noise.wrongWord, "Share of objects called something else");
    addRate("--synonym", pairs.noise.synonym, "Share of objects called by another name");
    addRate("--untold", pairs.noise.untold, "Share of colours and surfaces left out");
    addRate("--chatter", pairs.noise.chatter, "Share of captions with sales talk");
    make->callback([options, &run] { run = [options] { return makePairs(*options); }; });
}

void addTruthCommand(CLI::App& demo, RunCommand& run)
{
    auto options = std::make_shared<Options>();
    CLI::App* bench = demo.add_subcommand(
        "bench", "Base and fine-tuned on the demo pilots, against what the pictures really show");
    bench->add_option("--pilot", options->pilot, "Only this one")
        ->check(CLI::IsMember(pilotNames()));
    bench->add_option("--count", options->count, "Pictures a pilot; a third of them for testing")
        ->check(CLI::Range(60, 100000))
        ->capture_default_str();
    bench->add_option("--model", options->model,
                      "Folder of a CLIP checkpoint; default: the demo model");
    bench->add_option("--folder", options->folder, "Keep the projects there");
    options->train.addTo(*bench);
    bench->add_flag("--json", options->json,
                    "Print {pilot, metric, kind, before, after, low, high}");
    bench->callback([options, &run] { run = [options] { return benchPilots(*options); }; });
}

} // namespace

void addDemoCommand(CLI::App& program, RunCommand& run)
{
    auto options = std::make_shared<Options>();
    options->pilot = demoPilots().first().name.toStdString();
    CLI::App* verb = program.add_subcommand(
        "demo", "The whole pilot on composed pictures, with the model that comes with the program");
    verb->add_option("--project", options->project, "Project folder; default: PILOT.tagalign");
    verb->add_option("--pilot", options->pilot, "Which of the demo pilots")
        ->check(CLI::IsMember(pilotNames()))
        ->capture_default_str();
    verb->add_option("--count", options->count, "Pictures")
        ->check(CLI::Range(30, 100000))
        ->capture_default_str();
    verb->add_flag("--json", options->json, "Print the result as JSON");
    verb->callback([options, verb, &run] {
        if (verb->get_subcommands().empty()) {
            run = [options] { return runDemo(*options); };
        }
    });
    addMakeCommand(*verb, run);
    addTruthCommand(*verb, run);
}

} // namespace tagalign::app
