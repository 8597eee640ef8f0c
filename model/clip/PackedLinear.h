#pragma once

#include "model/clip/ClipEncoder.h"

#include <torch/torch.h>

namespace tagalign::model::clip {

/// What follows the matrix product inside the same kernel.
enum class After { Nothing, Silu, Gelu, TanhGelu };

/// A linear layer with frozen weights in the layout that oneDNN multiplies fastest.
class PackedLinear
{
public:
    /// @param weight [out, in] float32 @param bias [out] float32
    PackedLinear(const torch::Tensor& weight, const torch::Tensor& bias, Precision precision,
                 After after = After::Nothing);

    [[nodiscard]] torch::Tensor operator()(const torch::Tensor& x) const;

    /// residual + layer(x)
    [[nodiscard]] torch::Tensor onto(const torch::Tensor& residual, const torch::Tensor& x) const;

private:
    void packInt8(const torch::Tensor& weight);
    [[nodiscard]] torch::Tensor multiplyInt8(const torch::Tensor& x) const;
    [[nodiscard]] torch::Tensor activated(const torch::Tensor& y) const;

    Precision m_precision;
    After m_after;
    bool m_isPacked = false; ///< bfloat16 in oneDNN's layout
    torch::Tensor m_weight;
    torch::Tensor m_bias;
    torch::Tensor m_scales;     ///< int8: per output channel
    torch::Tensor m_zeroPoints; ///< int8: all zero
};

} // namespace tagalign::model::clip
