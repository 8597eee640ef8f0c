#pragma once

#include "model/clip/ClipConfig.h"

#include <string>
#include <vector>

namespace tagalign::model::clip {

struct BenchOptions
{
    ClipConfig model = vitB16Config();
    int batch = 16;             ///< images, >= 1
    int rounds = 5;             ///< timed batches of each candidate, >= 1
    std::string device = "cpu"; ///< what resolveDevice gave
};

struct ForwardRate
{
    std::string name;             ///< "fp32", "bf16", "int8", "bf16 matrix products alone"
    double imagesPerSecond = 0.0; ///< median over the rounds
    double flopsPerSecond = 0.0;  ///< multiplications and additions, of matrix products only
    /// Smallest cosine against fp32 over the batch's patch tokens and global vectors; 1 for fp32
    /// itself, 0 where nothing is encoded.
    double cosine = 0.0;
};

/// The bare forward pass (pixels on the device in, features there out) of a vision tower with
/// random weights in each precision that the device has, and the matrix products of that pass
/// alone, which no forward pass can outrun. The candidates take turns, so that a busy machine
/// slows all alike.
/// @throws RangeError, Error
[[nodiscard]] std::vector<ForwardRate> bareForwardRates(const BenchOptions& options);

/// What the device reaches in bf16 at best: one product of two square matrices, the median of some.
/// @param side of the matrices. @return multiplications and additions a second. @throws RangeError
[[nodiscard]] double peakFlopsPerSecond(const std::string& device, int side);

/// Multiplications and additions of the tower's matrix products for one image at its own size,
/// attention's included.
[[nodiscard]] double forwardFlops(const VisionConfig& config);

} // namespace tagalign::model::clip
