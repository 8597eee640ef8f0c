#pragma once

#include "model/pipeline/EvaluationScores.h"
#include "model/pipeline/FairnessFigures.h"

namespace tagalign::model::pipeline {

/// All fairness figures of the test images. @throws Cancelled
[[nodiscard]] FairnessFigures fairnessOf(const PilotData& data, const EvaluationImages& images,
                                         const EvaluationScores& scores,
                                         const EvaluationSettings& settings,
                                         const OnProgress& onProgress);

} // namespace tagalign::model::pipeline
