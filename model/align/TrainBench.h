#pragma once

#include "model/align/Choices.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tagalign::model::align {

/// A training on random features; the sizes are those of ViT-B/16.
struct TrainBenchOptions
{
    std::string device = "cpu"; ///< what resolveDevice gave
    bool isBFloat16 = false;    ///< see Trainer
    std::int64_t tokenWidth = 768;
    std::int64_t embeddingWidth = 512;
    std::int64_t gridSide = 14;
    std::int64_t objects = 150;
    std::int64_t attributes = 50;
    int batchSize = 64;
    int steps = 4;  ///< an epoch, >= 1
    int epochs = 3; ///< timed, after one that warms up; >= 1
};

struct StepRate
{
    HeadKind head = HeadKind::Adapter;
    double stepsPerSecond = 0.0; ///< median over the epochs
    double flopsPerSecond = 0.0; ///< multiplications and additions of head and tag scores, forward
                                 ///< and backward (counted as twice the forward pass)
};

/// How fast each head trains, from features in memory to changed weights. @throws RangeError
[[nodiscard]] std::vector<StepRate> stepRates(const TrainBenchOptions& options);

} // namespace tagalign::model::align
