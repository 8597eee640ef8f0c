#pragma once

#include "model/dataset/SegmentationSet.h"
#include "model/image/RgbImage.h"

#include <cstdint>
#include <vector>

namespace tagalign::model::pipeline {

/// The position of pixels that do not count.
inline constexpr std::uint16_t kNoLabel = 65535;

/// A picture with its mask, both decoded.
struct SegmentationExample
{
    image::RgbImage picture;
    std::vector<std::uint16_t> truth; ///< positions of classes, row-major; kNoLabel where ignored
};

/// @throws Error with the reason alone, as "its mask: truncated or damaged PNG (..)": one of the
///         files cannot be read, their sizes differ, or the mask has a value that is no class.
[[nodiscard]] SegmentationExample loadExample(const dataset::SegmentationImage& row,
                                              const dataset::SegmentationSet& set);

} // namespace tagalign::model::pipeline
