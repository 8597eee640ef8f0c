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
    if (trials == 0) {
        return {0.0, 1.0};
    }
    const double n = double(trials);
    const double p = double(successes) / n;
    const double z2 = kNormal975 * kNormal975;
    const double centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    const double half =
        kNormal975 / (1.0 + z2 / n) * std::sqrt(p * (1.0 - p) / n + z2 / (4.0 * n * n));
    // At the two ends rounding would leave 1e-17 where 0 and 1 are exact.
    return {successes == 0 ? 0.0 : std::max(0.0, centre - half),
            successes == trials ? 1.0 : std::min(1.0, centre + half)};
}

} // namespace tagalign::model::eval
