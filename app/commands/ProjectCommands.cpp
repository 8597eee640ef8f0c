#include "app/ModelChoice.h"
#include "app/commands/Commands.h"
#include "app/commands/Console.h"
#include "app/commands/LlmTags.h"
#include "app/commands/RetentionOption.h"
#include "app/commands/SegmentationCommand.h"
#include "app/commands/TrainOptions.h"
#include "app/jobs/AblationJob.h"
#include "app/jobs/EncodeJob.h"
#include "app/jobs/EvaluateJob.h"
#include "app/jobs/EvaluationFile.h"
#include "app/jobs/FairnessFindings.h"
#include "app/jobs/ImportJob.h"
#include "app/jobs/PilotSnapshot.h"
#include "app/jobs/ReportJob.h"
#include "app/jobs/Runs.h"
#include "app/jobs/SearchJob.h"
#include "app/jobs/TagJob.h"
#include "app/jobs/TrainJob.h"
#include "app/llm/LlmTagJob.h"
#include "db/RunRepository.h"
#include "model/tags/RuleCaptionParser.h"
#include "model/tags/learned/LearnedCaptionParser.h"

#include <CLI/CLI.hpp>

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <memory>
#include <optional>

namespace tagalign::app {

namespace {

struct Options
{
    std::string project;
    std::string source;
    std::string model;
    std::string query;
    std::size_t limit = 10;
    bool resume = false;
    bool asJson = false;
    std::string study = "kinds";
    std::string parser = model::tags::LearnedCaptionParser::kName;
    LlmOptions llm;
    std::optional<double> threshold; ///< %
    std::optional<double> strongThreshold;
    std::optional<double> retentionLimit; ///< points
    RetentionOption retention;
    TrainOptions train;
};

using Work = std::function<int(const Project&, const Options&, Console&)>;

/// A verb that works on one existing project.
CLI::App* addVerb(CLI::App& program, RunCommand& run, const std::shared_ptr<Options>& options,
                  const char* name, const char* description, Work work)
{
    CLI::App* verb = program.add_subcommand(name, description);
    verb->add_option("--project", options->project, "Project folder")->required();
    verb->callback([options, work = std::move(work), &run] {
        run = [options, work] {
            Console console;
            return work(Project::open(QString::fromStdString(options->project)), *options, console);
        };
    });
    return verb;
}

void sayProblems(Console& console, const QList<ImportProblem>& problems)
{
    for (const ImportProblem& problem : problems) {
        console.say(QStringLiteral("  %1: %2").arg(problem.where, problem.message));
    }
}

db::Run newestDoneRun(const Project& project)
{
    const db::Database database(project.databaseFile());
    const auto run = newestRun(project, database);
    if (!run) {
        throw model::Error("the project has no finished run with its present model yet; run "
                           "\"tagalign train\" first");
    }
    return *run;
}

int importVerb(const Project& project, const Options& options, Console& console)
{
    const ImportSummary summary =
        importPairs(project, QString::fromStdString(options.source), console);
    sayProblems(console, summary.problems);
    print(summary.sentence());
    return kDone;
}

int tagsVerb(const Project& project, const Options& options, Console& console)
{
    if (options.parser == kLlmParser) {
        return readTagsWithLlm(project, options.llm, console);
    }
    const auto readers = parsersWithEnglish(QString::fromStdString(options.parser));
    print(readTags(project, readers, console).sentence());
    return kDone;
}

int encodeVerb(const Project& project, const Options& options, Console& console)
{
    if (!options.model.empty()) {
        chooseCheckpoint(project, QString::fromStdString(options.model));
    }
    const EncodeSummary summary = encodeProject(project, console);
    sayProblems(console, summary.problems);
    print(summary.sentence());
    return kDone;
}

/// The newest run that did not end.
db::Run unfinishedRun(const Project& project)
{
    const db::Database database(project.databaseFile());
    closeAbandonedRuns(project, database);
    for (const db::Run& run : db::RunRepository(database.connection()).runs()) {
        if (run.status == db::RunStatus::Cancelled || run.status == db::RunStatus::Failed) {
            return run;
        }
    }
    throw model::Error("the project has no run to go on with; leave --resume out");
}

int trainVerb(const Project& project, const Options& options, Console& console)
{
    const auto onEpoch = [&console](const model::pipeline::TrainEvent& event) {
        const auto& end = *event.epochEnded;
        console.say(QStringLiteral("epoch %1: loss %2, validation loss %3, tag mAP %4%5")
                        .arg(event.epoch)
                        .arg(end.train.total, 0, 'f', 4)
                        .arg(end.validation.total, 0, 'f', 4)
                        .arg(end.validationTagMap, 0, 'f', 4)
                        .arg(end.isBest ? QStringLiteral(" (best)") : QString()));
    };
    const db::Run run =
        options.resume
            ? resumeRun(project, unfinishedRun(project), console, onEpoch)
            : trainProject(project, options.train.settingsFor(project), console, onEpoch);
    print(QStringLiteral("Run %1: %2").arg(run.folder, run.message));
    print(headFile(project, run));
    return kDone;
}

QJsonArray toJson(const QList<db::Metric>& metrics)
{
    QJsonArray figures;
    for (const db::Metric& metric : metrics) {
        if (!metric.tag) {
            figures.append(QJsonObject{{"metric", metric.name},
                                       {"kind", metric.kind},
                                       {"before", metric.before},
                                       {"after", metric.after},
                                       {"low", metric.low},
                                       {"high", metric.high},
                                       {"count", metric.count}});
        }
    }
    return figures;
}

int evaluateVerb(const Project& project, const Options& options, Console& console)
{
    options.retention.keep(project);
    const db::Run run = newestDoneRun(project);
    const EvaluationSummary summary = evaluateRun(project, run, console);
    if (options.asJson) {
        printJson(QJsonObject{{"run", run.folder},
                              {"metrics", toJson(summary.metrics)},
                              {"cautions", QJsonArray::fromStringList(summary.cautions)},
                              {"fairness", toJson(summary.fairness)}});
        return kDone;
    }
    for (const QString& caution : summary.cautions) {
        console.say(caution);
    }
    print(metricTable(summary.metrics));
    print(fairnessText(summary.fairness));
    return kDone;
}

/// What is given on the line holds from now on.
void keepThresholds(const Project& project, const Options& options)
{
    db::Database database(project.databaseFile());
    model::eval::GoNoGoSettings settings = decisionSettings(database);
    settings.threshold = options.threshold.value_or(settings.threshold * 100.0) / 100.0;
    settings.strongThreshold =
        options.strongThreshold.value_or(settings.strongThreshold * 100.0) / 100.0;
    settings.retentionLimit =
        options.retentionLimit.value_or(settings.retentionLimit * 100.0) / 100.0;
    if (settings.strongThreshold < settings.threshold) {
        throw model::Error("--strong must be at least --threshold; give both");
    }
    setDecisionSettings(database, settings);
}

int reportVerb(const Project& project, const Options& options, Console& console)
{
    keepThresholds(project, options);
    const db::Run run = newestDoneRun(project);
    const Report report = writeReport(project, run, {}, console);
    if (options.asJson) {
        const db::Database database(project.databaseFile());
        const EvaluationDetails details = loadEvaluation(project, run);
        printJson(QJsonObject{
            {"run", run.folder},
            {"decision", report.decision},
            {"no_go", report.isNoGo},
            {"report", report.file},
            {"metrics", toJson(db::RunRepository(database.connection()).metricsOf(run.id))},
            {"cautions", QJsonArray::fromStringList(details.cautions)},
            {"fairness", toJson(details.fairness)}});
    } else {
        print(report.table);
        print(report.decision);
        print(report.file);
    }
    return report.isNoGo ? kNoGo : kDone;
}

QJsonObject runJson(const db::Run& run, const QList<db::Metric>& metrics)
{
    const RunModel model = modelOf(run.snapshot);
    return {{"run", run.folder},
            {"model", model.title},
            {"model_fingerprint", model.fingerprint},
            {"head", run.name},
            {"status", db::statusName(run.status)},
            {"started", run.startedAt},
            {"finished", run.finishedAt},
            {"settings", QJsonDocument::fromJson(run.settings.toUtf8()).object()},
            {"data", QJsonDocument::fromJson(run.snapshot.toUtf8()).object()},
            {"message", run.message},
            {"metrics", toJson(metrics)}};
}

int runsVerb(const Project& project, const Options& options, Console& console)
{
    const db::Database database(project.databaseFile());
    const db::RunRepository runs(database.connection());
    QJsonArray all;
    for (const db::Run& run : runs.runs()) {
        const QList<db::Metric> metrics = runs.metricsOf(run.id);
        all.append(runJson(run, metrics));
        if (!options.asJson) {
            print(QStringLiteral("Run %1: %2 on %3, %4 %5")
                      .arg(run.folder, run.name, modelOf(run.snapshot).title,
                           db::statusName(run.status), run.message));
            print(metricTable(metrics));
        }
    }
    if (options.asJson) {
        print(QString::fromUtf8(QJsonDocument(all).toJson(QJsonDocument::Indented)));
    } else if (all.isEmpty()) {
        console.say(QStringLiteral("The project has no run yet; \"tagalign train\" makes one."));
    }
    return kDone;
}

QJsonObject toJson(const std::optional<db::Metric>& metric)
{
    return metric ? QJsonObject{{"before", metric->before},
                                {"after", metric->after},
                                {"low", metric->low},
                                {"high", metric->high}}
                  : QJsonObject();
}

int ablateVerb(const Project& project, const Options& options, Console& console)
{
    const auto study = *ablationNamed(QString::fromStdString(options.study));
    const auto base = options.train.settingsFor(project);
    const auto rowsNow = [&] {
        return ablationRows(project, db::Database(project.databaseFile()), study, base);
    };
    for (const AblationRow& row : rowsNow()) {
        console.say(row.variant.title);
        (void)runVariant(project, row.variant, console);
    }
    QJsonArray all;
    for (const AblationRow& row : rowsNow()) {
        all.append(QJsonObject{{"variant", row.variant.title},
                               {"run", row.run ? row.run->folder : QString()},
                               {"objects", toJson(row.objects)},
                               {"attributes", toJson(row.attributes)}});
        if (!options.asJson) {
            QList<db::Metric> metrics;
            for (const auto& metric : {row.objects, row.attributes}) {
                if (metric) {
                    metrics.append(*metric);
                }
            }
            print(row.variant.title);
            print(metricTable(metrics));
        }
    }
    if (options.asJson) {
        print(QString::fromUtf8(QJsonDocument(all).toJson(QJsonDocument::Indented)));
    }
    return kDone;
}

int searchVerb(const Project& project, const Options& options, Console&)
{
    for (const FoundImage& hit :
         searchImages(project, QString::fromStdString(options.query), options.limit)) {
        print(QStringLiteral("%1  %2").arg(hit.score, 0, 'f', 4).arg(hit.path));
    }
    return kDone;
}

} // namespace

void addProjectCommands(CLI::App& program, RunCommand& run)
{
    auto options = std::make_shared<Options>();
    CLI::App* create = program.add_subcommand("new", "Make an empty project");
    create->add_option("PROJECT", options->project, "Folder, by custom NAME.tagalign")->required();
    create->callback([options, &run] {
        run = [options] {
            const Project project = Project::openOrCreate(QString::fromStdString(options->project));
            const db::Database database(project.databaseFile());
            print(project.folder());
            return kDone;
        };
    });

    CLI::App* import = addVerb(program, run, options, "import",
                               "Read image-caption pairs into a project", importVerb);
    import->add_option("SOURCE", options->source, "Folder or file with pairs")->required();
    CLI::App* tags =
        addVerb(program, run, options, "tags", "Read tags out of the captions", tagsVerb);
    tags->add_option("--parser", options->parser,
                     "For English: \"learned\", \"rules\", or \"llm\": a language model")
        ->check(CLI::IsMember({model::tags::LearnedCaptionParser::kName,
                               model::tags::RuleCaptionParser::kName, kLlmParser}))
        ->capture_default_str();
    options->llm.addTo(*tags);
    addVerb(program, run, options, "encode", "Compute the images' features", encodeVerb)
        ->add_option("--model", options->model,
                     "Folder of a CLIP or SigLIP checkpoint, or an installed model's name");
    CLI::App* train = addVerb(program, run, options, "train", "Fine-tune a head", trainVerb);
    train->add_flag("--resume", options->resume,
                    "Go on with the newest run that did not end, with its settings and data");
    options->train.addTo(*train);
    auto ablation = std::make_shared<Options>(); // a verb's options know their verb
    CLI::App* ablate = addVerb(program, run, ablation, "ablate",
                               "Train without some of the tags and compare", ablateVerb);
    ablate->add_option("--study", ablation->study, "What is varied: kinds, tags or confidence")
        ->check(CLI::IsMember({"kinds", "tags", "confidence"}))
        ->capture_default_str();
    ablate->add_flag("--json", ablation->asJson, "Print a JSON list");
    ablation->train.addTo(*ablate);
    CLI::App* evaluate = program.add_subcommand(
        "evaluate", "Score the newest run on the test images, or segment pictures with masks");
    addSegmentationForm(*evaluate, run, options->project, options->asJson, [options] {
        Console console;
        return evaluateVerb(Project::open(QString::fromStdString(options->project)), *options,
                            console);
    });
    options->retention.addTo(*evaluate)->excludes(evaluate->get_option("--segmentation"));
    CLI::App* report =
        addVerb(program, run, options, "report", "Write the newest run's report", reportVerb);
    report
        ->add_option("--threshold", options->threshold,
                     "Go from this improvement on, in % (10 unless the project has another)")
        ->check(CLI::Range(0.1, 1000.0));
    report->add_option("--strong", options->strongThreshold, "Strong go from there on, in % (20)")
        ->check(CLI::Range(0.1, 1000.0));
    report
        ->add_option("--retention-limit", options->retentionLimit,
                     "Greatest loss on tags outside the pilot that a go bears, in points (2)")
        ->check(CLI::Range(0.0, 100.0));
    report->add_flag("--json", options->asJson, "Print a JSON object");
    addVerb(program, run, options, "runs", "List the runs with their models and figures", runsVerb)
        ->add_flag("--json", options->asJson, "Print a JSON list");
    CLI::App* search =
        addVerb(program, run, options, "search", "Find images by a prompt", searchVerb);
    search->add_option("QUERY", options->query, "What to look for")->required();
    search->add_option("--limit", options->limit, "Images to list")->capture_default_str();
}

} // namespace tagalign::app
