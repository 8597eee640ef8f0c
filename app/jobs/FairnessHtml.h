#pragma once

#include "app/jobs/FairnessReport.h"

#include <QString>

namespace tagalign::app {

/// The heading, what is sure with its intervals drawn, and the rest behind a fold.
[[nodiscard]] QString fairnessSection(const FairnessReport& report);

} // namespace tagalign::app
