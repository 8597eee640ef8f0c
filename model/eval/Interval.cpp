#include "model/eval/Interval.h"

#include "model/Error.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace tagalign::model::eval {

namespace {

constexpr double kNormal975 = 1.959963984540054; ///< 97.5 % point of the normal distribution

} // namespace

Interval wilsonInterval(std::int64_t successes, std::int64_t trials)
{
    if (successes < 0 || successes > trials) {
        throw RangeError(std::to_string(successes) + " successes of " + std::to_string(trials) +
                         " trials: expected between 0 and all of them");
    }
    return trials == 0 ? Interval{0.0, 1.0}
                       : wilsonIntervalOfShare(double(successes) / double(trials), double(trials));
}

Interval wilsonIntervalOfShare(double share, double trials)
{
    if (!(share >= 0.0 && share <= 1.0) || !(trials >= 0.0)) {
        throw RangeError("share " + std::to_string(share) + " of " + std::to_string(trials) +
                         " trials: expected a share in [0, 1] and no fewer than 0 trials");
    }
    if (trials == 0.0) {
        return {0.0, 1.0};
    }
    const double z2 = kNormal975 * kNormal975;
    const double centre = (share + z2 / (2.0 * trials)) / (1.0 + z2 / trials);
    const double half = kNormal975 / (1.0 + z2 / trials) *
                        std::sqrt(share * (1.0 - share) / trials + z2 / (4.0 * trials * trials));
    // At the two ends rounding would leave 1e-17 where 0 and 1 are exact.
    return {share == 0.0 ? 0.0 : std::max(0.0, centre - half),
            share == 1.0 ? 1.0 : std::min(1.0, centre + half)};
}

} // namespace tagalign::model::eval
