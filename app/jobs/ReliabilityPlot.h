#pragma once

#include "model/pipeline/Evaluation.h"

#include <QString>

#include <vector>

namespace tagalign::app {

/// The heading and a reliability diagram of each kind as inline SVG: how often a tag is really
/// there, by the probability it was given, before and after; the area of a dot is the number of
/// pairs. Empty without curves.
[[nodiscard]] QString
reliabilitySection(const std::vector<model::pipeline::ReliabilityCurve>& curves);

} // namespace tagalign::app
