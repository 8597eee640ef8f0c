#pragma once

#include "model/align/MaskSettings.h"

#include <torch/torch.h>

#include <cstdint>

namespace tagalign::model::align {

/// Soft mask of each class at each patch, the head's blended with the frozen model's.
/// @param head, frozen [N, P, D] projected patches. @param classes [K, D].
/// @return [N, P, K] in (0, 1). @throws ShapeError, RangeError
[[nodiscard]] torch::Tensor patchMasks(const torch::Tensor& head, const torch::Tensor& frozen,
                                       const torch::Tensor& classes,
                                       const MaskSettings& settings = {});

/// patchMasks() over the picture, bilinear to its size. @param head, frozen P = rows × columns.
/// @return [N, K, height, width] in (0, 1). @throws ShapeError, RangeError
[[nodiscard]] torch::Tensor softMasks(const torch::Tensor& head, const torch::Tensor& frozen,
                                      const torch::Tensor& classes, std::int64_t rows,
                                      std::int64_t columns, std::int64_t height, std::int64_t width,
                                      const MaskSettings& settings = {});

/// Best class of each pixel. @param masks [N, K, H, W].
/// @return [N, H, W] int64: 0 background, k + 1 for class k.
[[nodiscard]] torch::Tensor labelMap(const torch::Tensor& masks, double threshold);

} // namespace tagalign::model::align
