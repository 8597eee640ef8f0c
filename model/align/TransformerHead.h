#pragma once

#include "model/align/Head.h"

namespace tagalign::model::align {

/// One pre-norm transformer block over an image's patches (arXiv 2002.04745, figure 1b), then
/// CLIP's ln_post and projection, frozen. Heads of width 64 where they divide the token width,
/// else one. Both residual branches start at zero. At width 768: 7.1 M parameters.
class TransformerHead final : public Head
{
public:
    /// @param hiddenWidth of the block's MLP; 0 chooses four times the token width.
    TransformerHead(const Projection& projection, std::uint64_t seed, std::int64_t hiddenWidth);

    [[nodiscard]] HeadKind kind() const override { return HeadKind::Transformer; }

    [[nodiscard]] std::int64_t hiddenWidth() const override { return m_up->options.out_features(); }

    /// Without the products of queries and keys, whose number grows with the patches.
    [[nodiscard]] double flopsPerPatch() const override;

protected:
    torch::Tensor run(const torch::Tensor& tokens, std::int64_t rows,
                      std::int64_t columns) override;

private:
    [[nodiscard]] torch::Tensor attend(const torch::Tensor& normed);

    std::int64_t m_heads;
    torch::nn::LayerNorm m_attentionNorm{nullptr};
    torch::nn::Linear m_queryKeyValue{nullptr};
    torch::nn::Linear m_output{nullptr};
    torch::nn::LayerNorm m_mlpNorm{nullptr};
    torch::nn::Linear m_up{nullptr};
    torch::nn::Linear m_down{nullptr};
};

} // namespace tagalign::model::align
