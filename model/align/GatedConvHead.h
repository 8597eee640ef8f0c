#pragma once

#include "model/align/Head.h"

#include <vector>

namespace tagalign::model::align {

/// The paper's head (arXiv 2312.14149): two blocks of two residual steps
/// x + tanh(g) · conv3×3(GELU(LayerNorm over channels)), zero padding, then a trainable copy of
/// CLIP's ln_post and projection. Every gate g starts at 0.
/// Parameters carry the official names ("net.0.conv2.gate.gate").
class GatedConvHead final : public Head
{
public:
    GatedConvHead(const Projection& projection, std::uint64_t seed);

    [[nodiscard]] HeadKind kind() const override { return HeadKind::GatedConv; }

    [[nodiscard]] double flopsPerPatch() const override;

    void setConvolutionType(torch::Dtype type) override { m_convolutionType = type; }

protected:
    torch::Tensor run(const torch::Tensor& tokens, std::int64_t rows,
                      std::int64_t columns) override;

private:
    struct Step
    {
        torch::nn::LayerNorm norm{nullptr};
        torch::nn::Conv2d conv{nullptr};
        torch::Tensor gate; ///< scalar
    };

    Step makeStep(torch::nn::Module& parent, const std::string& name, std::int64_t width,
                  at::Generator& generator);
    [[nodiscard]] torch::Tensor convolve(Step& step, const torch::Tensor& grid) const;

    std::vector<Step> m_steps;
    torch::Dtype m_convolutionType = torch::kFloat32;
};

} // namespace tagalign::model::align
