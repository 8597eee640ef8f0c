#include "model/align/AdapterHead.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <cmath>

namespace tagalign::model::align {

AdapterHead::AdapterHead(const Projection& projection, std::uint64_t seed, std::int64_t hiddenWidth)
    : Head(projection, Trained::Nothing)
{
    torch::NoGradGuard noGrad;
    const std::int64_t width = projection.tokenWidth();
    const std::int64_t hidden =
        hiddenWidth > 0 ? hiddenWidth : std::max<std::int64_t>(8, width / 4);
    m_norm = register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({width})));
    m_down = register_module("down", torch::nn::Linear(width, hidden));
    m_up = register_module("up", torch::nn::Linear(hidden, width));
    auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
    m_down->weight.normal_(0.0, 1.0 / std::sqrt(double(width)), generator);
    m_down->bias.zero_();
    m_up->weight.zero_();
    m_up->bias.zero_();
}

double AdapterHead::flopsPerPatch() const
{
    return 4.0 * double(tokenWidth()) * double(hiddenWidth()) + projectionFlops();
}

torch::Tensor AdapterHead::run(const torch::Tensor& tokens, std::int64_t, std::int64_t)
{
    const auto moved = tokens + m_up(torch::gelu(m_down(m_norm(tokens))));
    return projected(moved);
}

} // namespace tagalign::model::align
