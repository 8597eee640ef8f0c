#pragma once

#include "model/align/Choices.h"
#include "model/eval/Retrieval.h"
#include "model/pipeline/Evaluation.h"

#include <optional>
#include <vector>

namespace tagalign::model::pipeline {

/// What one model says about the images. Image and tag order as given.
struct ModelScores
{
    std::vector<std::vector<float>> testTags;       ///< [tag][test image], in [-1, 1]
    std::vector<std::vector<float>> validationTags; ///< [tag][validation image]
    std::vector<eval::ImageRanks> textToImage;      ///< [test image][its caption]
    std::vector<eval::ImageRanks> imageToText;      ///< [test image], one or none
};

struct EvaluationScores
{
    ModelScores before; ///< frozen patches, scored by the rule that `after` is scored by
    ModelScores after;  ///< the head's patches, blended with `before`
    ModelScores whole;  ///< the frozen model's own image vector, as published
    SharePair shares;   ///< by which `before` and `after` were mixed
};

struct EvaluationImages
{
    std::vector<const PilotImage*> test;
    std::vector<const PilotImage*> validation;
};

/// Those of the data, which has to outlive them.
[[nodiscard]] EvaluationImages evaluationImages(const PilotData& data);

/// Tags: pooled over patches as the head was trained to, and the cosine with the global vector.
/// Retrieval: the mean patch and the global vector (align::retrievalVector). How much each counts
/// is chosen on the validation images, for the frozen model and for the head alike (one half
/// without any), unless it is given. @throws Error, Cancelled
[[nodiscard]] EvaluationScores
scoreImages(const ModelFiles& model, const std::vector<PilotTag>& tags,
            const EvaluationImages& images, const std::filesystem::path& headFile, double blend,
            const OnProgress& onProgress, const std::optional<SharePair>& given = std::nullopt);

/// What scoreImages() would choose for the head. @throws Error, Cancelled
[[nodiscard]] align::ScoreShares chooseShares(const ModelFiles& model,
                                              const std::vector<PilotTag>& tags,
                                              const std::vector<const PilotImage*>& validation,
                                              const std::filesystem::path& headFile,
                                              const OnProgress& onProgress);

} // namespace tagalign::model::pipeline
