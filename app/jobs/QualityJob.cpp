#include "app/jobs/QualityJob.h"

#include "app/ModelChoice.h"
#include "app/jobs/PilotSnapshot.h"
#include "app/jobs/TagKinds.h"
#include "app/jobs/VocabularySettings.h"
#include "db/ImageRepository.h"
#include "db/TagRepository.h"
#include "model/pipeline/Encoding.h"
#include "model/pipeline/ImageCheck.h"
#include "model/pipeline/TrainSettings.h"
#include "model/tags/WordNetDepth.h"

#include <QCoreApplication>
#include <QHash>

#include <cmath>

namespace tagalign::app {

namespace {

constexpr qsizetype kBatch = 2000;   ///< margins stored together
constexpr double kSmallMove = 0.002; ///< of a probability: not worth a write
const QString kThreshold = QStringLiteral("confidence_threshold");

/// Of the model and of the sentences it is asked with.
QString keyOf(const Project& project, const db::Database& database)
{
    const std::string templates = promptTemplatesOf(database).toJson();
    const QString key =
        QString::fromStdString(model::pipeline::imageCheckKey(modelFiles(project, database)));
    return templates == "{}" ? key : key + QLatin1Char(' ') + QString::fromStdString(templates);
}

/// Verifying goes on without the model; the tags then have no margin.
QString keyIfThere(const Project& project, const db::Database& database)
{
    try {
        return keyOf(project, database);
    } catch (const model::Error&) {
        return {};
    }
}

bool isOfSeveralWords(const QString& lemma)
{
    return lemma.contains(QLatin1Char(' ')) || lemma.contains(QLatin1Char('_'));
}

/// Without the dictionary no tag has a depth, and the score goes without.
std::optional<model::tags::WordNetDepth> dictionary()
{
    try {
        return model::tags::WordNetDepth();
    } catch (const model::Error&) {
        return std::nullopt;
    }
}

class EvidenceReader
{
public:
    explicit EvidenceReader(const QList<db::PairEvidence>& rows)
    {
        const auto words = dictionary();
        for (const db::PairEvidence& row : rows) {
            if (++m_images[row.tag] == 1 && words) {
                m_depths.insert(row.tag, words->depth(row.text.toStdString()));
            }
        }
    }

    [[nodiscard]] model::tags::QualityPair pairOf(const db::PairEvidence& row) const
    {
        using model::tags::SpanType;
        const bool isJudged = row.state == db::State::Accepted || row.state == db::State::Rejected;
        return {.image = std::uint64_t(row.image),
                .evidence = {.margin = row.margin,
                             .confidence = row.confidence,
                             .captions = row.captions,
                             .parsersFound = row.parsersFound,
                             .parsersRead = row.parsersRead,
                             .images = m_images.value(row.tag),
                             .depth = m_depths.value(row.tag),
                             .span = row.inferred                  ? SpanType::Inferred
                                     : isOfSeveralWords(row.lemma) ? SpanType::MultiWord
                                                                   : SpanType::SingleWord,
                             .kind = modelKind(row.kind)},
                .isRight =
                    isJudged ? std::optional(row.state == db::State::Accepted) : std::nullopt};
    }

private:
    QHash<db::TagId, int> m_images;
    QHash<db::TagId, std::optional<int>> m_depths;
};

/// Pairs that a model is asked about, and whose they are.
struct Work
{
    model::pipeline::PilotData data;
    QList<db::ImageId> images; ///< of data.images
    QList<db::TagId> tags;     ///< of data.tags
    QStringList texts;         ///< of data.tags
};

Work workOf(const Project& project, const db::Database& database,
            const QList<db::PairEvidence>& rows)
{
    Work work;
    const model::tags::PromptTemplates templates = promptTemplatesOf(database);
    QHash<db::TagId, db::Tag> tags;
    for (const db::Tag& tag : db::TagRepository(database.connection()).tags()) {
        tags.insert(tag.id, tag);
    }
    QHash<db::TagId, std::size_t> tagPlaces;
    for (const db::PairEvidence& row : rows) {
        if (!tagPlaces.contains(row.tag)) {
            tagPlaces.insert(row.tag, work.data.tags.size());
            work.tags.append(row.tag);
            work.texts.append(row.text);
            work.data.tags.push_back(pilotTag(tags.value(row.tag), templates));
        }
    }
    QHash<db::ImageId, std::size_t> imagePlaces;
    for (const db::Image& image : db::ImageRepository(database.connection()).images()) {
        imagePlaces.insert(image.id, work.data.images.size());
        work.images.append(image.id);
        work.data.images.push_back({.file = project.absolutePath(image.path).toStdString(),
                                    .contentHash = image.sha256.toStdString()});
    }
    for (const db::PairEvidence& row : rows) {
        work.data.images[imagePlaces.value(row.image)].targets.push_back(
            {.tag = tagPlaces.value(row.tag)});
    }
    return work;
}

/// Leaves out images whose tags all have a margin.
void keepUnchecked(Work& work, const QList<db::PairEvidence>& rows)
{
    QSet<db::ImageId> open;
    for (const db::PairEvidence& row : rows) {
        if (!row.margin) {
            open.insert(row.image);
        }
    }
    for (std::size_t i = 0; i < work.data.images.size(); ++i) {
        if (!open.contains(work.images.at(qsizetype(i)))) {
            work.data.images[i].targets.clear();
        }
    }
}

/// Stores margins a batch at a time, the last ones too when the work is cancelled.
class MarginWriter
{
public:
    MarginWriter(const db::Database& database, const QString& key, const Work& work)
        : m_repository(database.connection()),
          m_key(key),
          m_work(work)
    {
    }

    void add(const model::pipeline::ImageMargins& image)
    {
        const auto& targets = m_work.data.images[image.image].targets;
        for (std::size_t i = 0; i < targets.size(); ++i) {
            if (std::isfinite(image.margins[i])) {
                const auto tag = qsizetype(targets[i].tag);
                m_rows.append({m_work.images.at(qsizetype(image.image)), m_work.tags.at(tag),
                               m_work.texts.at(tag), image.margins[i]});
            }
        }
        if (m_rows.size() >= kBatch) {
            flush();
        }
    }

    void flush()
    {
        m_written += int(m_rows.size());
        m_repository.storeMargins(m_key, m_rows);
        m_rows.clear();
    }

    [[nodiscard]] int written() const { return m_written; }

private:
    db::QualityRepository m_repository;
    QString m_key;
    const Work& m_work;
    QList<db::TagMargin> m_rows;
    int m_written = 0;
};

} // namespace

QString QualitySummary::sentence() const
{
    return QCoreApplication::translate("Quality", "%1 tags compared with their pictures, %2 of %3 "
                                                  "are now.")
        .arg(checked)
        .arg(known)
        .arg(pairs);
}

QualitySummary checkProjectTags(const Project& project, Margins which, JobContext& context)
{
    const db::Database database(project.databaseFile());
    db::QualityRepository quality(database.connection());
    const QString key = keyOf(project, database);
    if (which == Margins::All) {
        quality.forgetMargins();
    } else {
        quality.forgetMarginsBut(key);
    }
    const QList<db::PairEvidence> rows = quality.evidence(key);
    Work work = workOf(project, database, rows);
    keepUnchecked(work, rows);
    MarginWriter writer(database, key, work);
    try {
        model::pipeline::checkTags(
            modelFiles(project, database), work.data,
            [&writer](const model::pipeline::ImageMargins& image) { writer.add(image); },
            context.forModel(QStringLiteral("Checking the tags of")));
    } catch (const model::Cancelled&) {
        writer.flush();
        throw;
    }
    writer.flush();
    const TagQualityState state = refreshTagQuality(project, database);
    QualitySummary summary{.checked = writer.written(), .pairs = int(state.evidence.size())};
    for (const db::PairEvidence& row : state.evidence) {
        summary.known += row.margin ? 1 : 0;
    }
    context.report({summary.pairs, summary.pairs, summary.sentence()});
    return summary;
}

bool isUnchecked(const Project& project, const db::Database& database)
{
    const QList<db::PairEvidence> rows =
        db::QualityRepository(database.connection()).evidence(keyOf(project, database));
    return std::any_of(rows.begin(), rows.end(),
                       [](const db::PairEvidence& row) { return !row.margin; });
}

TagQualityState tagQuality(const Project& project, const db::Database& database,
                           ImageCheck imageCheck)
{
    TagQualityState state;
    state.evidence =
        db::QualityRepository(database.connection()).evidence(keyIfThere(project, database));
    const EvidenceReader reader(state.evidence);
    for (const db::PairEvidence& row : state.evidence) {
        state.pairs.push_back(reader.pairOf(row));
        if (imageCheck == ImageCheck::Without) {
            state.pairs.back().evidence.margin.reset();
        }
    }
    state.check = model::tags::checkQuality(state.pairs);
    return state;
}

QList<DoubtfulVerdict> secondLook(const db::Database& database, const TagQualityState& state,
                                  std::size_t limit)
{
    QHash<db::ImageId, QString> paths;
    for (const db::Image& image : db::ImageRepository(database.connection()).images()) {
        paths.insert(image.id, image.path);
    }
    QList<DoubtfulVerdict> doubts;
    for (const auto& suspect :
         model::tags::secondLook(state.pairs, state.check.probabilities, limit)) {
        const db::PairEvidence& pair = state.evidence.at(qsizetype(suspect.pair));
        doubts.append({paths.value(pair.image), pair, suspect.agreement});
    }
    return doubts;
}

TagQualityState refreshTagQuality(const Project& project, const db::Database& database)
{
    TagQualityState state = tagQuality(project, database);
    QList<db::PairProbability> moved;
    for (qsizetype i = 0; i < state.evidence.size(); ++i) {
        const db::PairEvidence& row = state.evidence.at(i);
        const double probability = state.check.probabilities[std::size_t(i)];
        if (!row.probability || std::abs(*row.probability - probability) > kSmallMove) {
            moved.append({row.image, row.tag, probability});
        }
    }
    if (!moved.isEmpty()) {
        db::QualityRepository(database.connection()).storeProbabilities(moved);
    }
    return state;
}

double confidenceThreshold(const db::Database& database)
{
    bool isNumber = false;
    const double stored = database.setting(kThreshold).toDouble(&isNumber);
    return isNumber && stored >= 0.0 && stored <= 1.0
               ? stored
               : model::pipeline::TrainSettings().confidenceThreshold;
}

void setConfidenceThreshold(db::Database& database, double threshold)
{
    database.setSetting(kThreshold, QString::number(threshold));
}

} // namespace tagalign::app
