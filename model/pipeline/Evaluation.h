#pragma once

#include "model/Progress.h"
#include "model/align/Choices.h"
#include "model/pipeline/FairnessFigures.h"
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
    /// Of after - before; all tags' intervals hold at once with 95 %. Both 0 with fewer than 5
    /// positives: such a tag is not looked at by itself.
    double low = 0.0;
    double high = 0.0;
};

/// The attributes on the images that show an object.
struct SliceRow
{
    std::size_t object = 0; ///< index into PilotData::tags
    double before = 0.0;    ///< mAP of the attributes
    double after = 0.0;
    std::size_t images = 0; ///< test images that carry the object
    double low = 0.0;       ///< of after - before; all slices' intervals hold at once with 95 %
    double high = 0.0;
};

/// Tags of about the same probability.
struct ReliabilityPoint
{
    double probability = 0.0; ///< their mean
    double present = 0.0;     ///< share that is there
    std::size_t pairs = 0;    ///< of tag and test image
};

struct ReliabilityCurve
{
    std::string kind;
    std::vector<ReliabilityPoint> before; ///< ascending
    std::vector<ReliabilityPoint> after;
};

struct EvaluationSettings
{
    int resamples = 2000;
    unsigned seed = 1;
    double blend = 0.0; ///< 0 = head, 1 = frozen: interpolation of the "after" scores
};

/// How much patches count beside the whole-image vector, for the frozen model and for the head.
struct SharePair
{
    align::ScoreShares before;
    align::ScoreShares after;
};

struct EvaluationResult
{
    std::vector<MetricRow> metrics;
    std::vector<TagRow> tags;
    SharePair shares; ///< as chosen on the validation images
    std::vector<SliceRow> slices;
    std::vector<ReliabilityCurve> reliability;
    FairnessFigures fairness;
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
