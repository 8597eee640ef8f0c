#pragma once

#include "model/Progress.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace tagalign::model::pipeline {

/// How a small CLIP is trained from scratch. The first share of the samples is seen at a smaller
/// size (position embedding interpolated), which is faster and learns objects first.
struct PretrainSettings
{
    std::int64_t samples = 250'000;
    int batchSize = 128;
    double learningRate = 1e-3; ///< AdamW, warmed up over 3 % of the steps, then cosine to 0
    double weightDecay = 0.05;
    double auxiliaryWeight = 0.5; ///< of the classifier on the global vector
    double firstShare = 0.55;     ///< of the samples, in [0, 1]
    int firstSide = 64;           ///< pixels, multiple of 8
    int side = 80;                ///< pixels, the model's input size
    int threads = 2;
    std::size_t merges = 4000; ///< of the vocabulary
    std::uint64_t seed = 1;
};

/// N pictures with a caption each, and the classes an auxiliary classifier learns from.
struct PretrainBatch
{
    std::vector<std::uint8_t> rgb; ///< [N, side, side, 3]
    std::vector<std::string> captions;
    std::vector<std::vector<std::int64_t>> classes; ///< of each picture; may be empty
};

/// Makes a batch of `count` pictures of `side` pixels; `isFirst`: of the first share. Called on a
/// thread of its own while the one before is learned.
using NextBatch = std::function<PretrainBatch(int count, int side, bool isFirst)>;

struct PretrainEvent
{
    std::int64_t step = 0; ///< from 1
    std::int64_t steps = 0;
    double loss = 0.0;          ///< InfoNCE, nats
    double auxiliaryLoss = 0.0; ///< nats
    double samplesPerSecond = 0.0;
};

/// Trains image and text tower with the symmetric InfoNCE loss of CLIP (arXiv 2103.00020, section
/// 2.3) beside an auxiliary classifier, and writes a published-format folder (fp16, vocabulary
/// included). The folder is also written every five minutes, so that a stopped run leaves a model.
/// Same seed and threads on one machine: nearly the same model (bf16 sums may differ).
/// @param classes how many the auxiliary classifier tells apart.
/// @throws Error, Cancelled
void pretrainClip(const PretrainSettings& settings, std::int64_t classes,
                  const NextBatch& nextBatch, const std::filesystem::path& folder,
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
