#pragma once

#include "app/Project.h"
#include "app/jobs/JobContext.h"
#include "db/Rows.h"
#include "model/pipeline/Training.h"

#include <functional>

namespace tagalign::app {

/// Called on the job's thread after each epoch.
using OnEpoch = std::function<void(const model::pipeline::TrainEvent&)>;

/// Trains a head on the project's features and verdicts as they are now, as a new run, which is
/// kept whatever happens. @throws std::exception; model::Cancelled leaves the last checkpoint.
db::Run trainProject(const Project& project, const model::pipeline::TrainSettings& settings,
                     JobContext& context, const OnEpoch& onEpoch);

/// Goes on with a run that did not end, from its last checkpoint, with the settings and the data
/// it was begun with. @throws std::exception, e.g. if its model is not the project's any more.
db::Run resumeRun(const Project& project, const db::Run& run, JobContext& context,
                  const OnEpoch& onEpoch);

} // namespace tagalign::app
