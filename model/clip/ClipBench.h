#pragma once

#include <string>
#include <vector>

namespace tagalign::model::clip {

struct BenchOptions
{
    int batch = 16; ///< images, >= 1
    int rounds = 5; ///< timed batches of each candidate, >= 1
    std::string device = "cpu";
};

struct ForwardRate
{
    std::string name;             ///< "fp32", "bf16", "int8", "bf16 matrix products alone"
    double imagesPerSecond = 0.0; ///< median over the rounds
    /// Smallest cosine against fp32 over the batch's patch tokens and global vectors; 1 for fp32
    /// itself, 0 where nothing is encoded.
    double cosine = 0.0;
};

/// The bare forward pass (tensor in, features out) of a ViT-B/16 with random weights in each
/// precision that the device has, and the matrix products of that pass alone, which no forward
/// pass can outrun. The candidates take turns, so that a busy machine slows all alike.
/// @throws RangeError, Error
[[nodiscard]] std::vector<ForwardRate> bareForwardRates(const BenchOptions& options);

} // namespace tagalign::model::clip
