#pragma once

#include "model/clip/ClipConfig.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace tagalign::model::clip {

using Shape = std::vector<std::int64_t>;

/// @param name  as ClipModel has it (OpenAI's).
/// @param shape empty for a scalar.
using OnParameter = std::function<void(const std::string& name, const Shape& shape)>;

/// Names every parameter that a ClipModel of this configuration has, without making one: what a
/// configuration asks for can be compared with a file before memory is taken for it.
/// Stops where the callback throws.
void forEachVisionParameter(const ClipConfig& config, const OnParameter& onParameter);

/// The same for everything else: the text tower, logit_scale and logit_bias.
void forEachTextParameter(const ClipConfig& config, const OnParameter& onParameter);

} // namespace tagalign::model::clip
