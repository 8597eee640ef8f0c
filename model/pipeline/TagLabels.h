#pragma once

#include "model/eval/TagRanking.h"
#include "model/pipeline/PilotData.h"

#include <vector>

namespace tagalign::model::pipeline {

/// What counts as true when a model is measured, [tag][image]. A verdict beats a belief, acceptance
/// beats rejection, the higher belief the lower; an unverified candidate counts from a belief of
/// one half on and is unknown below; a tag that nobody mentioned is absent.
/// @throws RangeError naming an image with a tag outside the `tags` enabled ones.
[[nodiscard]] std::vector<std::vector<eval::Label>>
labelsOf(const std::vector<const PilotImage*>& images, std::size_t tags);

} // namespace tagalign::model::pipeline
