#pragma once

#include "model/pipeline/Evaluation.h"

namespace tagalign::model::pipeline {

struct RetentionResult
{
    /// "retention mAP" and "retention mAP against the whole-image vector"; none if no test image
    /// carries one of the tags.
    std::vector<MetricRow> metrics;
    std::size_t tags = 0; ///< that a test image carries
};

/// Whether the head still knows what it was not taught: mean average precision, before and after,
/// on test images, of tags or pictures outside the pilot.
/// @param other the pilot's images with tags that none of its trainings saw, or pictures outside
/// the
///        pilot, and what the captions say of them.
/// @param kind of the figures: "other tags" or "other pictures".
/// @param shares by which the pilot's own tags are scored: nobody would choose others for these.
/// @throws Error if there is no test image with features, or the head cannot be read; Cancelled.
[[nodiscard]] RetentionResult evaluateRetention(const ModelFiles& model, const PilotData& other,
                                                const std::filesystem::path& headFile,
                                                const SharePair& shares, const std::string& kind,
                                                const EvaluationSettings& settings,
                                                const OnProgress& onProgress);

} // namespace tagalign::model::pipeline
