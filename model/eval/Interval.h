#pragma once

#include <cstdint>

namespace tagalign::model::eval {

/// Two ends of a 95 % interval.
struct Interval
{
    double low = 0.0;
    double high = 0.0;
};

/// Wilson's score interval of a proportion (Wilson 1927): stays inside [0, 1] and is honest for
/// few trials and for proportions near 0 and 1. No trials: [0, 1].
/// @throws RangeError unless 0 <= successes <= trials.
[[nodiscard]] Interval wilsonInterval(std::int64_t successes, std::int64_t trials);

/// The same of a weighted share: `trials` is its effective sample size, (Σw)² / Σw² (Kish, Survey
/// Sampling, 1965), a fraction as a rule.
/// @param share in [0, 1]. @param trials >= 0. @throws RangeError
[[nodiscard]] Interval wilsonIntervalOfShare(double share, double trials);

} // namespace tagalign::model::eval
