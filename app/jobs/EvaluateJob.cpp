#include "app/jobs/EvaluateJob.h"

#include "app/ModelChoice.h"
#include "app/jobs/EvaluationFile.h"
#include "app/jobs/PilotSnapshot.h"
#include "app/jobs/RetentionSet.h"
#include "app/jobs/Runs.h"
#include "app/jobs/SimulatedReview.h"
#include "db/Database.h"
#include "db/RunRepository.h"
#include "db/TagRepository.h"
#include "db/VerdictRepository.h"
#include "model/pipeline/Retention.h"

#include <QCoreApplication>
#include <QFile>
#include <QSet>

#include <algorithm>

namespace tagalign::app {

namespace {

QList<db::Metric> metricsOf(const model::pipeline::EvaluationResult& result,
                            const PilotSnapshot& snapshot)
{
    QList<db::Metric> metrics;
    for (const auto& row : result.metrics) {
        metrics.append(metricOf(row));
    }
    for (const auto& row : result.tags) {
        const auto kind = snapshot.data.tags[row.tag].kind;
        metrics.append({.name = tagPrecisionName(),
                        .kind = kind == model::tags::TagKind::Object ? QStringLiteral("objects")
                                                                     : QStringLiteral("attributes"),
                        .tag = snapshot.tags.at(qsizetype(row.tag)),
                        .before = row.before,
                        .after = row.after,
                        .low = row.low,
                        .high = row.high,
                        .count = int(row.positives)});
    }
    for (const auto& row : result.slices) {
        metrics.append({.name = sliceName(),
                        .kind = QStringLiteral("attributes"),
                        .tag = snapshot.tags.at(qsizetype(row.object)),
                        .before = row.before,
                        .after = row.after,
                        .low = row.low,
                        .high = row.high,
                        .count = int(row.images)});
    }
    return metrics;
}

QList<db::Metric> metricsOf(const model::pipeline::RetentionResult& retention)
{
    QList<db::Metric> metrics;
    for (const auto& row : retention.metrics) {
        metrics.append(metricOf(row));
    }
    return metrics;
}

FairnessReport fairnessOf(const db::Database& database, const PilotSnapshot& snapshot,
                          const model::pipeline::FairnessFigures& figures)
{
    const auto shown = db::TagRepository(database.connection()).names();
    QStringList names;
    for (const db::TagId tag : snapshot.tags) {
        names.append(shown.value(tag));
    }
    FairnessReport report = fairnessReport(figures, snapshot.data.tags, names);
    addReportingBias(report, database);
    return report;
}

QStringList cautionsOn(const db::Database& database, int leftOut)
{
    QStringList cautions;
    if (const int simulated =
            db::VerdictRepository(database.connection()).judgedBy(simulatedReviewer());
        simulated > 0) {
        cautions.append(QCoreApplication::translate(
                            "Evaluation", "%1 verdicts are those of a simulated reviewer, not of a "
                                          "person.")
                            .arg(simulated));
    }
    if (leftOut > 0) {
        cautions.append(QCoreApplication::translate(
                            "Evaluation", "%1 test images were not for testing when the run was "
                                          "trained and are left out; train anew to use them.")
                            .arg(leftOut));
    }
    return cautions;
}

QString retentionCaution(std::size_t tags)
{
    constexpr std::size_t kFewTags = 20;
    if (tags == 0) {
        return QCoreApplication::translate(
            "Evaluation", "Retention was not measured: no test image carries a tag outside the "
                          "pilot. Switch off some tags before training to have a retention set.");
    }
    return tags < kFewTags
               ? QCoreApplication::translate("Evaluation", "Retention was measured on %1 tags "
                                                           "only: it says little.")
                     .arg(tags)
               : QString();
}

/// Figures and cautions of the project's retention set, if it names one. What cannot be read of it
/// is told; the other figures stand.
EvaluationSummary onOtherPictures(const Project& project, const db::Database& database,
                                  const std::filesystem::path& head,
                                  const model::pipeline::SharePair& shares, JobContext& context)
{
    EvaluationSummary summary;
    const QString source = retentionSource(database);
    if (source.isEmpty()) {
        return summary;
    }
    try {
        const RetentionSet set = readRetentionSet(project, database, source, context);
        summary.metrics = metricsOf(model::pipeline::evaluateRetention(
            modelFiles(project, database), set.data, head, shares, "other pictures", {},
            context.forModel(QStringLiteral("Measuring retention"))));
        if (!set.problems.isEmpty()) {
            const ImportProblem& first = set.problems.first();
            summary.cautions.append(
                QCoreApplication::translate("Evaluation",
                                            "%1 pictures of the retention set were left "
                                            "out; the first: %2: %3")
                    .arg(QString::number(set.problems.size()), first.where, first.message));
        }
    } catch (const model::Cancelled&) {
        throw;
    } catch (const model::Error& error) {
        summary.cautions.append(
            QCoreApplication::translate("Evaluation",
                                        "Retention on other pictures was not measured: %1")
                .arg(QString::fromUtf8(error.what())));
    }
    return summary;
}

} // namespace

db::Metric metricOf(const model::pipeline::MetricRow& row)
{
    return {.name = QString::fromStdString(row.metric),
            .kind = QString::fromStdString(row.kind),
            .before = row.before,
            .after = row.after,
            .low = row.low,
            .high = row.high,
            .count = int(row.images)};
}

QString tagPrecisionName()
{
    return QStringLiteral("average precision");
}

QString sliceName()
{
    return QStringLiteral("mAP where present");
}

int leaveOutSeen(model::pipeline::PilotData& data, const model::pipeline::PilotData& trainedOn)
{
    using model::pipeline::Split;
    QSet<QString> seen;
    for (const auto& image : trainedOn.images) {
        if (image.split != Split::Test) {
            seen.insert(QString::fromStdString(image.contentHash));
        }
    }
    return int(std::erase_if(data.images, [&seen](const auto& image) {
        return image.split == Split::Test &&
               seen.contains(QString::fromStdString(image.contentHash));
    }));
}

EvaluationSummary evaluateRun(const Project& project, const db::Run& run, JobContext& context)
{
    const db::Database database(project.databaseFile());
    PilotSnapshot snapshot = takeSnapshot(project, database);
    PilotSnapshot trainedOn;
    if (QFile::exists(snapshotFile(project, run))) {
        trainedOn = loadSnapshot(snapshotFile(project, run));
    }
    const int leftOut = leaveOutSeen(snapshot.data, trainedOn.data);
    model::pipeline::PilotData other =
        otherTags(database, snapshot, {trainedOn.tags.begin(), trainedOn.tags.end()});
    const auto files = modelFiles(project, database);
    const std::filesystem::path head = headFile(project, run).toStdString();
    const auto result = model::pipeline::evaluateHead(
        files, snapshot.data, head, {}, context.forModel(QStringLiteral("Evaluating")));
    const auto retention =
        model::pipeline::evaluateRetention(files, other, head, result.shares, "other tags", {},
                                           context.forModel(QStringLiteral("Measuring retention")));
    EvaluationSummary summary{.metrics = metricsOf(result, snapshot),
                              .cautions = cautionsOn(database, leftOut),
                              .fairness = fairnessOf(database, snapshot, result.fairness)};
    const EvaluationSummary others =
        onOtherPictures(project, database, head, result.shares, context);
    summary.metrics += metricsOf(retention) + others.metrics;
    for (const auto& caution : result.cautions) {
        summary.cautions.append(QString::fromStdString(caution));
    }
    if (const QString caution = retentionCaution(retention.tags); !caution.isEmpty()) {
        summary.cautions.append(caution);
    }
    summary.cautions += others.cautions;
    saveEvaluation(project, run, {summary.cautions, result.reliability, summary.fairness});
    db::RunRepository(database.connection()).replaceMetrics(run.id, summary.metrics);
    return summary;
}

} // namespace tagalign::app
