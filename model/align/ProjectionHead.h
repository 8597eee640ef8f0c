#pragma once

#include "model/align/Head.h"

namespace tagalign::model::align {

/// The smallest change: CLIP's ln_post, frozen, and a trainable copy of its projection, as ProLIP
/// tunes it (arXiv 2410.05270). For ViT-B/16: 0.4 M parameters.
class ProjectionHead final : public Head
{
public:
    explicit ProjectionHead(const Projection& projection);

    [[nodiscard]] HeadKind kind() const override { return HeadKind::Projection; }

    [[nodiscard]] std::int64_t tokenWidth() const override { return m_matrix.size(0); }

    [[nodiscard]] std::int64_t embeddingWidth() const override { return m_matrix.size(1); }

    [[nodiscard]] double epsilon() const override { return m_epsilon; }

    [[nodiscard]] double flopsPerPatch() const override
    {
        return 2.0 * double(tokenWidth()) * double(embeddingWidth()) + tailFlops();
    }

protected:
    torch::Tensor run(const torch::Tensor& tokens, std::int64_t, std::int64_t) override
    {
        return project(tokens, {m_normWeight, m_normBias, m_matrix, m_epsilon, tail()});
    }

private:
    torch::Tensor m_normWeight, m_normBias; // buffers: saved, but not trained
    torch::Tensor m_matrix;
    double m_epsilon;
};

} // namespace tagalign::model::align
