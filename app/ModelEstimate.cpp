#include "app/ModelEstimate.h"

#include "model/clip/ClipBench.h"

#include <algorithm>
#include <mutex>

namespace tagalign::app {

namespace {

constexpr int kBatch = 16;                      ///< pictures that are encoded together
constexpr int kMeasuredBatch = 1;               ///< people wait for it
constexpr qint64 kProgramBytes = 400'000'000LL; ///< LibTorch and the window

const CatalogueModel kVitB16{}; ///< 224 px, patch 16, width 768, 12 layers

qint64 tokensOf(const CatalogueModel& model)
{
    const qint64 side = model.imageSize / std::max(1, model.patchSize);
    return side * side + 1;
}

} // namespace

double imageOperations(const CatalogueModel& model)
{
    const double tokens = double(tokensOf(model));
    const double width = model.visionWidth;
    // Two operations for each weight of a block (12 width²) and for the attention's two products.
    const double block = tokens * (24.0 * width * width + 4.0 * tokens * width);
    const double patches = 2.0 * tokens * width * 3.0 * model.patchSize * model.patchSize;
    return model.visionLayers * block + patches;
}

double measuredOperationsPerSecond()
{
    static std::mutex mutex;
    static double best = 0.0;
    const std::lock_guard lock(mutex);
    for (const auto& rate : model::clip::bareForwardRates({.batch = kMeasuredBatch, .rounds = 1})) {
        if (rate.name == "fp32" || rate.name == "bf16") {
            best = std::max(best, rate.imagesPerSecond);
        }
    }
    return best * imageOperations(kVitB16);
}

ModelEstimate estimateOf(const CatalogueModel& model, double operationsPerSecond)
{
    // fp32 weights, those of the image tower once more in the form they are multiplied in, and
    // some ten activations a token.
    const qint64 weights = 4 * model.parameters;
    const qint64 tower =
        qint64(12) * model.visionWidth * model.visionWidth * model.visionLayers * 4;
    const qint64 activations = qint64(kBatch) * tokensOf(model) * model.visionWidth * 4 * 10;
    return {.memoryBytes = kProgramBytes + weights + tower + activations,
            .imagesPerSecond = operationsPerSecond / imageOperations(model)};
}

} // namespace tagalign::app
