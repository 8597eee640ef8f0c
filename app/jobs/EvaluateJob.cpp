#include "app/jobs/EvaluateJob.h"

#include "app/ModelChoice.h"
#include "app/jobs/PilotSnapshot.h"
#include "app/jobs/Runs.h"
#include "app/jobs/SimulatedReview.h"
#include "db/Database.h"
#include "db/RunRepository.h"
#include "db/VerdictRepository.h"
#include "model/pipeline/Evaluation.h"

#include <QCoreApplication>

namespace tagalign::app {

EvaluationSummary evaluateRun(const Project& project, const db::Run& run, JobContext& context)
{
    const db::Database database(project.databaseFile());
    const PilotSnapshot snapshot = takeSnapshot(project, database);
    const auto result = model::pipeline::evaluateHead(
        modelFiles(project, database), snapshot.data, headFile(project, run).toStdString(), {},
        context.forModel(QStringLiteral("Evaluating")));
    EvaluationSummary summary;
    for (const auto& row : result.metrics) {
        summary.metrics.append({.name = QString::fromStdString(row.metric),
                                .kind = QString::fromStdString(row.kind),
                                .before = row.before,
                                .after = row.after,
                                .low = row.low,
                                .high = row.high,
                                .count = int(row.images)});
    }
    for (const auto& row : result.tags) {
        const auto kind = snapshot.data.tags[row.tag].kind;
        summary.metrics.append({.name = QStringLiteral("average precision"),
                                .kind = kind == model::tags::TagKind::Object
                                            ? QStringLiteral("objects")
                                            : QStringLiteral("attributes"),
                                .tag = snapshot.tags.at(qsizetype(row.tag)),
                                .before = row.before,
                                .after = row.after,
                                .count = int(row.positives)});
    }
    if (const int simulated =
            db::VerdictRepository(database.connection()).judgedBy(simulatedReviewer());
        simulated > 0) {
        summary.cautions.append(
            QCoreApplication::translate("Evaluation",
                                        "%1 verdicts are those of a simulated reviewer, not of a "
                                        "person.")
                .arg(simulated));
    }
    for (const auto& caution : result.cautions) {
        summary.cautions.append(QString::fromStdString(caution));
    }
    db::RunRepository(database.connection()).replaceMetrics(run.id, summary.metrics);
    return summary;
}

} // namespace tagalign::app
