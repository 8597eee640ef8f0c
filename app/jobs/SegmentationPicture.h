#pragma once

#include "model/dataset/SegmentationSet.h"
#include "model/pipeline/SegmentationEvaluation.h"

#include <QImage>

namespace tagalign::app {

/// A picture, its mask, and what the models made of it by the first view, side by side, with the
/// colours' legend below. One class has one colour in all pictures of a set.
[[nodiscard]] QImage segmentationPicture(const model::pipeline::SegmentedPicture& segmented,
                                         const model::dataset::SegmentationSet& set);

} // namespace tagalign::app
