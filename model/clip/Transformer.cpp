#include "model/clip/Transformer.h"

#include <string>

namespace tagalign::model::clip {

namespace {

torch::Tensor activated(const torch::Tensor& x, Activation activation)
{
    switch (activation) {
    case Activation::QuickGelu:
        return x * torch::sigmoid(1.702 * x);
    case Activation::Gelu:
        return torch::gelu(x);
    case Activation::TanhGelu:
        break;
    }
    return torch::gelu(x, "tanh");
}

} // namespace

torch::nn::LayerNorm makeLayerNorm(const TowerConfig& config)
{
    return torch::nn::LayerNorm(
        torch::nn::LayerNormOptions({config.width}).eps(config.layerNormEpsilon));
}

HeadTensors splitHeads(const torch::Tensor& fused, std::int64_t heads)
{
    const std::int64_t width = fused.size(2) / 3;
    const auto parts = fused.view({fused.size(0), fused.size(1), 3, heads, width / heads})
                           .permute({2, 0, 3, 1, 4});
    return {parts[0], parts[1], parts[2]};
}

torch::Tensor joinHeads(const torch::Tensor& heads)
{
    return heads.transpose(1, 2).reshape(
        {heads.size(0), heads.size(2), heads.size(1) * heads.size(3)});
}

AttentionImpl::AttentionImpl(std::int64_t width, std::int64_t heads)
    : m_heads(heads)
{
    in_proj_weight = register_parameter("in_proj_weight", torch::empty({3 * width, width}));
    in_proj_bias = register_parameter("in_proj_bias", torch::zeros({3 * width}));
    out_proj = register_module("out_proj", torch::nn::Linear(width, width));
    const torch::NoGradGuard noGrad;
    torch::nn::init::xavier_uniform_(in_proj_weight);
    out_proj->bias.zero_();
}

HeadTensors AttentionImpl::project(const torch::Tensor& normed)
{
    return splitHeads(torch::linear(normed, in_proj_weight, in_proj_bias), m_heads);
}

torch::Tensor AttentionImpl::output(const torch::Tensor& heads)
{
    return out_proj->forward(joinHeads(heads));
}

torch::Tensor AttentionImpl::look(const torch::Tensor& query, const torch::Tensor& keys)
{
    const std::int64_t width = keys.size(2);
    const auto inHeads = [this](const torch::Tensor& rows) {
        return rows.view({rows.size(0), rows.size(1), m_heads, -1}).transpose(1, 2);
    };
    const torch::Tensor asked =
        torch::linear(query, in_proj_weight.slice(0, 0, width), in_proj_bias.slice(0, 0, width));
    const torch::Tensor key = torch::linear(keys, in_proj_weight.slice(0, width, 2 * width),
                                            in_proj_bias.slice(0, width, 2 * width));
    const torch::Tensor value =
        torch::linear(keys, in_proj_weight.slice(0, 2 * width), in_proj_bias.slice(0, 2 * width));
    return output(at::scaled_dot_product_attention(inHeads(asked.expand({keys.size(0), 1, width})),
                                                   inHeads(key), inHeads(value)));
}

torch::Tensor AttentionImpl::lookAt(const torch::Tensor& key)
{
    const std::int64_t values = 2 * in_proj_weight.size(1);
    return out_proj->forward(
        torch::linear(key, in_proj_weight.slice(0, values), in_proj_bias.slice(0, values)));
}

MlpImpl::MlpImpl(const TowerConfig& config)
    : m_activation(config.activation)
{
    c_fc = register_module("c_fc", torch::nn::Linear(config.width, config.mlpWidth));
    c_proj = register_module("c_proj", torch::nn::Linear(config.mlpWidth, config.width));
}

torch::Tensor MlpImpl::forward(const torch::Tensor& normed)
{
    const torch::Tensor hidden = c_fc->forward(normed);
    return c_proj->forward(activated(hidden, m_activation));
}

BlockImpl::BlockImpl(const TowerConfig& config)
{
    attn = register_module("attn", Attention(config.width, config.heads));
    ln_1 = register_module("ln_1", makeLayerNorm(config));
    ln_2 = register_module("ln_2", makeLayerNorm(config));
    mlp = register_module("mlp", Mlp(config));
}

TransformerImpl::TransformerImpl(const TowerConfig& config)
{
    resblocks = register_module("resblocks", torch::nn::ModuleList());
    for (std::int64_t i = 0; i < config.layers; ++i) {
        blocks.emplace_back(config);
        resblocks->push_back(blocks.back());
    }
}

torch::Tensor TransformerImpl::forward(torch::Tensor x, Sight sight)
{
    for (Block& block : blocks) {
        const HeadTensors heads = block->project(x);
        x = block->addOutput(
            x, at::scaled_dot_product_attention(heads.query, heads.key, heads.value,
                                                /*attn_mask=*/{}, /*dropout_p=*/0.0,
                                                /*is_causal=*/sight == Sight::Before));
        x = block->feedForward(x);
    }
    return x;
}

} // namespace tagalign::model::clip
