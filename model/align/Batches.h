#pragma once

#include "model/align/Trainer.h"

#include <cstdint>
#include <vector>

/// Which images and captions meet in a step. All of it follows from seed and epoch.
namespace tagalign::model::align {

using Indices = std::vector<std::int64_t>;

/// 0 .. count - 1, shuffled and cut into batches of nearly equal size, at most batchSize each
/// and at least 2 where count allows.
[[nodiscard]] std::vector<Indices> shuffledBatches(std::int64_t count, int batchSize,
                                                   std::uint64_t seed, int epoch);

/// The same without shuffling.
[[nodiscard]] std::vector<Indices> orderedBatches(std::int64_t count, int batchSize);

/// One caption of each image, -1 where it has none. Epoch 0 takes the first ones.
[[nodiscard]] Indices drawCaptions(const SampleSet& set, const Indices& batch, std::uint64_t seed,
                                   int epoch);

/// Sorts a batch by the shape of its patch grids and cuts it into runs of one shape, none of
/// them above the budget (a single image may be).
/// @param flopsPerPatch of a forward pass.
[[nodiscard]] std::vector<Indices> chunksOf(const SampleSet& set, Indices& batch,
                                            double flopsPerPatch, double budget);

} // namespace tagalign::model::align
