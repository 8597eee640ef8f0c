#include "app/jobs/ReportJob.h"

#include "app/ModelChoice.h"
#include "app/jobs/EvaluateJob.h"
#include "app/jobs/EvaluationFile.h"
#include "app/jobs/FairnessFindings.h"
#include "app/jobs/PilotSnapshot.h"
#include "app/jobs/ReportHtml.h"
#include "app/jobs/Runs.h"
#include "app/jobs/TagPrecision.h"
#include "app/jobs/TranslateJob.h"
#include "db/Database.h"
#include "db/ImageRepository.h"
#include "db/RunRepository.h"
#include "db/TagRepository.h"
#include "model/image/Decode.h"
#include "model/image/HeatmapColour.h"
#include "model/pipeline/PromptSession.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QHash>
#include <QSaveFile>

#include <algorithm>

namespace tagalign::app {

namespace {

constexpr int kFewPositives = 5;     ///< test images: below, a tag's average precision is chance
constexpr qsizetype kTagsListed = 8; ///< gained, and lost
constexpr auto kHeatmapMap = model::image::ColourMap::Viridis;
constexpr float kHeatmapOpacity = 0.6F;

TagChange changeOf(const db::Metric& metric, const QHash<db::TagId, QString>& names)
{
    return {.name = names.value(*metric.tag),
            .kind = metric.kind,
            .before = metric.before,
            .after = metric.after,
            .low = metric.low,
            .high = metric.high,
            .images = metric.count};
}

/// Tags by how much their average precision changed, most gained first.
QList<TagChange> tagChanges(const QList<db::Metric>& metrics,
                            const QHash<db::TagId, QString>& names)
{
    QList<TagChange> changes;
    for (const db::Metric& metric : metrics) {
        if (metric.tag && metric.name == tagPrecisionName() && metric.count >= kFewPositives) {
            changes.append(changeOf(metric, names));
        }
    }
    std::stable_sort(changes.begin(), changes.end(), [](const TagChange& a, const TagChange& b) {
        return a.after - a.before > b.after - b.before;
    });
    return changes;
}

/// How many tags are sure to have changed, given how many were looked at.
QString changesSentence(const QList<db::Metric>& metrics, const QList<TagChange>& changes)
{
    const auto gained = std::count_if(changes.begin(), changes.end(),
                                      [](const TagChange& change) { return change.low > 0.0; });
    const auto lost = std::count_if(changes.begin(), changes.end(),
                                    [](const TagChange& change) { return change.high < 0.0; });
    const auto measured =
        std::count_if(metrics.begin(), metrics.end(), [](const db::Metric& metric) {
            return metric.tag && metric.name == tagPrecisionName();
        });
    return QCoreApplication::translate(
               "Report",
               "Of the %1 tags on at least %2 test images, %3 are sure to have gained and "
               "%4 to have lost: the intervals hold for all of them at once. %5 rarer "
               "tags are not looked at one by one.")
        .arg(changes.size())
        .arg(kFewPositives)
        .arg(gained)
        .arg(lost)
        .arg(measured - changes.size());
}

/// The tags to show: three attributes and two objects that gained most, and what lost most, so
/// that the page does not show successes alone.
QList<TagChange> shownTags(const QList<TagChange>& changes)
{
    QList<TagChange> shown;
    const auto take = [&](const QString& kind, int count) {
        for (const TagChange& change : changes) {
            if (change.kind == kind && count > 0) {
                shown.append(change);
                --count;
            }
        }
    };
    take(QStringLiteral("attributes"), 3);
    take(QStringLiteral("objects"), 2);
    if (!changes.isEmpty() && changes.last().after < changes.last().before) {
        shown.append(changes.last());
    }
    return shown;
}

/// A test image that carries the tag, verified ones first, with the prompt a person would type.
struct Illustration
{
    db::ImageId image{};
    QString prompt;
    int rank = -1;
};

Illustration illustrationOf(const TagChange& tag, const QList<db::Candidate>& candidates,
                            const QHash<db::ImageId, db::Image>& testImages)
{
    Illustration best;
    for (const db::Candidate& candidate : candidates) {
        const QString kind = candidate.kind == db::TagKind::Object ? QStringLiteral("objects")
                                                                   : QStringLiteral("attributes");
        if (candidate.display != tag.name || kind != tag.kind ||
            candidate.state == db::State::Rejected || !testImages.contains(candidate.image)) {
            continue;
        }
        const int rank = candidate.state == db::State::Accepted ? 1 : 0;
        if (rank > best.rank) {
            best = {candidate.image, promptOf(candidate), rank};
        }
    }
    return best;
}

QByteArray overlay(const model::image::RgbImage& picture, const model::pipeline::Heatmap& heatmap,
                   float low, float high)
{
    const auto colours =
        model::image::colourHeatmap(heatmap.values, heatmap.rows, heatmap.columns, picture.width,
                                    picture.height, low, high, kHeatmapMap);
    return QByteArray::fromStdString(
        model::image::encodePng(model::image::blendOver(picture, colours, kHeatmapOpacity)));
}

HeatmapExample exampleOf(const Project& project, model::pipeline::PromptSession& session,
                         const db::Image& image, const QString& prompt)
{
    const std::filesystem::path file = project.absolutePath(image.path).toStdString();
    const auto pair = session.heatmaps(file, image.sha256.toStdString(), prompt.toStdString());
    const auto& after = pair.after.value();
    const auto picture = model::image::decodeImage(file);
    return {.prompt = prompt,
            .file = QFileInfo(image.path).fileName(),
            .before = overlay(picture, pair.before, pair.low, pair.high),
            .after = overlay(picture, after, pair.low, pair.high),
            .low = pair.low,
            .high = pair.high};
}

QList<HeatmapExample> examples(const Project& project, const db::Database& database,
                               const db::Run& run, const QList<TagChange>& tags,
                               JobContext& context)
{
    QHash<db::ImageId, db::Image> testImages;
    for (const db::Image& image : db::ImageRepository(database.connection()).images()) {
        if (image.split == db::Split::Test) {
            testImages.insert(image.id, image);
        }
    }
    const QList<db::Candidate> candidates = db::TagRepository(database.connection()).candidates();
    model::pipeline::PromptSession session(modelFiles(project, database));
    session.setHead(headFile(project, run).toStdString());
    const ScaleReference reference = scaleReference(database);
    session.setReference(reference.hashes, reference.prompts);
    QList<HeatmapExample> examples;
    for (const TagChange& tag : tags) {
        const Illustration illustration = illustrationOf(tag, candidates, testImages);
        if (illustration.rank < 0) {
            continue;
        }
        context.step({examples.size(), tags.size(), QStringLiteral("Drawing heatmaps")});
        examples.append(
            exampleOf(project, session, testImages.value(illustration.image), illustration.prompt));
    }
    return examples;
}

void save(const QString& file, const QString& html)
{
    QSaveFile target(file);
    if (!QDir().mkpath(QFileInfo(file).path()) || !target.open(QIODevice::WriteOnly) ||
        target.write(html.toUtf8()) < 0 || !target.commit()) {
        throw model::Error(file.toStdString() + " cannot be written: " +
                           target.errorString().toStdString() + "; check the disk and run again");
    }
}

} // namespace

QString metricTable(const QList<db::Metric>& metrics)
{
    QString table = QStringLiteral("%1 %2 %3 %4 %5  95 % interval\n")
                        .arg(QStringLiteral("figure"), -26)
                        .arg(QStringLiteral("of"), -11)
                        .arg(QStringLiteral("before"), 8)
                        .arg(QStringLiteral("after"), 8)
                        .arg(QStringLiteral("change"), 8);
    for (const db::Metric& metric : metrics) {
        if (metric.tag) {
            continue;
        }
        table += QStringLiteral("%1 %2 %3 %4 %5  %6 .. %7\n")
                     .arg(metric.name, -26)
                     .arg(metric.kind, -11)
                     .arg(metric.before, 8, 'f', 4)
                     .arg(metric.after, 8, 'f', 4)
                     .arg(metric.after - metric.before, 8, 'f', 4)
                     .arg(metric.low, 7, 'f', 4)
                     .arg(metric.high, 7, 'f', 4);
    }
    return table.trimmed();
}

namespace {

void addChanges(ReportContent& content, const QList<db::Metric>& metrics,
                const QList<TagChange>& changes, const QHash<db::TagId, QString>& names)
{
    for (const TagChange& change : changes) {
        if (change.after > change.before && content.gained.size() < kTagsListed) {
            content.gained.append(change);
        }
    }
    for (auto change = changes.crbegin(); change != changes.crend(); ++change) {
        if (change->after < change->before && content.lost.size() < kTagsListed) {
            content.lost.append(*change);
        }
    }
    content.changes = changesSentence(metrics, changes);
    for (const db::Metric& metric : metrics) {
        if (!metric.tag) {
            content.metrics.append(metric);
        } else if (metric.name == sliceName()) {
            content.slices.append(changeOf(metric, names));
        }
    }
}

} // namespace

Report writeReport(const Project& project, const db::Run& run, const QStringList& cautions,
                   JobContext& context)
{
    const db::Database database(project.databaseFile());
    const QList<db::Metric> metrics = db::RunRepository(database.connection()).metricsOf(run.id);
    const Decision decision = decisionOn(metrics, decisionSettings(database));
    const QHash<db::TagId, QString> names = db::TagRepository(database.connection()).names();
    const QList<TagChange> changes = tagChanges(metrics, names);
    const EvaluationDetails details = loadEvaluation(project, run);
    const QString checkpoint = checkpointOf(database);
    ReportContent content{.project = project.name(),
                          .model = isStarterModel(checkpoint)
                                       ? QStringLiteral("TagAlign demo model (not a real CLIP)")
                                       : QFileInfo(checkpoint).fileName(),
                          .run = run.folder + QStringLiteral(", ") + run.name,
                          .settings = run.settings,
                          .counts = db::ImageRepository(database.connection()).counts(),
                          .decision = decision.sentence,
                          .cautions = cautions.isEmpty() ? details.cautions : cautions,
                          .precision = tagPrecision(database),
                          .reliability = details.reliability,
                          .fairness = details.fairness};
    addChanges(content, metrics, changes, names);
    content.examples = examples(project, database, run, shownTags(changes), context);
    content.colourScale = QByteArray::fromStdString(
        model::image::encodePng(model::image::colourScale(256, 12, kHeatmapMap)));
    const QString file = project.reportFolder(run.folder) + QStringLiteral("/report.html");
    save(file, reportHtml(content));
    return {.file = file,
            .table = metricTable(metrics) + QLatin1Char('\n') + precisionTable(content.precision) +
                     QLatin1Char('\n') + fairnessText(content.fairness),
            .decision = content.decision,
            .isNoGo = decision.isNoGo};
}

} // namespace tagalign::app
