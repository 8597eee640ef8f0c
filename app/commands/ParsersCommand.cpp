#include "app/commands/Commands.h"
#include "app/commands/Console.h"
#include "app/commands/LlmTags.h"
#include "app/jobs/ParserComparison.h"
#include "app/jobs/ParserRunJob.h"
#include "db/TagRepository.h"

#include <CLI/CLI.hpp>

#include <QJsonArray>
#include <QJsonDocument>

#include <memory>
#include <optional>

namespace tagalign::app {

namespace {

struct Options
{
    std::string project;
    std::vector<qint64> compared;
    std::optional<qint64> reverted;
    std::optional<qint64> again;
    bool all = false;
    bool asJson = false;
    bool yes = false;
};

QJsonObject jsonOf(const ParserPrecision& precision)
{
    QJsonObject json{
        {"tags", precision.pairs}, {"judged", precision.judged}, {"accepted", precision.accepted}};
    if (precision.judged > 0) {
        json.insert("precision", precision.share);
        json.insert("low", precision.interval.low);
        json.insert("high", precision.interval.high);
    }
    return json;
}

QJsonObject jsonOf(const db::ParserRun& run)
{
    QJsonObject json{{"id", qint64(run.id)},         {"parser", run.parser},
                     {"version", run.parserVersion}, {"prompt", run.promptVersion},
                     {"started", run.startedAt},     {"finished", run.finishedAt},
                     {"reverted", run.revertedAt},   {"captions", run.captions},
                     {"images", run.images},         {"rejected", run.rejected}};
    const QJsonObject precision = jsonOf(precisionOf(run));
    for (auto figure = precision.begin(); figure != precision.end(); ++figure) {
        json.insert(figure.key(), figure.value());
    }
    return json;
}

QString stateOf(const db::ParserRun& run)
{
    return run.isReverted()            ? QStringLiteral("reverted %1").arg(run.revertedAt)
           : !run.finishedAt.isEmpty() ? QStringLiteral("read %1").arg(run.finishedAt)
           : run.startedAt.isEmpty()   ? QStringLiteral("read before runs were kept")
                                       : QStringLiteral("not read to its end");
}

int list(const db::Database& database, const Options& options, Console& console)
{
    QJsonArray all;
    for (const db::ParserRun& run : db::ParserRunRepository(database.connection()).runs()) {
        all.append(jsonOf(run));
        if (!options.asJson) {
            print(QStringLiteral("%1  %2  %3 captions, %4 tags on %5 images; right: %6; %7")
                      .arg(QString::number(qint64(run.id)).rightJustified(3),
                           nameOf(run).leftJustified(32), QString::number(run.captions),
                           QString::number(run.tags), QString::number(run.images),
                           precisionText(precisionOf(run)), stateOf(run)));
        }
    }
    if (options.asJson) {
        print(QString::fromUtf8(QJsonDocument(all).toJson(QJsonDocument::Indented)));
    } else if (all.isEmpty()) {
        console.say(QStringLiteral("No parser has read this project's captions yet; \"tagalign "
                                   "tags\" does."));
    }
    return kDone;
}

QJsonObject jsonOf(const KindComparison& kind)
{
    return {{"both", kind.both.pairs},
            {"only_first", kind.onlyFirst.pairs},
            {"only_second", kind.onlySecond.pairs},
            {"jaccard", kind.jaccard()},
            {"first", jsonOf(kind.first())},
            {"second", jsonOf(kind.second())}};
}

QJsonObject jsonOf(const ParserComparison& comparison)
{
    QJsonArray tags;
    for (const db::TagOverlap& tag : comparison.foundByOne) {
        tags.append(QJsonObject{{"kind", db::kindName(tag.kind)},
                                {"tag", tag.display},
                                {"both", tag.both.pairs},
                                {"only_first", tag.onlyFirst.pairs},
                                {"only_second", tag.onlySecond.pairs}});
    }
    return {{"first", jsonOf(comparison.first)},
            {"second", jsonOf(comparison.second)},
            {"captions", comparison.captions},
            {"objects", jsonOf(comparison.objects)},
            {"attributes", jsonOf(comparison.attributes)},
            {"all", jsonOf(comparison.all)},
            {"found_by_one", tags},
            {"answer", QJsonArray::fromStringList(comparison.answer())}};
}

void printKind(const QString& name, const KindComparison& kind)
{
    print(QStringLiteral("%1 both %2, only the first %3, only the second %4, agreement %5 %")
              .arg(name.leftJustified(11), QString::number(kind.both.pairs),
                   QString::number(kind.onlyFirst.pairs), QString::number(kind.onlySecond.pairs),
                   QString::number(kind.jaccard() * 100.0, 'f', 1)));
}

int compare(const db::Database& database, const Options& options)
{
    constexpr qsizetype kShown = 20;
    const ParserComparison comparison = compareRuns(
        database, db::ParserRunId{options.compared.at(0)}, db::ParserRunId{options.compared.at(1)});
    if (options.asJson) {
        printJson(jsonOf(comparison));
        return kDone;
    }
    print(QStringLiteral("First: %1. Second: %2. Captions that both have read: %3.")
              .arg(nameOf(comparison.first), nameOf(comparison.second),
                   QString::number(comparison.captions)));
    printKind(QStringLiteral("objects"), comparison.objects);
    printKind(QStringLiteral("attributes"), comparison.attributes);
    printKind(QStringLiteral("all"), comparison.all);
    for (const db::TagOverlap& tag : comparison.foundByOne.mid(0, kShown)) {
        print(QStringLiteral("  %1 only the first %2, only the second %3")
                  .arg(tag.display.leftJustified(24), QString::number(tag.onlyFirst.pairs),
                       QString::number(tag.onlySecond.pairs)));
    }
    if (comparison.foundByOne.size() > kShown) {
        print(QStringLiteral("  and %1 more tags (--json lists them all)")
                  .arg(comparison.foundByOne.size() - kShown));
    }
    for (const QString& sentence : comparison.answer()) {
        print(sentence);
    }
    return kDone;
}

/// A language model's run: what would be sent is said first, as "tagalign tags" does.
int askAgain(const Project& project, const db::ParserRun& run, const Options& options,
             Console& console)
{
    LlmOptions llm;
    llm.model = run.parserVersion.toStdString();
    llm.promptText = promptOf(db::Database(project.databaseFile()), run).text.toStdString();
    llm.yes = options.yes;
    llm.json = options.asJson;
    llm.readAll = options.all;
    return readTagsWithLlm(project, llm, console);
}

int again(const Project& project, const db::ParserRun& run, const Options& options,
          Console& console)
{
    if (isOfLanguageModel(run)) {
        return askAgain(project, run, options, console);
    }
    const TagSummary summary =
        runAgain(project, run.id, options.all ? Reading::All : Reading::Unread, console);
    if (options.asJson) {
        printJson(jsonOf(parserRun(db::Database(project.databaseFile()), run.id)));
    } else {
        print(summary.sentence());
    }
    return kDone;
}

int runParsers(const Options& options, Console& console)
{
    const Project project = Project::open(QString::fromStdString(options.project));
    const db::Database database(project.databaseFile());
    if (!options.compared.empty()) {
        return compare(database, options);
    }
    if (options.reverted) {
        const db::ParserRunId id{*options.reverted};
        const QString done = revertRun(database, id);
        options.asJson ? printJson(jsonOf(parserRun(database, id))) : print(done);
        return kDone;
    }
    return options.again ? again(project, parserRun(database, db::ParserRunId{*options.again}),
                                 options, console)
                         : list(database, options, console);
}

} // namespace

void addParsersCommand(CLI::App& program, RunCommand& run)
{
    auto options = std::make_shared<Options>();
    CLI::App* verb = program.add_subcommand(
        "parsers", "List, compare, revert and repeat what parsers have read");
    verb->add_option("--project,PROJECT", options->project, "Project folder")->required();
    CLI::Option* compared = verb->add_option("--compare", options->compared,
                                             "Two runs side by side: agreement, and which to trust")
                                ->expected(2)
                                ->type_name("RUN RUN");
    CLI::Option* reverted =
        verb->add_option("--revert", options->reverted,
                         "Take a run's tags back but for those that somebody has judged")
            ->type_name("RUN")
            ->excludes(compared);
    CLI::Option* again =
        verb->add_option("--again", options->again,
                         "Read what the run has not read yet, or all that was reverted")
            ->type_name("RUN")
            ->excludes(compared, reverted);
    verb->add_flag("--all", options->all, "With --again: what it has read as well")->needs(again);
    verb->add_flag("--yes", options->yes, "With --again: let a language model read without asking")
        ->needs(again);
    verb->add_flag("--json", options->asJson, "Print the result as JSON");
    verb->callback([options, &run] {
        run = [options] {
            Console console;
            return runParsers(*options, console);
        };
    });
}

} // namespace tagalign::app
