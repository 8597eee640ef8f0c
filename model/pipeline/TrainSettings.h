#pragma once

#include "model/align/Choices.h"

#include <cstdint>
#include <string>

namespace tagalign::model::pipeline {

using align::HeadKind;
using align::TagGroups;
using align::TagObjective;
using align::TagPooling;

enum class Device { Automatic, Cpu, Cuda };

/// Settings of one run; all of them go into its run.json.
struct TrainSettings
{
    HeadKind head = HeadKind::Adapter;
    TagPooling pooling = TagPooling::LogSumExp;
    TagObjective tagObjective = TagObjective::Softmax;
    TagGroups tagGroups = TagGroups::Separate; ///< of the softmax
    /// Of the patches in the vector that captions are compared with, [0, 1]; the rest is the frozen
    /// image vector. 1: the paper's, which then has no part in scores either.
    double captionShare = 0.5;
    int epochs = 40;                  ///< >= 1
    int patience = 0;                 ///< epochs without a better one that end it; 0: never
    int batchSize = 64;               ///< images, >= 2
    double learningRate = 3e-3;       ///< AdamW
    double weightDecay = 0.05;        ///< AdamW
    double clipNorm = 5.0;            ///< of the whole gradient
    double captionWeight = 1.0;       ///< lambda of the InfoNCE loss
    double objectWeight = 1.0;        ///< lambda of the tag loss over objects
    double attributeWeight = 1.0;     ///< lambda of the tag loss over attributes
    double pullWeight = 1.0;          ///< of the squared distance from the frozen output
    double confidenceThreshold = 0.5; ///< unverified candidates below count as unknown
    int tagLimit = 0; ///< most frequent tags of each kind that are trained on; 0: all
    std::uint64_t seed = 1;
    Device device = Device::Automatic;

    bool operator==(const TrainSettings&) const = default;
};

/// The paper's (arXiv 2312.14149) as its official code has them, as far as one machine's batches
/// allow: gated convolutions, mean pooling, one softmax over all tags, the mean patch as image
/// vector, no pull; AdamW 1e-3, decay 0.05, clip 5, both temperatures from 0.07. Two slips of that
/// code are not repeated: a contrastive weight of 0 leaves the tag loss on, and images without tags
/// do not dilute its mean.
[[nodiscard]] TrainSettings paperSettings();

/// One JSON object, keys in alphabetical order.
[[nodiscard]] std::string toJson(const TrainSettings& settings);

/// For people: the head and what differs from the defaults, e.g. "adapter, epochs 6".
[[nodiscard]] std::string titleOf(const TrainSettings& settings);

/// What the text does not name keeps its default, so that runs of earlier versions can be read.
/// @throws FormatError naming what is no setting or has an unknown name.
[[nodiscard]] TrainSettings trainSettingsFromJson(const std::string& text);

[[nodiscard]] std::string nameOf(Device device); ///< "auto", "cpu", "cuda"

} // namespace tagalign::model::pipeline
