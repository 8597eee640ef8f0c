#pragma once

#include "app/Project.h"
#include "app/jobs/EncodeJob.h"
#include "app/jobs/EvaluateJob.h"
#include "app/jobs/ImportJob.h"
#include "app/jobs/ReportJob.h"
#include "app/jobs/TagJob.h"
#include "model/pipeline/Training.h"

#include <QStringList>

#include <functional>

namespace tagalign::app {

struct PilotSummary
{
    QList<ImportSummary> imports; ///< one for each source
    TagSummary tags;
    EncodeSummary encoding;
    db::Run run;
    EvaluationSummary evaluation;
    Report report;
};

/// Called after each step with its sentence.
using OnStep = std::function<void(const QString& sentence)>;

/// The whole loop: import, tag, encode, train, evaluate, report. Steps already done for the same
/// data and settings are not done again, an interrupted run is gone on with.
/// @param sources data sets to import; none: the project as it is.
/// @throws std::exception; model::Cancelled. What was finished stays.
PilotSummary runPilot(const Project& project, const QStringList& sources,
                      const model::pipeline::TrainSettings& settings, JobContext& context,
                      const OnStep& onStep);

} // namespace tagalign::app
