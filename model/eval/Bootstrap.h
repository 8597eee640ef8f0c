#pragma once

#include "model/Progress.h"
#include "model/eval/Interval.h"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace tagalign::model::eval {

struct BootstrapSettings
{
    int resamples = 2000; ///< >= 1
    std::uint64_t seed = 1;
};

/// Figures of one resample; NaN where one cannot be computed (such resamples are left out of
/// that figure's interval).
/// @param weights how often each item was drawn.
using Statistics = std::function<std::vector<double>(std::span<const std::uint32_t> weights)>;

/// 95 % intervals by the bootstrap, bias-corrected and accelerated (BCa: Efron 1987, Better
/// Bootstrap Confidence Intervals): items are drawn with replacement, and all figures of a resample
/// see the same draw. Paired when a figure is the difference between two models. (Plain percentiles
/// hold too rarely for average precision: items drawn twice shift it.)
/// The same seed gives the same intervals on every machine.
/// @return one interval for each figure; both ends NaN if it, or every resample of it, is NaN.
/// @throws RangeError if there is no item or no resample; Cancelled.
[[nodiscard]] std::vector<Interval> bootstrapIntervals(std::size_t items,
                                                       const BootstrapSettings& settings,
                                                       const Statistics& statistics,
                                                       const OnProgress& onProgress = {});

/// Intervals that hold all at once with 95 %, for many figures looked at together: estimate ±
/// c · standard error, both from the bootstrap, where c is the 95 % point of the greatest
/// standardised deviation among all figures of a resample (single-step max-t: Westfall and Young,
/// Resampling-Based Multiple Testing, 1993, section 2.3). Figures that move together cost less than
/// under Bonferroni's correction.
/// @param estimates of the figures as they are, as many as `statistics` returns.
/// @return one interval for each figure; both ends NaN where no resample could compute it.
/// @throws RangeError if there is no item or no resample; ShapeError if the numbers of figures
///         differ; Cancelled.
[[nodiscard]] std::vector<Interval> simultaneousIntervals(std::size_t items,
                                                          const BootstrapSettings& settings,
                                                          std::span<const double> estimates,
                                                          const Statistics& statistics,
                                                          const OnProgress& onProgress = {});

} // namespace tagalign::model::eval
