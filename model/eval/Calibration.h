#pragma once

#include "model/eval/TagRanking.h"

#include <cstddef>
#include <span>
#include <vector>

/// Whether "70 % sure" is right in 70 % of the cases.
namespace tagalign::model::eval {

/// Turns scores into probabilities: p = 1 / (1 + exp(-(slope · score + offset))). The slope is the
/// inverse of a temperature.
struct ScoreScale
{
    double slope = 0.0;
    double offset = 0.0;

    [[nodiscard]] double probability(float score) const;
};

/// Fitted by maximum likelihood, targets drawn in from 0 and 1 as Platt does, so that separable
/// scores have a finite slope (Platt 1999; Newton's method with backtracking, Lin, Lin and Weng
/// 2007). Unknown pairs are left out.
/// @return of no known pair: slope 0, offset 0.
/// @throws ShapeError if lengths differ; RangeError if a score is not finite.
[[nodiscard]] ScoreScale fitScale(std::span<const float> scores, std::span<const Label> labels);

/// Pairs whose probability lies in one of the equally wide parts of [0, 1].
struct ReliabilityBin
{
    double count = 0.0;
    double probability = 0.0; ///< sum over the pairs
    double present = 0.0;     ///< pairs where the tag is present
};

/// Part of [0, 1] that a probability lies in, from 0; 1 belongs to the last one.
/// @param bins >= 1.
[[nodiscard]] std::size_t binOf(double probability, std::size_t bins);

/// Expected calibration error (Guo et al. 2017, arXiv 1706.04599, equation 3): the mean distance
/// of a bin's mean probability from its share of present pairs, weighted by the bin's pairs.
/// @return in [0, 1]; NaN without a pair.
[[nodiscard]] double calibrationError(std::span<const ReliabilityBin> bins);

} // namespace tagalign::model::eval
