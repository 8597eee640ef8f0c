#include "model/align/TransformerHead.h"

#include <ATen/CPUGeneratorImpl.h>

#include <cmath>

namespace tagalign::model::align {

namespace {

constexpr std::int64_t kHeadWidth = 64;

void startRandom(torch::nn::Linear& layer, at::Generator& generator)
{
    layer->weight.normal_(0.0, 1.0 / std::sqrt(double(layer->options.in_features())), generator);
    layer->bias.zero_();
}

void startZero(torch::nn::Linear& layer)
{
    layer->weight.zero_();
    layer->bias.zero_();
}

} // namespace

TransformerHead::TransformerHead(const Projection& projection, std::uint64_t seed,
                                 std::int64_t hiddenWidth)
    : Head(projection, Trained::Nothing)
{
    torch::NoGradGuard noGrad;
    const std::int64_t width = projection.tokenWidth();
    const std::int64_t hidden = hiddenWidth > 0 ? hiddenWidth : 4 * width;
    m_heads = width % kHeadWidth == 0 ? width / kHeadWidth : 1;
    const torch::nn::LayerNormOptions norm({width});
    m_attentionNorm = register_module("attention_norm", torch::nn::LayerNorm(norm));
    m_queryKeyValue = register_module("query_key_value", torch::nn::Linear(width, 3 * width));
    m_output = register_module("output", torch::nn::Linear(width, width));
    m_mlpNorm = register_module("mlp_norm", torch::nn::LayerNorm(norm));
    m_up = register_module("up", torch::nn::Linear(width, hidden));
    m_down = register_module("down", torch::nn::Linear(hidden, width));
    auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
    startRandom(m_queryKeyValue, generator);
    startRandom(m_up, generator);
    startZero(m_output);
    startZero(m_down);
}

double TransformerHead::flopsPerPatch() const
{
    const auto width = double(tokenWidth());
    return 4.0 * width * (2.0 * width + double(hiddenWidth())) + projectionFlops();
}

torch::Tensor TransformerHead::attend(const torch::Tensor& normed)
{
    const auto images = normed.size(0), patches = normed.size(1), width = normed.size(2);
    const auto parts = m_queryKeyValue(normed)
                           .view({images, patches, 3, m_heads, width / m_heads})
                           .permute({2, 0, 3, 1, 4});
    const auto heads = at::scaled_dot_product_attention(parts[0], parts[1], parts[2]);
    return m_output(heads.transpose(1, 2).reshape({images, patches, width}));
}

torch::Tensor TransformerHead::run(const torch::Tensor& tokens, std::int64_t, std::int64_t)
{
    const auto attended = tokens + attend(m_attentionNorm(tokens));
    const auto moved = attended + m_down(torch::gelu(m_up(m_mlpNorm(attended))));
    return projected(moved);
}

} // namespace tagalign::model::align
