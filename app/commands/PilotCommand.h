#pragma once

#include "app/jobs/PilotJob.h"

namespace tagalign::app {

enum class OutputForm { Text, Json };

/// Prints what a pilot came to; shared by `pilot` and `demo`. @return exit code
int printPilot(const Project& project, const PilotSummary& summary, OutputForm form);

} // namespace tagalign::app
