#pragma once

#include "app/Project.h"
#include "app/jobs/FairnessReport.h"
#include "app/jobs/JobContext.h"
#include "db/Rows.h"
#include "model/pipeline/Evaluation.h"
#include "model/pipeline/PilotData.h"

#include <QList>
#include <QStringList>

namespace tagalign::app {

struct EvaluationSummary
{
    QList<db::Metric> metrics; ///< as stored with the run
    QStringList cautions;      ///< one sentence each
    FairnessReport fairness;
};

/// Names of the figures that belong to one tag: the tag's own, and the attributes' on the images
/// that show it.
[[nodiscard]] QString tagPrecisionName();
[[nodiscard]] QString sliceName();

/// A figure as it is stored.
[[nodiscard]] db::Metric metricOf(const model::pipeline::MetricRow& row);

/// Takes those test images out of `data` that the run was trained or tuned on, as the splits have
/// changed since; their number.
int leaveOutSeen(model::pipeline::PilotData& data, const model::pipeline::PilotData& trainedOn);

/// Scores the frozen model and the run's head on the test split, on tags outside the pilot and on
/// the project's RetentionSet, and stores the figures. Leaves out leaveOutSeen() and tells of it.
/// @throws std::exception
EvaluationSummary evaluateRun(const Project& project, const db::Run& run, JobContext& context);

} // namespace tagalign::app
