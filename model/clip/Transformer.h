#pragma once

#include "model/clip/ClipConfig.h"

#include <torch/torch.h>

namespace tagalign::model::clip {

/// Queries, keys and values of all heads. Shapes: N rows, H heads, L tokens, d = C / H.
struct HeadTensors
{
    torch::Tensor query; ///< [N, H, L, d]
    torch::Tensor key;   ///< [N, H, L, d]
    torch::Tensor value; ///< [N, H, L, d]
};

[[nodiscard]] torch::nn::LayerNorm makeLayerNorm(const TowerConfig& config);

/// Splits the fused projection [N, L, 3 C] into heads; views, no copy.
[[nodiscard]] HeadTensors splitHeads(const torch::Tensor& fused, std::int64_t heads);

/// [N, H, L, d] -> [N, L, C].
[[nodiscard]] torch::Tensor joinHeads(const torch::Tensor& heads);

/// Multi-head attention with one fused projection of queries, keys and values.
class AttentionImpl : public torch::nn::Module
{
public:
    AttentionImpl(std::int64_t width, std::int64_t heads);

    HeadTensors project(const torch::Tensor& normed);
    /// Joins the heads and applies the output projection.
    torch::Tensor output(const torch::Tensor& heads);
    /// One query looks at all keys. [1, 1, C], [N, L, C] -> [N, 1, C].
    torch::Tensor look(const torch::Tensor& query, const torch::Tensor& keys);
    /// What look() gives where all attention is on one key: value and output projection.
    /// [.., C] -> [.., C].
    torch::Tensor lookAt(const torch::Tensor& key);

    torch::Tensor in_proj_weight; ///< [3 C, C]: queries, keys, values
    torch::Tensor in_proj_bias;   ///< [3 C]
    torch::nn::Linear out_proj{nullptr};

private:
    std::int64_t m_heads;
};

TORCH_MODULE(Attention);

class MlpImpl : public torch::nn::Module
{
public:
    explicit MlpImpl(const TowerConfig& config);
    torch::Tensor forward(const torch::Tensor& normed);

    torch::nn::Linear c_fc{nullptr};
    torch::nn::Linear c_proj{nullptr};

private:
    Activation m_activation;
};

TORCH_MODULE(Mlp);

/// Pre-norm block, x + attention(ln_1(x)), then x + mlp(ln_2(x)), open in the middle so that the
/// patch paths (PatchStream.h) can take its parts. [N, L, C] throughout.
class BlockImpl : public torch::nn::Module
{
public:
    explicit BlockImpl(const TowerConfig& config);

    HeadTensors project(const torch::Tensor& x) { return attn->project(ln_1->forward(x)); }

    torch::Tensor output(const torch::Tensor& heads) { return attn->output(heads); }

    torch::Tensor addOutput(const torch::Tensor& x, const torch::Tensor& heads)
    {
        return x + attn->output(heads);
    }

    torch::Tensor feedForward(const torch::Tensor& x) { return x + mlp->forward(ln_2->forward(x)); }

    Attention attn{nullptr};
    torch::nn::LayerNorm ln_1{nullptr};
    torch::nn::LayerNorm ln_2{nullptr};
    Mlp mlp{nullptr};
};

TORCH_MODULE(Block);

/// What a token of a text sees.
enum class Sight {
    Before, ///< itself and the tokens before it
    All
};

class TransformerImpl : public torch::nn::Module
{
public:
    explicit TransformerImpl(const TowerConfig& config);

    torch::Tensor forward(torch::Tensor x, Sight sight);

    torch::nn::ModuleList resblocks{nullptr};
    std::vector<Block> blocks; ///< the same blocks, typed
};

TORCH_MODULE(Transformer);

} // namespace tagalign::model::clip
