#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

/// How well a heatmap says where something is.
namespace tagalign::model::eval {

/// One heatmap against the region where its prompt is true, for every threshold of a list.
struct RegionScore
{
    bool pointsInside = false; ///< the hottest pixel lies in the region (pointing game)
    std::vector<double> iou;   ///< of {heat >= threshold} with the region, one for each threshold
};

/// @param heat   finite, one value a pixel. @param inside as many; not 0 in the region.
/// @param thresholds ascending. Of equally hot pixels the first counts.
/// @throws ShapeError if the two differ in length or are empty; RangeError if a heat is not finite.
[[nodiscard]] RegionScore scoreRegion(std::span<const float> heat,
                                      std::span<const std::uint8_t> inside,
                                      std::span<const float> thresholds);

/// `count` thresholds evenly over [low, high], both ends included. @throws RangeError unless
/// low < high and count >= 2.
[[nodiscard]] std::vector<float> thresholdsBetween(float low, float high, std::size_t count);

} // namespace tagalign::model::eval
