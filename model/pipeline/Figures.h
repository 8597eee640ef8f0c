#pragma once

#include "model/pipeline/Evaluation.h"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace tagalign::model::pipeline {

using Weights = std::span<const std::uint32_t>;

/// A row of a result and how to compute it for the images as weighted (empty = once each); NaN
/// where it cannot be.
struct Figure
{
    MetricRow row;
    std::function<double(Weights)> before;
    std::function<double(Weights)> after;
};

/// The bootstrap's progress under its own name.
[[nodiscard]] OnProgress resampling(const OnProgress& onProgress);

/// The figures' rows with values and intervals, all on the same draws of the images; without those
/// that cannot be computed. @throws Cancelled
[[nodiscard]] std::vector<MetricRow> measured(const std::vector<Figure>& figures,
                                              std::size_t images,
                                              const EvaluationSettings& settings,
                                              const OnProgress& onProgress);

} // namespace tagalign::model::pipeline
