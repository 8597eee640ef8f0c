#include "app/jobs/TagJob.h"

#include "app/jobs/CaptionParsers.h"
#include "app/jobs/Splits.h"
#include "app/jobs/TranslateJob.h"
#include "app/jobs/VocabularySettings.h"
#include "db/ImageRepository.h"
#include "db/TagRepository.h"
#include "model/Error.h"
#include "model/tags/CaptionLanguage.h"

#include <QCoreApplication>
#include <QElapsedTimer>

#include <algorithm>

namespace tagalign::app {

namespace {

constexpr qsizetype kBatch = 200; ///< captions stored together

db::NewParse parseOf(const model::tags::CaptionParser& parser, const db::Caption& caption)
{
    QElapsedTimer timer;
    timer.start();
    const auto parsed = parser.parse(caption.text.toStdString());
    db::NewParse row{.caption = caption.id,
                     .image = caption.image,
                     .parser = QString::fromStdString(parser.name()),
                     .parserVersion = QString::fromStdString(parser.version()),
                     .milliseconds = double(timer.nsecsElapsed()) / 1e6};
    for (const auto& tag : parsed.tags) {
        row.candidates.append(candidateOf(tag));
    }
    return row;
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
    const QString english = parsersByLanguage().front().parser;
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

/// Reads the open captions of one language; returns how many.
int readLanguage(const ParserOfLanguage& reader, CaptionParsers& parsers, db::TagRepository& tags,
                 JobContext& context)
{
    const QList<db::Caption> captions =
        tags.unparsedCaptionsIn(reader.language, reader.parser, reader.version);
    if (captions.isEmpty()) {
        return 0;
    }
    const model::tags::CaptionParser& parser = parsers.of(reader.language);
    for (qsizetype begin = 0; begin < captions.size(); begin += kBatch) {
        context.step({begin, captions.size(), QStringLiteral("Reading tags out of captions")});
        QList<db::NewParse> batch;
        for (const db::Caption& caption : captions.mid(begin, kBatch)) {
            batch.append(parseOf(parser, caption));
        }
        tags.addParses(batch);
    }
    return int(captions.size());
}

} // namespace

db::NewCandidate candidateOf(const model::tags::ParsedTag& tag)
{
    return {.kind = tag.kind == model::tags::TagKind::Object ? db::TagKind::Object
                                                             : db::TagKind::Attribute,
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
    QElapsedTimer timer;
    timer.start();
    context.report({0, 0, QStringLiteral("Loading the dictionary")});
    db::Database database(project.databaseFile());
    assignSplits(database); // an import that was killed did not come to it
    db::TagRepository tags(database.connection());
    tellLanguages(database, context);
    CaptionParsers parsers;
    TagSummary summary;
    for (const ParserOfLanguage& reader : parsersByLanguage()) {
        try {
            summary.captions += readLanguage(reader, parsers, tags, context);
        } catch (const model::Cancelled&) {
            throw;
        } catch (const model::Error& error) { // its dictionary is missing; the others go on
            summary.problems.append(
                QCoreApplication::translate("Tags", "Captions in \"%1\" were not read: %2.")
                    .arg(reader.language, QString::fromUtf8(error.what())));
        }
    }
    const TranslateSummary translated = translateTags(database);
    if (!translated.problem.isEmpty()) {
        summary.problems.append(translated.problem);
    }
    summary.tagsEnabled = enableFrequentTags(database);
    summary.tagsFound = int(tags.tags().size());
    summary.seconds = double(timer.elapsed()) / 1000.0;
    context.report({summary.captions, summary.captions, summary.sentence()});
    return summary;
}

bool hasUnreadCaptions(const db::Database& database)
{
    const db::TagRepository tags(database.connection());
    const auto isOpen = [&tags](const ParserOfLanguage& reader) {
        return !tags.unparsedCaptionsIn(reader.language, reader.parser, reader.version).isEmpty();
    };
    const auto& readers = parsersByLanguage();
    return !areLanguagesTold(database) || std::any_of(readers.begin(), readers.end(), isOpen);
}

} // namespace tagalign::app
