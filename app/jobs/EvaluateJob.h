#pragma once

#include "app/Project.h"
#include "app/jobs/JobContext.h"
#include "db/Rows.h"

#include <QList>
#include <QStringList>

namespace tagalign::app {

struct EvaluationSummary
{
    QList<db::Metric> metrics; ///< as stored with the run
    QStringList cautions;      ///< one sentence each
};

/// Names of the figures that belong to one tag: the tag's own, and the attributes' on the images
/// that show it.
[[nodiscard]] QString tagPrecisionName();
[[nodiscard]] QString sliceName();

/// Scores the frozen model and the run's head on the test split, and on tags outside the pilot
/// (the retention set), and stores the figures. Test images that the run was trained or tuned on,
/// as the splits have changed since, are left out and told of.
/// @throws std::exception
EvaluationSummary evaluateRun(const Project& project, const db::Run& run, JobContext& context);

} // namespace tagalign::app
