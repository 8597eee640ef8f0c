#pragma once

#include "model/Progress.h"
#include "model/pipeline/PilotData.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tagalign::model::pipeline {

enum class HeadKind { Adapter, GatedConv };
enum class TagPooling { Mean, LogSumExp };
enum class Device { Automatic, Cpu, Cuda };

/// Settings of one run; all of them go into its run.json.
struct TrainSettings
{
    HeadKind head = HeadKind::Adapter;
    TagPooling pooling = TagPooling::LogSumExp;
    int epochs = 40;                  ///< >= 1
    int batchSize = 64;               ///< images, >= 2
    double learningRate = 3e-3;       ///< AdamW
    double weightDecay = 0.05;        ///< AdamW
    double clipNorm = 5.0;            ///< of the whole gradient
    double captionWeight = 1.0;       ///< lambda of the InfoNCE loss
    double objectWeight = 1.0;        ///< lambda of the tag loss over objects
    double attributeWeight = 1.0;     ///< lambda of the tag loss over attributes
    double pullWeight = 1.0;          ///< of the squared distance from the frozen output
    double confidenceThreshold = 0.5; ///< unverified candidates below count as unknown
    std::uint64_t seed = 1;
    Device device = Device::Automatic;
};

/// Means over the epoch, in nats (pull: squared distance of unit vectors).
struct LossParts
{
    double caption = 0.0;
    double objects = 0.0;
    double attributes = 0.0;
    double pull = 0.0;
    double total = 0.0;
};

/// How far the training is; `epochEnded` carries the epoch's result after its last step.
struct TrainEvent
{
    struct EpochEnd
    {
        LossParts train;
        LossParts validation;          ///< zeros if there is no validation image
        double validationTagMap = 0.0; ///< mean of objects' and attributes' mAP, [0, 1]
        bool isBest = false;
    };

    int epoch = 0; ///< from 1; 0 while texts are embedded: `step` of `steps` of them
    int epochs = 0;
    int step = 0; ///< finished in this epoch
    int steps = 0;
    std::optional<EpochEnd> epochEnded;
};

/// Called on the training thread after each step and in between (100 ms of work), so often with
/// the same step twice. May block (pause). Stop cancels.
using OnTrain = std::function<Next(const TrainEvent&)>;

struct TrainResult
{
    std::filesystem::path head; ///< RUN/head.safetensors: the best epoch by validation
    int bestEpoch = 0;
    std::vector<TrainEvent::EpochEnd> epochs;
    std::size_t trainImages = 0;
    std::size_t leftOut = 0; ///< training and validation images without stored features
    double seconds = 0.0;
    std::string device;                ///< e.g. "CPU, bf16"
    std::vector<std::string> cautions; ///< what a user has to know of it, one sentence each
};

/// Fine-tunes a head on cached features (design, section 4). Writes head.safetensors, run.json
/// and metrics.jsonl into the run's folder, and a checkpoint each epoch from which a later call
/// with the same folder and settings continues.
/// Same data, settings, machine and thread count: the same head.
/// Images without stored features are left out and told of.
/// @throws Error if fewer than 2 training images are left, naming the first without features;
///         Cancelled (the checkpoint stays).
TrainResult trainHead(const ModelFiles& model, const PilotData& data, const TrainSettings& settings,
                      const std::filesystem::path& runFolder, const OnTrain& onTrain);

} // namespace tagalign::model::pipeline
