#pragma once

#include "model/pipeline/Evaluation.h"

#include <cstdint>
#include <filesystem>
#include <vector>

namespace tagalign::model::pipeline {

/// Where a tag is true on an image: the pixels of a mask that have one of the values.
struct TagRegion
{
    std::size_t image = 0;            ///< index into PilotData::images
    std::size_t tag = 0;              ///< index into PilotData::tags
    std::filesystem::path mask;       ///< grey 8-bit picture of the image's shape
    std::vector<std::uint8_t> values; ///< at least one
};

/// Pointing accuracy (share of regions that hold their heatmap's hottest pixel) and region IoU,
/// before and after, on the test images' regions. Heatmaps are cosines per patch, bilinear to the
/// mask's size. The IoU's threshold is, for each model and kind, the best on the validation images'
/// regions; without any there, no IoU is given.
/// @return rows "pointing accuracy" and "region IoU" of objects, attributes and both.
/// @throws Error if features are missing or a mask cannot be read; RangeError; Cancelled.
[[nodiscard]] std::vector<MetricRow> evaluateRegions(const ModelFiles& model, const PilotData& data,
                                                     const std::vector<TagRegion>& regions,
                                                     const std::filesystem::path& headFile,
                                                     const EvaluationSettings& settings,
                                                     const OnProgress& onProgress);

} // namespace tagalign::model::pipeline
