#include "app/jobs/PilotJob.h"

#include "app/jobs/QualityJob.h"
#include "app/jobs/Runs.h"
#include "app/jobs/TrainJob.h"
#include "db/Database.h"

#include <QFile>

namespace tagalign::app {

namespace {

/// The newest run of these settings on this data, done or interrupted, if there is one.
std::optional<db::Run> earlierRun(const Project& project,
                                  const model::pipeline::TrainSettings& settings)
{
    const db::Database database(project.databaseFile());
    closeAbandonedRuns(project, database);
    for (const db::Run& run : runsLike(database, settings)) {
        if (run.status == db::RunStatus::Done || run.status == db::RunStatus::Cancelled) {
            return run;
        }
    }
    return std::nullopt;
}

db::Run trainedRun(const Project& project, const model::pipeline::TrainSettings& settings,
                   JobContext& context)
{
    const auto earlier = earlierRun(project, settings);
    if (earlier && earlier->status == db::RunStatus::Done &&
        QFile::exists(headFile(project, *earlier))) {
        return *earlier;
    }
    return earlier ? resumeRun(project, *earlier, context, {})
                   : trainProject(project, settings, context, {});
}

} // namespace

PilotSummary runPilot(const Project& project, const QStringList& sources,
                      const model::pipeline::TrainSettings& settings, JobContext& context,
                      const OnStep& onStep)
{
    PilotSummary summary;
    for (const QString& source : sources) {
        summary.imports.append(importPairs(project, source, context));
        for (const ImportProblem& problem : summary.imports.last().problems) {
            onStep(QStringLiteral("  %1: %2").arg(problem.where, problem.message));
        }
        onStep(summary.imports.last().sentence());
    }
    summary.tags = extractTags(project, context);
    onStep(summary.tags.sentence());
    summary.encoding = encodeProject(project, context);
    for (const ImportProblem& problem : summary.encoding.problems) {
        onStep(QStringLiteral("  %1: %2").arg(problem.where, problem.message));
    }
    onStep(summary.encoding.sentence());
    onStep(checkProjectTags(project, Margins::Missing, context).sentence());
    summary.run = trainedRun(project, settings, context);
    onStep(QStringLiteral("Run %1 trained: %2.").arg(summary.run.folder, summary.run.message));
    summary.evaluation = evaluateRun(project, summary.run, context);
    for (const QString& caution : summary.evaluation.cautions) {
        onStep(QStringLiteral("  ") + caution);
    }
    summary.report = writeReport(project, summary.run, summary.evaluation.cautions, context);
    onStep(summary.report.decision);
    return summary;
}

} // namespace tagalign::app
