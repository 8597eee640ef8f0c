#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

/// How well label maps agree with the masks people drew.
namespace tagalign::model::eval {

/// Pixels of one class on one image, where the truth is not ignored.
struct ClassPixels
{
    std::size_t label = 0;
    std::uint64_t common = 0; ///< predicted as the class, and truly of it
    std::uint64_t predicted = 0;
    std::uint64_t truth = 0;
};

/// Of one image: the classes that are predicted or true somewhere, ascending.
using PixelCounts = std::vector<ClassPixels>;

/// The ignore value of most published sets.
inline constexpr std::uint16_t kIgnoredLabel = 255;

/// Counts where the truth is not `ignored`, as mmsegmentation's intersect_and_union.
/// @param predicted, truth as long as each other: labels below `classes`, row-major.
/// @throws ShapeError if they differ in length; RangeError naming a label that is no class.
[[nodiscard]] PixelCounts countPixels(std::span<const std::uint16_t> predicted,
                                      std::span<const std::uint16_t> truth, std::size_t classes,
                                      std::uint16_t ignored = kIgnoredLabel);

/// Of a whole set, in [0, 1].
struct SegmentationScore
{
    /// Of each class, all its intersections over all its unions; NaN if it is nowhere.
    std::vector<double> iou;
    double meanIou = 0.0; ///< over the classes of the truth; NaN without any
    /// The same and classes that are predicted only, which count 0: mmsegmentation's mean. Equal to
    /// meanIou where each class is in the truth, as on the published benchmarks.
    double meanIouOfSeen = 0.0;
    double pixelAccuracy = 0.0; ///< NaN without any pixel
};

/// As mmsegmentation's IoUMetric: sums over the images first, one division then.
/// @param images  labels below `classes`.
/// @param weights how often each image counts; empty = once each.
[[nodiscard]] SegmentationScore scoreSegmentation(std::span<const PixelCounts> images,
                                                  std::size_t classes,
                                                  std::span<const std::uint32_t> weights = {});

} // namespace tagalign::model::eval
