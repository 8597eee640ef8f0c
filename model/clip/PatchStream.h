#pragma once

#include "model/clip/PatchPath.h"
#include "model/clip/Transformer.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace tagalign::model::clip {

/// The vision transformer with a second stream for dense tokens. [N, L, C] each, L = 1 + P with a
/// class token, whose row 0 of `dense` carries nothing, else P.
struct PatchStreams
{
    torch::Tensor normal;
    torch::Tensor dense;
};

/// How many of the last blocks TagAlign's v-v stream runs through (its official code).
inline constexpr std::size_t kSelfValueBlocks = 6;

[[nodiscard]] inline torch::Tensor attend(const torch::Tensor& query, const torch::Tensor& key,
                                          const torch::Tensor& value)
{
    return at::scaled_dot_product_attention(query, key, value);
}

/// The dense tokens that leave the last block on a path which bends only that block.
/// @param x what enters the block.
template <typename BlockType>
torch::Tensor lastBlockTokens(BlockType& block, const torch::Tensor& x, const HeadTensors& heads,
                              PatchPath path)
{
    if (path == PatchPath::Value) {
        return block.output(heads.value);
    }
    return block.feedForward(block.addOutput(x, attend(heads.query, heads.query, heads.value) +
                                                    attend(heads.key, heads.key, heads.value)));
}

/// Runs the blocks. One template for the trainable tower and the packed one of the encoder:
/// BlockType has project, output, addOutput and feedForward as BlockImpl has.
template <typename BlockType>
PatchStreams runStreams(const std::vector<BlockType*>& blocks, torch::Tensor x, PatchPath path)
{
    const std::size_t firstDense = blocks.size() - std::min(kSelfValueBlocks, blocks.size());
    torch::Tensor dense;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        BlockType& block = *blocks[i];
        const HeadTensors heads = block.project(x);
        if (path == PatchPath::SelfValue && i >= firstDense) {
            dense = block.addOutput(i == firstDense ? x : dense,
                                    attend(heads.value, heads.value, heads.value));
        } else if (path != PatchPath::Plain && path != PatchPath::SelfValue &&
                   i + 1 == blocks.size()) {
            dense = lastBlockTokens(block, x, heads, path);
        }
        x = block.addOutput(x, attend(heads.query, heads.key, heads.value));
        x = block.feedForward(x);
    }
    return {x, path == PatchPath::Plain ? x : dense};
}

} // namespace tagalign::model::clip
