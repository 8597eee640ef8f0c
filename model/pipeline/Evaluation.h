#pragma once

#include "model/Progress.h"
#include "model/align/Choices.h"
#include "model/pipeline/PilotData.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace tagalign::model::pipeline {

/// One measured figure, before and after fine-tuning, on the same test images.
struct MetricRow
{
    std::string metric; ///< "tag mAP", "text-to-image R@1", .., "false alerts per image"
    std::string kind;   ///< "objects", "attributes", "both" or "captions"
    double before = 0.0;
    double after = 0.0;
    double low = 0.0; ///< 95 % interval of after - before: paired bootstrap over images
    double high = 0.0;
    std::size_t images = 0; ///< test images it was computed on
};

struct TagRow
{
    std::size_t tag = 0; ///< index into PilotData::tags
    double before = 0.0; ///< average precision
    double after = 0.0;
    std::size_t positives = 0; ///< test images that carry it
};

struct EvaluationSettings
{
    int resamples = 2000;
    unsigned seed = 1;
    double blend = 0.0; ///< 0 = head, 1 = frozen: interpolation of the "after" scores
};

struct EvaluationResult
{
    std::vector<MetricRow> metrics;
    std::vector<TagRow> tags;
    align::ScoreShares sharesBefore; ///< of patches beside the whole-image vector, by validation
    align::ScoreShares sharesAfter;
    std::size_t testImages = 0;
    std::size_t leftOut = 0;           ///< test and validation images without stored features
    std::vector<std::string> cautions; ///< e.g. "only 12 test images: ..", one sentence each
};

/// Scores the frozen model and the head on the test split. Images without stored features are
/// left out and told of.
/// @throws Error if there is no test image (left), or the head cannot be read; Cancelled.
EvaluationResult evaluateHead(const ModelFiles& model, const PilotData& data,
                              const std::filesystem::path& headFile,
                              const EvaluationSettings& settings, const OnProgress& onProgress);

} // namespace tagalign::model::pipeline
