#pragma once

#include "model/pipeline/EvaluationScores.h"
#include "model/pipeline/TagFigures.h"

#include <optional>
#include <string>
#include <vector>

namespace tagalign::model::pipeline {

struct KindCalibration
{
    Figure figure; ///< "calibration error"
    ReliabilityCurve curve;
};

/// How far the tags' probabilities can be believed, before and after. Each model's scores become
/// probabilities by a slope and an offset fitted on the validation images, the same for all tags of
/// the kind; measured on the test images in ten equally wide parts of [0, 1].
/// @return nothing if no validation image carries one of the tags.
[[nodiscard]] std::optional<KindCalibration>
calibrationOf(const std::string& kind, const std::vector<std::size_t>& tags,
              const EvaluationScores& scores, const TagLabels& test, const TagLabels& validation);

} // namespace tagalign::model::pipeline
