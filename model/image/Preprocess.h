#pragma once

#include "model/image/Resize.h"
#include "model/image/RgbImage.h"

#include <torch/torch.h>

#include <array>

namespace tagalign::model::image {

/// Of the checkpoint, per channel R, G, B, of samples in [0, 1].
struct Normalisation
{
    std::array<double, 3> mean;
    std::array<double, 3> deviation;
};

/// To a size (Resize.h, resizeBicubic). @return [3, height, width] float32, normalised.
[[nodiscard]] torch::Tensor preprocessTo(const RgbImage& image, PixelSize size,
                                         const Normalisation& normalisation);

/// The middle square, as CLIP sees an image for its global embedding (Resize.h, cropForClip).
/// @return [3, side, side] float32, normalised.
[[nodiscard]] torch::Tensor preprocessCrop(const RgbImage& image, int side,
                                           const Normalisation& normalisation);

/// Both sides to `side`, whatever the aspect, as SigLIP sees an image for its global embedding
/// (Resize.h, resizeBicubic). @return [3, side, side] float32, normalised.
[[nodiscard]] torch::Tensor preprocessSquash(const RgbImage& image, int side,
                                             const Normalisation& normalisation);

/// The whole picture for dense maps (Resize.h, wholeSize).
/// @return [3, H, W] float32, normalised; H and W multiples of `patch`.
[[nodiscard]] torch::Tensor preprocessWhole(const RgbImage& image, int shortSide, int patch,
                                            const Normalisation& normalisation);

} // namespace tagalign::model::image
