#include "app/jobs/ParserRunJob.h"

#include "app/Error.h"
#include "app/User.h"
#include "app/jobs/CaptionParsers.h"
#include "app/llm/LlmTagJob.h"
#include "db/ModelAnswerRepository.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>

#include <algorithm>
#include <optional>

namespace tagalign::app {

namespace {

/// Nothing if this program has no such parser.
std::optional<ParserOfLanguage> readerOf(const db::ParserRun& run)
{
    for (const QString& english : englishParsers()) {
        for (const ParserOfLanguage& reader : parsersWithEnglish(english)) {
            if (reader.parser == run.parser && reader.version == run.parserVersion) {
                return reader;
            }
        }
    }
    return std::nullopt;
}

model::Error noReaderError(const db::ParserRun& run)
{
    return errorOf(isOfLanguageModel(run)
                       ? QStringLiteral("run %1 is a language model's (%2); start it where its "
                                        "cost is shown")
                             .arg(qint64(run.id))
                             .arg(run.parserVersion)
                       : QStringLiteral("run %1 was read by %2, which this program does not read "
                                        "with any more; its tags stay as they are")
                             .arg(qint64(run.id))
                             .arg(nameOf(run)));
}

} // namespace

QString parserName(const QString& parser, const QString& version, const QString& promptVersion)
{
    const QString name = parser + QLatin1Char(' ') + version;
    return promptVersion.isEmpty() ? name
                                   : QCoreApplication::translate("ParserRuns", "%1 (prompt %2)")
                                         .arg(name, promptVersion.left(6));
}

QString nameOf(const db::ParserRun& run)
{
    return parserName(run.parser, run.parserVersion, run.promptVersion);
}

QString localTime(const QString& utc)
{
    const QDateTime time = QDateTime::fromString(utc, Qt::ISODateWithMs).toLocalTime();
    return QLocale().toString(time.date(), QLocale::ShortFormat) +
           time.toString(QStringLiteral(" HH:mm"));
}

bool isOfLanguageModel(const db::ParserRun& run)
{
    return run.parser == QLatin1String(kLlmParser);
}

bool isBuiltIn(const db::ParserRun& run)
{
    return readerOf(run).has_value();
}

db::ParserRun parserRun(const db::Database& database, db::ParserRunId id)
{
    const auto run = db::ParserRunRepository(database.connection()).run(id);
    if (!run) {
        throw errorOf(QStringLiteral("there is no run %1 of a parser; list them to see which "
                                     "there are")
                          .arg(qint64(id)));
    }
    return *run;
}

LlmPrompt promptOf(const db::Database& database, const db::ParserRun& run)
{
    LlmPrompt prompt = LlmPrompt::of(
        db::ModelAnswerRepository(database.connection()).promptText(run.promptVersion));
    if (prompt.version != run.promptVersion) {
        throw errorOf(QStringLiteral("run %1 was asked for answers in another form than this "
                                     "program reads; start a new run with the same prompt")
                          .arg(qint64(run.id)));
    }
    return prompt;
}

QString revertRun(const db::Database& database, db::ParserRunId id)
{
    const db::ParserRun run = parserRun(database, id);
    const auto taken = db::ParserRunRepository(database.connection()).revert(id, userName());
    (void)enableFrequentTags(database);
    return QCoreApplication::translate(
               "ParserRuns", "Run %1 (%2) was reverted: %3 tags taken back, %4 that somebody has "
                             "judged kept.")
        .arg(qint64(id))
        .arg(nameOf(run))
        .arg(taken.removed)
        .arg(taken.kept);
}

TagSummary runAgain(const Project& project, db::ParserRunId id, Reading reading,
                    JobContext& context)
{
    const db::Database database(project.databaseFile());
    const db::ParserRun run = parserRun(database, id);
    const auto reader = readerOf(run);
    if (!reader) {
        throw noReaderError(run);
    }
    (void)CaptionParsers().named(reader->parser); // before anything is taken back for it
    db::ParserRunRepository runs(database.connection());
    runs.start(run.parser, run.parserVersion, run.promptVersion, userName());
    if (reading == Reading::All) {
        runs.prepareToReadAgain(id, userName());
    }
    return readTags(project, {*reader}, context);
}

} // namespace tagalign::app
