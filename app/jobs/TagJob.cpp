#include "app/jobs/TagJob.h"

#include "app/jobs/Splits.h"
#include "db/ImageRepository.h"
#include "db/TagRepository.h"
#include "model/tags/RuleCaptionParser.h"

#include <QCoreApplication>
#include <QElapsedTimer>

namespace tagalign::app {

namespace {

constexpr qsizetype kBatch = 200; ///< captions stored together
constexpr int kSmallProject = 50; ///< images: below, every tag is worth keeping
constexpr int kFrequent = 3;      ///< images

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
    const int images = db::ImageRepository(database.connection()).counts().images;
    return db::TagRepository(database.connection())
        .enableFrequent(images < kSmallProject ? 1 : kFrequent);
}

QString TagSummary::sentence() const
{
    return QCoreApplication::translate(
               "Tags", "%1 captions read in %2 s: %3 tags, %4 of them frequent enough to use.")
        .arg(captions)
        .arg(seconds, 0, 'f', 1)
        .arg(tagsFound)
        .arg(tagsEnabled);
}

TagSummary extractTags(const Project& project, JobContext& context)
{
    QElapsedTimer timer;
    timer.start();
    context.report({0, 0, QStringLiteral("Loading the dictionary")});
    const model::tags::RuleCaptionParser parser{model::tags::WordNet()};
    const db::Database database(project.databaseFile());
    assignSplits(database); // an import that was killed did not come to it
    db::TagRepository tags(database.connection());
    const QList<db::Caption> captions = tags.unparsedCaptions(
        QString::fromStdString(parser.name()), QString::fromStdString(parser.version()));
    for (qsizetype begin = 0; begin < captions.size(); begin += kBatch) {
        context.step({begin, captions.size(), QStringLiteral("Reading tags out of captions")});
        QList<db::NewParse> batch;
        for (const db::Caption& caption : captions.mid(begin, kBatch)) {
            batch.append(parseOf(parser, caption));
        }
        tags.addParses(batch);
    }
    TagSummary summary{.captions = int(captions.size())};
    summary.tagsEnabled = enableFrequentTags(database);
    summary.tagsFound = int(tags.tags().size());
    summary.seconds = double(timer.elapsed()) / 1000.0;
    context.report({captions.size(), captions.size(), summary.sentence()});
    return summary;
}

bool hasUnreadCaptions(const db::Database& database)
{
    using Parser = model::tags::RuleCaptionParser;
    return !db::TagRepository(database.connection())
                .unparsedCaptions(QLatin1String(Parser::kName), QLatin1String(Parser::kVersion))
                .isEmpty();
}

} // namespace tagalign::app
