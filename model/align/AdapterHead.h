#pragma once

#include "model/align/Head.h"

namespace tagalign::model::align {

/// The small one: x + up(GELU(down(LayerNorm(x)))) on each patch, then CLIP's ln_post and
/// projection, frozen. `up` starts at zero. At width 768 and a bottleneck of 192: 0.3 M parameters.
class AdapterHead final : public Head
{
public:
    AdapterHead(const Projection& projection, std::uint64_t seed, std::int64_t hiddenWidth);

    [[nodiscard]] HeadKind kind() const override { return HeadKind::Adapter; }

    [[nodiscard]] std::int64_t hiddenWidth() const override
    {
        return m_down->options.out_features();
    }

    [[nodiscard]] double flopsPerPatch() const override;

protected:
    torch::Tensor run(const torch::Tensor& tokens, std::int64_t rows,
                      std::int64_t columns) override;

private:
    torch::nn::LayerNorm m_norm{nullptr};
    torch::nn::Linear m_down{nullptr};
    torch::nn::Linear m_up{nullptr};
};

} // namespace tagalign::model::align
