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

/// Scores the frozen model and the run's head on the test split and stores the figures.
/// @throws std::exception
EvaluationSummary evaluateRun(const Project& project, const db::Run& run, JobContext& context);

} // namespace tagalign::app
