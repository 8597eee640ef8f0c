#pragma once

#include "model/Progress.h"
#include "model/pipeline/PilotData.h"
#include "model/pipeline/TrainSettings.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tagalign::model::pipeline {

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
/// Images without stored features are left out and told of. A batch that does not fit into memory
/// is halved, down to 8 images, and told of.
/// @throws Error if fewer than 2 training images are left, naming the first without features;
///         Cancelled (the checkpoint stays).
TrainResult trainHead(const ModelFiles& model, const PilotData& data, const TrainSettings& settings,
                      const std::filesystem::path& runFolder, const OnTrain& onTrain);

} // namespace tagalign::model::pipeline
