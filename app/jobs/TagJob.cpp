#include "app/jobs/TagJob.h"

#include "app/User.h"
#include "app/jobs/CaptionParsers.h"
#include "app/jobs/Splits.h"
#include "app/jobs/TagKinds.h"
#include "app/jobs/TranslateJob.h"
#include "app/jobs/VocabularySettings.h"
#include "db/ImageRepository.h"
#include "db/ParserRunRepository.h"
#include "db/TagRepository.h"
#include "model/Error.h"
#include "model/tags/CaptionLanguage.h"
#include "model/tags/RuleCaptionParser.h"

#include <QCoreApplication>
#include <QElapsedTimer>

#include <algorithm>
#include <future>

namespace tagalign::app {

namespace {

constexpr int kBatch = 300; ///< captions read and stored together

/// Each parse is said to have taken its share of the batch's time.
QList<db::NewParse> parsesOf(const model::tags::CaptionParser& parser,
                             const QList<db::Caption>& captions)
{
    std::vector<std::string> texts;
    for (const db::Caption& caption : captions) {
        texts.push_back(caption.text.toStdString());
    }
    QElapsedTimer timer;
    timer.start();
    const auto parsed = parser.parseAll(texts);
    const double milliseconds =
        double(timer.nsecsElapsed()) / 1e6 / double(std::max<std::size_t>(1, parsed.size()));
    QList<db::NewParse> rows;
    for (qsizetype i = 0; i < captions.size(); ++i) {
        db::NewParse row{.caption = captions[i].id,
                         .image = captions[i].image,
                         .parser = QString::fromStdString(parser.name()),
                         .parserVersion = QString::fromStdString(parser.version()),
                         .milliseconds = milliseconds};
        for (const auto& tag : parsed[std::size_t(i)].tags) {
            row.candidates.append(candidateOf(tag));
        }
        for (const auto& absence : parsed[std::size_t(i)].absences) {
            row.absences.append({QString::fromStdString(absence.lemma),
                                 QString::fromStdString(absence.display), int(absence.span.start),
                                 int(absence.span.length)});
        }
        rows.append(row);
    }
    return rows;
}

const QString kLanguagesTold = QStringLiteral("caption_languages_told");

bool areLanguagesTold(const db::Database& database)
{
    return !database.setting(kLanguagesTold).isEmpty() ||
           db::ImageRepository(database.connection()).counts().captions == 0;
}

/// Until version 2 of the schema every caption was stored, and read, as English.
void tellLanguages(db::Database& database, JobContext& context)
{
    if (areLanguagesTold(database)) {
        return;
    }
    context.report({0, 0, QStringLiteral("Telling the captions' languages")});
    db::TagRepository tags(database.connection());
    const QLatin1String english(model::tags::RuleCaptionParser::kName); // it read all of them
    const auto captions = db::ImageRepository(database.connection()).captionsByImage();
    QHash<QString, QList<db::CaptionId>> changed;
    for (const QList<db::Caption>& ofImage : captions) {
        for (const db::Caption& caption : ofImage) {
            const auto language =
                QString::fromLatin1(model::tags::captionLanguage(caption.text.toStdString()));
            if (caption.language != language) {
                changed[language].append(caption.id);
            }
        }
    }
    for (auto language = changed.cbegin(); language != changed.cend(); ++language) {
        tags.changeLanguage(language.value(), language.key(), english);
    }
    database.setSetting(kLanguagesTold, QStringLiteral("yes"));
}

/// Reads the open captions of one language, a batch while the one before it is stored; returns how
/// many.
int readLanguage(const ParserOfLanguage& reader, CaptionParsers& parsers,
                 const db::Database& database, JobContext& context)
{
    db::TagRepository tags(database.connection());
    const int total = tags.countUnparsedIn(reader.language, reader.parser, reader.version);
    if (total == 0) {
        return 0;
    }
    const model::tags::CaptionParser& parser = parsers.named(reader.parser);
    db::ParserRunRepository runs(database.connection());
    const db::ParserRunId run = runs.start(reader.parser, reader.version, {}, userName());
    db::CaptionId last{};
    const auto begin = [&] {
        const QList<db::Caption> captions =
            tags.unparsedCaptionsIn(reader.language, reader.parser, reader.version, last, kBatch);
        last = captions.isEmpty() ? last : captions.last().id;
        return std::async(std::launch::async,
                          [&parser, captions] { return parsesOf(parser, captions); });
    };
    int done = 0;
    for (auto reading = begin(); done < total;) {
        context.step({done, total, QStringLiteral("Reading tags out of captions")});
        const QList<db::NewParse> parses = reading.get();
        if (parses.isEmpty()) {
            break; // somebody else has read them
        }
        reading = begin();
        tags.addParses(parses);
        done += int(parses.size());
    }
    runs.finish(run);
    return done;
}

/// The run was reverted by a person, so that a person is to run it again.
bool isReverted(const db::Database& database, const ParserOfLanguage& reader)
{
    return db::ParserRunRepository(database.connection()).isReverted(reader.parser, reader.version);
}

int unreadCaptions(const db::Database& database, const ParserOfLanguage& reader)
{
    return db::TagRepository(database.connection())
        .countUnparsedIn(reader.language, reader.parser, reader.version);
}

QString leftUnread(const ParserOfLanguage& reader, int captions)
{
    return QCoreApplication::translate(
               "Tags", "%1 captions were not read: the run of %2 %3 was reverted. Run it again "
                       "(Parser runs, or \"tagalign parsers\").")
        .arg(captions)
        .arg(reader.parser, reader.version);
}

/// Each language by its parser; what is missing for one is told, and the others go on.
TagSummary readLanguages(const std::vector<ParserOfLanguage>& readers, const db::Database& database,
                         JobContext& context)
{
    CaptionParsers parsers;
    TagSummary summary;
    for (const ParserOfLanguage& reader : readers) {
        if (isReverted(database, reader)) {
            const int left = unreadCaptions(database, reader);
            summary.problems += left > 0 ? QStringList{leftUnread(reader, left)} : QStringList();
            summary.leftUnread += left;
            continue;
        }
        try {
            summary.captions += readLanguage(reader, parsers, database, context);
        } catch (const model::Cancelled&) {
            throw;
        } catch (const model::Error& error) {
            summary.problems.append(
                QCoreApplication::translate("Tags", "Captions in \"%1\" were not read: %2.")
                    .arg(reader.language, QString::fromUtf8(error.what())));
        }
    }
    return summary;
}

} // namespace

db::NewCandidate candidateOf(const model::tags::ParsedTag& tag)
{
    return {.kind = storedKind(tag.kind),
            .lemma = QString::fromStdString(tag.lemma),
            .display = QString::fromStdString(tag.display),
            .spanStart = int(tag.span.start),
            .spanLength = int(tag.span.length),
            .owner = tag.owner ? int(*tag.owner) : -1,
            .confidence = double(tag.confidence),
            .inferred = tag.inferred};
}

int enableFrequentTags(const db::Database& database)
{
    guessClasses(database);
    return db::TagRepository(database.connection()).enableFrequent(minimumImages(database));
}

QString TagSummary::sentence() const
{
    const QString done =
        QCoreApplication::translate(
            "Tags", "%1 captions read in %2 s: %3 tags, %4 of them frequent enough to use.")
            .arg(captions)
            .arg(seconds, 0, 'f', 1)
            .arg(tagsFound)
            .arg(tagsEnabled);
    return (QStringList{done} + problems).join(QLatin1Char(' '));
}

TagSummary extractTags(const Project& project, JobContext& context)
{
    return readTags(project, parsersByLanguage(), context);
}

TagSummary readTags(const Project& project, const std::vector<ParserOfLanguage>& readers,
                    JobContext& context)
{
    QElapsedTimer timer;
    timer.start();
    context.report({0, 0, QStringLiteral("Loading the dictionary")});
    db::Database database(project.databaseFile());
    assignSplits(database); // an import that was killed did not come to it
    tellLanguages(database, context);
    TagSummary summary;
    try {
        summary = readLanguages(readers, database, context);
    } catch (...) {
        (void)enableFrequentTags(database); // rare tags of what was read are not for verifying yet
        throw;
    }
    const TranslateSummary translated = translateTags(database);
    if (!translated.problem.isEmpty()) {
        summary.problems.append(translated.problem);
    }
    summary.tagsEnabled = enableFrequentTags(database);
    summary.tagsFound = int(db::TagRepository(database.connection()).tags().size());
    summary.seconds = double(timer.elapsed()) / 1000.0;
    context.report({summary.captions, summary.captions, summary.sentence()});
    return summary;
}

bool hasUnreadCaptions(const db::Database& database)
{
    const auto isOpen = [&database](const ParserOfLanguage& reader) {
        return !isReverted(database, reader) && unreadCaptions(database, reader) > 0;
    };
    const auto& readers = parsersByLanguage();
    return !areLanguagesTold(database) || std::any_of(readers.begin(), readers.end(), isOpen);
}

} // namespace tagalign::app
