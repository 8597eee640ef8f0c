#pragma once

#include "model/eval/Segmentation.h"
#include "model/pipeline/SegmentationEvaluation.h"

#include <vector>

namespace tagalign::model::pipeline {

/// What was counted by one view, an element an image.
struct SegmentationCounts
{
    SegmentationView view;
    std::vector<eval::PixelCounts> before;
    std::vector<eval::PixelCounts> after; ///< empty without a head
};

/// Scores with their intervals, all on the same draws of the images.
/// @param views of the same images, at least one of each. @throws Cancelled
[[nodiscard]] std::vector<SegmentationRow> scoreViews(const std::vector<SegmentationCounts>& views,
                                                      std::size_t classes,
                                                      const SegmentationSettings& settings,
                                                      const OnProgress& onProgress);

} // namespace tagalign::model::pipeline
