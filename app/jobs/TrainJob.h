#pragma once

#include "app/Project.h"
#include "app/jobs/JobContext.h"
#include "db/Rows.h"
#include "model/pipeline/Training.h"

#include <functional>
#include <optional>

namespace tagalign::app {

/// Called on the job's thread after each epoch.
using OnEpoch = std::function<void(const model::pipeline::TrainEvent&)>;

/// Trains a head on the project's features and verdicts as they are now, as a new run, or goes
/// on with `resume`, a cancelled run of the same settings. The run is kept whatever happens.
/// @throws std::exception; model::Cancelled leaves the run's last checkpoint.
db::Run trainProject(const Project& project, const model::pipeline::TrainSettings& settings,
                     const std::optional<db::RunId>& resume, JobContext& context,
                     const OnEpoch& onEpoch);

/// The settings as stored with a run, and back. @throws std::exception on malformed JSON.
[[nodiscard]] QString settingsToJson(const model::pipeline::TrainSettings& settings);
[[nodiscard]] model::pipeline::TrainSettings settingsFromJson(const QString& json);

[[nodiscard]] QString headName(model::pipeline::HeadKind kind);

/// Where the run's trained head lies. It exists once the run is done.
[[nodiscard]] QString headFile(const Project& project, const db::Run& run);

} // namespace tagalign::app
