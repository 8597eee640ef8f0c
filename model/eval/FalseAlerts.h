#pragma once

#include "model/eval/TagRanking.h"

#include <optional>
#include <span>

/// The third metric of a pilot: how often a model cries wolf once its threshold is set so that
/// it finds as much as the base model finds at its best F1. Scores of all (image, tag) pairs of
/// a kind go together; one threshold for all of them. Unknown pairs are left out.
namespace tagalign::model::eval {

/// Recall at the threshold with the greatest F1; at equal F1 the greater recall.
/// @return nothing if no pair is Present. @throws ShapeError if lengths differ.
[[nodiscard]] std::optional<double> recallAtBestF1(std::span<const float> scores,
                                                   std::span<const Label> labels);

/// The highest threshold t at which "score >= t" reaches the recall.
/// @param recall in (0, 1]. @return nothing if no pair is Present.
/// @throws ShapeError, RangeError
[[nodiscard]] std::optional<float> thresholdForRecall(std::span<const float> scores,
                                                      std::span<const Label> labels, double recall);

struct ThresholdPair
{
    float before = 0.0F;
    float after = 0.0F;
};

/// For both models the thresholds at which they reach the recall that `before` has at its best F1.
/// @return nothing if no pair is Present. @throws ShapeError if lengths differ.
[[nodiscard]] std::optional<ThresholdPair> matchedThresholds(std::span<const float> before,
                                                             std::span<const float> after,
                                                             std::span<const Label> labels);

/// The highest threshold t at which "score >= t" holds for as many pairs as are Present: precision
/// and recall are equal there, but for ties. So a model that says tags too often at large does not
/// seem to prefer some of them.
/// @return nothing if no pair is Present. @throws ShapeError if lengths differ.
[[nodiscard]] std::optional<float> breakEvenThreshold(std::span<const float> scores,
                                                      std::span<const Label> labels);

} // namespace tagalign::model::eval
