#pragma once

#include "model/clip/PatchPath.h"
#include "model/clip/Transformer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
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

/// Patches of each picture; what a block has before them is the class token.
struct PatchGrid
{
    std::int64_t rows = 0;
    std::int64_t columns = 0;
};

[[nodiscard]] inline torch::Tensor attend(const torch::Tensor& query, const torch::Tensor& key,
                                          const torch::Tensor& value)
{
    return at::scaled_dot_product_attention(query, key, value);
}

/// What NACLIP adds to the logits: exp(-d² / 2σ²) of two patches' distance d in patches, σ = 5 as
/// its official code has it; 0 where a class token looks or is looked at. [L, L] float32
[[nodiscard]] torch::Tensor neighbourhood(PatchGrid grid, std::int64_t tokens);

/// The dense tokens that leave the last block on a path which bends only that block.
/// @param x what enters the block.
template <typename BlockType>
torch::Tensor lastBlockTokens(BlockType& block, const torch::Tensor& x, const HeadTensors& heads,
                              PatchPath path, PatchGrid grid)
{
    if (path == PatchPath::Value) {
        return block.output(heads.value);
    }
    if (path == PatchPath::Neighbour) { // without residual and MLP: NACLIP's "reduced" block
        return block.output(at::scaled_dot_product_attention(
            heads.key, heads.key, heads.value,
            neighbourhood(grid, x.size(1)).to(heads.key.options())));
    }
    return block.feedForward(block.addOutput(x, attend(heads.query, heads.query, heads.value) +
                                                    attend(heads.key, heads.key, heads.value)));
}

/// Runs the blocks. One template for the trainable tower and the packed one of the encoder:
/// BlockType has project, output, addOutput and feedForward as BlockImpl has.
template <typename BlockType>
PatchStreams runStreams(const std::vector<BlockType*>& blocks, torch::Tensor x, PatchPath path,
                        PatchGrid grid)
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
            dense = lastBlockTokens(block, x, heads, path, grid);
        }
        x = block.addOutput(x, attend(heads.query, heads.key, heads.value));
        x = block.feedForward(x);
    }
    return {x, path == PatchPath::Plain ? x : dense};
}

} // namespace tagalign::model::clip
