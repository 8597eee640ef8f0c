#pragma once

#include <torch/torch.h>

#include <cstdint>

namespace tagalign::model::align {

/// How similarities become masks; the defaults are the official values.
struct MaskSettings
{
    double scale = 10.0; ///< mask = sigmoid(scale · cos + offset)
    double offset = -2.5;
    double blend = 0.3;     ///< part of the frozen mask, [0, 1]: 0 = head alone, 1 = frozen alone
    double threshold = 0.4; ///< below it everywhere: background
};

/// Soft mask of each class over the picture: per patch, blended, then bilinear to its size.
/// @param head, frozen [N, P, D] projected patches, P = rows × columns. @param classes [K, D].
/// @return [N, K, height, width] in (0, 1). @throws ShapeError, RangeError
[[nodiscard]] torch::Tensor softMasks(const torch::Tensor& head, const torch::Tensor& frozen,
                                      const torch::Tensor& classes, std::int64_t rows,
                                      std::int64_t columns, std::int64_t height, std::int64_t width,
                                      const MaskSettings& settings = {});

/// Best class of each pixel. @param masks [N, K, H, W].
/// @return [N, H, W] int64: 0 background, k + 1 for class k.
[[nodiscard]] torch::Tensor labelMap(const torch::Tensor& masks, double threshold);

} // namespace tagalign::model::align
