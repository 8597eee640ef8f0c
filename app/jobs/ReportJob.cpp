#include "app/jobs/ReportJob.h"

#include "app/ModelChoice.h"
#include "app/jobs/PilotSnapshot.h"
#include "app/jobs/ReportHtml.h"
#include "app/jobs/Runs.h"
#include "app/jobs/TranslateJob.h"
#include "db/Database.h"
#include "db/ImageRepository.h"
#include "db/RunRepository.h"
#include "db/TagRepository.h"
#include "model/eval/GoNoGo.h"
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

constexpr int kFewPositives = 3;     ///< test images: below, a tag's average precision is chance
constexpr qsizetype kTagsListed = 8; ///< gained, and lost
constexpr auto kHeatmapMap = model::image::ColourMap::Viridis;
constexpr float kHeatmapOpacity = 0.6F;

/// Tags by how much their average precision changed, most gained first.
QList<TagChange> tagChanges(const QList<db::Metric>& metrics,
                            const QHash<db::TagId, QString>& names)
{
    QList<TagChange> changes;
    for (const db::Metric& metric : metrics) {
        if (metric.tag && metric.count >= kFewPositives) {
            changes.append(
                {names.value(*metric.tag), metric.kind, metric.before, metric.after, metric.count});
        }
    }
    std::stable_sort(changes.begin(), changes.end(), [](const TagChange& a, const TagChange& b) {
        return a.after - a.before > b.after - b.before;
    });
    return changes;
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

/// The primary figure: attributes are what the method is for; without them, all tags. Against the
/// better of the frozen model's two ways to score a tag, so that no gain is claimed over a way
/// that nobody would use.
db::Metric primaryMetric(const QList<db::Metric>& metrics)
{
    for (const QString& kind : {QStringLiteral("attributes"), QStringLiteral("both")}) {
        std::optional<db::Metric> best;
        for (const db::Metric& metric : metrics) {
            if (metric.name.startsWith(QLatin1String("tag mAP")) && metric.kind == kind &&
                !metric.tag && (!best || metric.before > best->before)) {
                best = metric;
            }
        }
        if (best) {
            return *best;
        }
    }
    throw model::Error("the run has no tag mAP; evaluate it first (\"tagalign evaluate\")");
}

model::eval::Verdict verdictOn(const db::Metric& primary)
{
    if (primary.before <= 0.0) {
        throw model::Error("the frozen model's tag mAP on the test images is 0, so that nothing "
                           "can be said about an improvement; import more images");
    }
    return model::eval::goNoGo({.before = primary.before,
                                .after = primary.after,
                                .difference = {primary.low, primary.high},
                                .verifiedPairs = primary.count});
}

QString decisionSentence(const db::Metric& primary, const model::eval::Verdict& verdict)
{
    const QString figure = QCoreApplication::translate(
                               "Report", "%1 of %2 changed by %3 % (95 % interval %4 to %5 %), "
                                         "the threshold is 10 %")
                               .arg(primary.name, primary.kind)
                               .arg(100.0 * verdict.improvement, 0, 'f', 1)
                               .arg(100.0 * verdict.improvementRange.low, 0, 'f', 1)
                               .arg(100.0 * verdict.improvementRange.high, 0, 'f', 1);
    switch (verdict.decision) {
    case model::eval::Decision::StrongGo:
        return QCoreApplication::translate("Report", "Strong go: %1.").arg(figure);
    case model::eval::Decision::Go:
        return QCoreApplication::translate("Report", "Go: %1.").arg(figure);
    case model::eval::Decision::NoGo:
        return QCoreApplication::translate("Report", "No-go: %1.").arg(figure);
    case model::eval::Decision::NotDecided:
        break;
    }
    return verdict.morePairs
               ? QCoreApplication::translate("Report", "Not decided yet: %1. About %2 more test "
                                                       "images would decide it.")
                     .arg(figure)
                     .arg(*verdict.morePairs)
               : QCoreApplication::translate("Report", "Not decided yet: %1.").arg(figure);
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

Decision decisionOn(const QList<db::Metric>& metrics)
{
    const db::Metric primary = primaryMetric(metrics);
    const model::eval::Verdict verdict = verdictOn(primary);
    return {.sentence = decisionSentence(primary, verdict),
            .isNoGo = verdict.decision == model::eval::Decision::NoGo};
}

Report writeReport(const Project& project, const db::Run& run, const QStringList& cautions,
                   JobContext& context)
{
    const db::Database database(project.databaseFile());
    const QList<db::Metric> metrics = db::RunRepository(database.connection()).metricsOf(run.id);
    const Decision decision = decisionOn(metrics);
    QHash<db::TagId, QString> names;
    for (const db::Tag& tag : db::TagRepository(database.connection()).tags()) {
        names.insert(tag.id, tag.display);
    }
    const QList<TagChange> changes = tagChanges(metrics, names);
    const QString checkpoint = checkpointOf(database);
    ReportContent content{.project = project.name(),
                          .model = isStarterModel(checkpoint)
                                       ? QStringLiteral("TagAlign demo model (not a real CLIP)")
                                       : QFileInfo(checkpoint).fileName(),
                          .run = run.folder + QStringLiteral(", ") + run.name,
                          .settings = run.settings,
                          .counts = db::ImageRepository(database.connection()).counts(),
                          .decision = decision.sentence,
                          .cautions = cautions};
    std::copy_if(metrics.begin(), metrics.end(), std::back_inserter(content.metrics),
                 [](const db::Metric& metric) { return !metric.tag; });
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
    content.examples = examples(project, database, run, shownTags(changes), context);
    content.colourScale = QByteArray::fromStdString(
        model::image::encodePng(model::image::colourScale(256, 12, kHeatmapMap)));
    const QString file = project.reportFolder(run.folder) + QStringLiteral("/report.html");
    save(file, reportHtml(content));
    return {.file = file,
            .table = metricTable(metrics),
            .decision = content.decision,
            .isNoGo = decision.isNoGo};
}

} // namespace tagalign::app
