#pragma once

#include "model/align/Head.h"

namespace tagalign::model::align {

/// The smallest change: CLIP's ln_post, frozen, and a trainable copy of its projection, as ProLIP
/// tunes it (arXiv 2410.05270). For ViT-B/16: 0.4 M parameters.
class ProjectionHead final : public Head
{
public:
    explicit ProjectionHead(const Projection& projection)
        : Head(projection, Trained::Matrix)
    {
    }

    [[nodiscard]] HeadKind kind() const override { return HeadKind::Projection; }

    [[nodiscard]] double flopsPerPatch() const override { return projectionFlops(); }

protected:
    torch::Tensor run(const torch::Tensor& tokens, std::int64_t, std::int64_t) override
    {
        return projected(tokens);
    }
};

} // namespace tagalign::model::align
