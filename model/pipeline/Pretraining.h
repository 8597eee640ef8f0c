#pragma once

#include "model/Progress.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace tagalign::model::pipeline {

/// A share of the samples, seen at one size (position embedding interpolated).
struct PretrainStage
{
    double share = 1.0; ///< of the samples, in [0, 1]
    int side = 96;      ///< pixels, multiple of the patch size 8
    /// Share of the patches that the tower sees, drawn anew for each picture: half of them teach
    /// nearly as much in half the time (FLIP, arXiv 2212.00794).
    double kept = 1.0;
};

/// How a small CLIP is trained from scratch. Small pictures come first: they are learned faster,
/// and objects before clutter.
struct PretrainSettings
{
    std::int64_t samples = 400'000;
    double minutes = 0.0; ///< if > 0: stages and learning rate follow the clock and end then
    int batchSize = 96;
    double learningRate = 1e-3; ///< AdamW, warmed up over 3 % of the steps, then cosine to 0
    double weightDecay = 0.05;
    double classWeight = 1.0; ///< of the classes' loss
    /// Shares sum to 1; the last side is the model's input size.
    std::vector<PretrainStage> stages{{0.3, 48}, {0.25, 64}, {0.35, 96, 0.5}, {0.1, 96}};
    int threads = 2;           ///< each learns a part of the batch
    std::size_t merges = 4000; ///< of the vocabulary
    std::uint64_t seed = 1;
    /// A checkpoint that pretrainClip() has written, to go on from with a new course of the
    /// learning rate; empty: from scratch.
    std::filesystem::path from;
};

/// N pictures with a caption each, and what each shows among the classes that prompts name.
struct PretrainBatch
{
    std::vector<std::uint8_t> rgb; ///< [N, side, side, 3]
    std::vector<std::string> captions;
    std::vector<std::string> prompts;               ///< one for each class
    std::vector<std::vector<std::int64_t>> classes; ///< of each picture; may be empty
};

/// Makes a batch of `count` pictures for settings.stages[stage]. Called on a thread of its own
/// while the one before is learned.
using NextBatch = std::function<PretrainBatch(int count, std::size_t stage)>;

struct PretrainEvent
{
    std::int64_t step = 0; ///< from 1
    std::int64_t steps = 0;
    double loss = 0.0;      ///< InfoNCE, nats
    double classLoss = 0.0; ///< nats
    double samplesPerSecond = 0.0;
};

/// Trains image and text tower with the symmetric InfoNCE loss of CLIP (arXiv 2103.00020, section
/// 2.3) and, on the same vectors and temperature, softmax cross-entropy of each picture against the
/// prompts of all classes (after UniCL, arXiv 2204.03610). Writes a published-format folder (fp16,
/// vocabulary included), also every five minutes, so that a stopped run leaves a model.
/// Same seed and threads on one machine: nearly the same model (bf16 sums may differ).
/// @throws Error, Cancelled
void pretrainClip(const PretrainSettings& settings, const NextBatch& nextBatch,
                  const std::filesystem::path& folder,
                  const std::function<Next(const PretrainEvent&)>& onStep);

/// How often the right prompt is the nearest, or among the five nearest.
struct ZeroShotAccuracy
{
    double top1 = 0.0; ///< [0, 1]
    double top5 = 0.0;
};

/// Ranks the prompts for each picture. @param labels the right prompt of each picture.
/// @throws Error
[[nodiscard]] ZeroShotAccuracy zeroShotAccuracy(const std::filesystem::path& checkpoint,
                                                const std::vector<std::uint8_t>& rgb, int side,
                                                const std::vector<std::string>& prompts,
                                                const std::vector<std::size_t>& labels);

} // namespace tagalign::model::pipeline
