#pragma once

#include "app/jobs/PilotJob.h"

namespace tagalign::app {

enum class OutputForm { Text, Json };

/// Runs the pilot in a terminal and prints its result; shared by `pilot` and `demo`.
/// @param model checkpoint folder; empty keeps the project's.
/// @return exit code. @throws std::exception
int runPilotCommand(const QString& folder, const QString& model, const QStringList& sources,
                    const model::pipeline::TrainSettings& settings, OutputForm form);

} // namespace tagalign::app
