#include "model/eval/Localization.h"

#include "model/Error.h"

#include <algorithm>
#include <cmath>

namespace tagalign::model::eval {

RegionScore scoreRegion(std::span<const float> heat, std::span<const std::uint8_t> inside,
                        std::span<const float> thresholds)
{
    if (heat.size() != inside.size() || heat.empty()) {
        throw ShapeError("a heatmap of " + std::to_string(heat.size()) +
                         " pixels cannot be compared with a region of " +
                         std::to_string(inside.size()));
    }
    // How many pixels reach just so many thresholds, in the region and outside.
    std::vector<std::size_t> reachedInside(thresholds.size() + 1, 0);
    std::vector<std::size_t> reachedOutside(thresholds.size() + 1, 0);
    std::size_t region = 0;
    std::size_t hottest = 0;
    for (std::size_t i = 0; i < heat.size(); ++i) {
        if (!std::isfinite(heat[i])) {
            throw RangeError("a heatmap has a value that is not finite");
        }
        const auto reached = std::size_t(
            std::upper_bound(thresholds.begin(), thresholds.end(), heat[i]) - thresholds.begin());
        if (inside[i] != 0) {
            ++reachedInside[reached];
            ++region;
        } else {
            ++reachedOutside[reached];
        }
        if (heat[i] > heat[hottest]) {
            hottest = i;
        }
    }
    RegionScore score{.pointsInside = inside[hottest] != 0,
                      .iou = std::vector<double>(thresholds.size(), 0.0)};
    std::size_t common = 0;
    std::size_t outside = 0;
    for (std::size_t i = thresholds.size(); i-- > 0;) {
        common += reachedInside[i + 1];
        outside += reachedOutside[i + 1];
        const std::size_t both = region + outside;
        score.iou[i] = both > 0 ? double(common) / double(both) : 0.0;
    }
    return score;
}

std::vector<float> thresholdsBetween(float low, float high, std::size_t count)
{
    if (!(low < high) || count < 2) {
        throw RangeError("thresholds need a range above zero and at least two places");
    }
    std::vector<float> thresholds(count);
    for (std::size_t i = 0; i < count; ++i) {
        thresholds[i] = low + (high - low) * float(i) / float(count - 1);
    }
    return thresholds;
}

} // namespace tagalign::model::eval
