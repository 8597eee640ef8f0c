#include "model/clip/ClipModel.h"

#include "model/Error.h"
#include "model/clip/Device.h"
#include "model/clip/PatchStream.h"

#include <cmath>
#include <sstream>

namespace tagalign::model::clip {

namespace {

namespace F = torch::nn::functional;

std::string shapeText(const torch::Tensor& tensor)
{
    std::ostringstream text;
    text << tensor.sizes();
    return text.str();
}

void requireKnownIds(const torch::Tensor& ids, std::int64_t vocabularySize)
{
    if (ids.numel() == 0) {
        return;
    }
    const auto [low, high] = at::aminmax(ids);
    if (low.item<std::int64_t>() < 0 || high.item<std::int64_t>() >= vocabularySize) {
        throw RangeError(
            "token ids from " + std::to_string(low.item<std::int64_t>()) + " to " +
            std::to_string(high.item<std::int64_t>()) + ", but the text tower has rows for 0 to " +
            std::to_string(vocabularySize - 1) + "; its tokenizer belongs to another model");
    }
}

/// open_clip/transformer.py, TextTransformer.init_parameters. Called without gradients.
void initialiseTextBlocks(const std::vector<Block>& blocks, const TowerConfig& config)
{
    const auto width = static_cast<double>(config.width);
    const double attention = 1.0 / std::sqrt(width);
    const double projection = attention / std::sqrt(2.0 * static_cast<double>(config.layers));
    for (const Block& block : blocks) {
        block->attn->in_proj_weight.normal_(0.0, attention);
        block->attn->out_proj->weight.normal_(0.0, projection);
        block->mlp->c_fc->weight.normal_(0.0, 1.0 / std::sqrt(2.0 * width));
        block->mlp->c_proj->weight.normal_(0.0, projection);
    }
}

} // namespace

std::pair<std::int64_t, std::int64_t> patchGrid(const torch::Tensor& pixels,
                                                const VisionConfig& config)
{
    const std::int64_t patch = config.patchSize;
    if (pixels.dim() != 4 || pixels.size(1) != 3 || pixels.size(2) < patch ||
        pixels.size(3) < patch || pixels.size(2) % patch != 0 || pixels.size(3) % patch != 0) {
        throw ShapeError("images of shape " + shapeText(pixels) +
                         ", expected [N, 3, H, W] with H and W multiples of " +
                         std::to_string(patch));
    }
    return {pixels.size(2) / patch, pixels.size(3) / patch};
}

torch::Tensor positionsFor(const torch::Tensor& embedding, std::int64_t classRows,
                           std::int64_t rows, std::int64_t columns)
{
    const std::int64_t patches = embedding.size(0) - classRows;
    const std::int64_t side = std::llround(std::sqrt(static_cast<double>(patches)));
    if (rows == side && columns == side) {
        return embedding;
    }
    const torch::Tensor grid =
        embedding.slice(0, classRows).view({1, side, side, -1}).permute({0, 3, 1, 2});
    const torch::Tensor resized =
        F::interpolate(grid, F::InterpolateFuncOptions()
                                 .size(std::vector<std::int64_t>{rows, columns})
                                 .mode(torch::kBicubic)
                                 .align_corners(false));
    return torch::cat({embedding.slice(0, 0, classRows),
                       resized.permute({0, 2, 3, 1}).reshape({rows * columns, embedding.size(1)})});
}

AttentionPoolImpl::AttentionPoolImpl(const TowerConfig& config)
{
    probe = register_parameter("probe", torch::randn({1, 1, config.width}) /
                                            std::sqrt(static_cast<double>(config.width)));
    attn = register_module("attn", Attention(config.width, config.heads));
    ln = register_module("ln", makeLayerNorm(config));
    mlp = register_module("mlp", Mlp(config));
}

torch::Tensor AttentionPoolImpl::forward(const torch::Tensor& patches)
{
    return addMlp(attn->look(probe, patches)).select(1, 0);
}

torch::Tensor AttentionPoolImpl::forEachPatch(const torch::Tensor& patches)
{
    return addMlp(attn->lookAt(patches));
}

VisionTowerImpl::VisionTowerImpl(const ClipConfig& config)
    : m_config(config)
{
    const VisionConfig& vision = config.vision;
    const bool isClip = config.family == Family::Clip;
    const std::int64_t rows = firstPatch() + vision.gridSide() * vision.gridSide();
    const double scale = 1.0 / std::sqrt(static_cast<double>(vision.width));
    conv1 = register_module(
        "conv1", torch::nn::Conv2d(torch::nn::Conv2dOptions(3, vision.width, vision.patchSize)
                                       .stride(vision.patchSize)
                                       .bias(!isClip)));
    if (isClip) {
        class_embedding =
            register_parameter("class_embedding", scale * torch::randn({vision.width}));
    }
    positional_embedding =
        register_parameter("positional_embedding", scale * torch::randn({rows, vision.width}));
    if (isClip) {
        ln_pre = register_module("ln_pre", makeLayerNorm(vision));
    }
    transformer = register_module("transformer", Transformer(vision));
    ln_post = register_module("ln_post", makeLayerNorm(vision));
    if (isClip) {
        proj = register_parameter("proj", scale * torch::randn({vision.width, config.embedDim}));
    } else {
        pool = register_module("pool", AttentionPool(vision));
    }
}

std::int64_t VisionTowerImpl::firstPatch() const
{
    return m_config.family == Family::Clip ? 1 : 0;
}

torch::Tensor VisionTowerImpl::embed(const torch::Tensor& patches, std::int64_t rows,
                                     std::int64_t columns)
{
    const torch::Tensor positions = positionsFor(positional_embedding, firstPatch(), rows, columns);
    if (m_config.family == Family::SigLip) {
        return patches + positions;
    }
    const torch::Tensor classRow = class_embedding.expand({patches.size(0), 1, -1});
    return ln_pre->forward(torch::cat({classRow, patches}, 1) + positions);
}

VisionOutput VisionTowerImpl::forward(const torch::Tensor& pixels, PatchPath path)
{
    const auto [rows, columns] = patchGrid(pixels, m_config.vision);
    std::vector<BlockImpl*> blocks;
    for (Block& block : transformer->blocks) {
        blocks.push_back(block.get());
    }
    const torch::Tensor patches = conv1->forward(pixels).flatten(2).transpose(1, 2);
    const PatchStreams streams =
        runStreams(blocks, embed(patches, rows, columns), path, {rows, columns});
    return {.global = global(streams.normal),
            .lastHidden = streams.normal,
            .tokens = streams.dense.slice(1, firstPatch()),
            .rows = rows,
            .columns = columns};
}

torch::Tensor VisionTowerImpl::global(const torch::Tensor& lastHidden)
{
    return m_config.family == Family::Clip ? project(lastHidden.select(1, 0))
                                           : pool->forward(ln_post->forward(lastHidden));
}

torch::Tensor VisionTowerImpl::project(const torch::Tensor& tokens)
{
    const torch::Tensor normed = ln_post->forward(tokens);
    return m_config.family == Family::Clip ? torch::matmul(normed, proj)
                                           : pool->forEachPatch(normed);
}

ClipModelImpl::ClipModelImpl(const ClipConfig& config)
    : m_config(config)
{
    checkClipConfig(config);
    (void)loadCuda(); // random weights come next, and every way to the GPU leads through here
    const TextConfig& text = config.text;
    visual = register_module("visual", VisionTower(config));
    token_embedding =
        register_module("token_embedding", torch::nn::Embedding(text.vocabularySize, text.width));
    positional_embedding = register_parameter(
        "positional_embedding", 0.01 * torch::randn({text.contextLength, text.width}));
    transformer = register_module("transformer", Transformer(text));
    ln_final = register_module("ln_final", makeLayerNorm(text));
    text_projection =
        register_parameter("text_projection", torch::randn({text.width, config.embedDim}) /
                                                  std::sqrt(static_cast<double>(text.width)));
    if (config.family == Family::Clip) {
        logit_scale = register_parameter("logit_scale", torch::tensor(std::log(1.0F / 0.07F)));
    } else { // section 3.2 of the paper
        text_projection_bias =
            register_parameter("text_projection_bias", torch::zeros({config.embedDim}));
        logit_scale = register_parameter("logit_scale", torch::full({1}, std::log(10.0)));
        logit_bias = register_parameter("logit_bias", torch::full({1}, -10.0));
    }
    const torch::NoGradGuard noGrad;
    token_embedding->weight.normal_(0.0, 0.02);
    initialiseTextBlocks(transformer->blocks, text);
}

VisionOutput ClipModelImpl::encodeImage(const torch::Tensor& pixels, PatchPath path)
{
    return visual->forward(pixels, path);
}

torch::Tensor ClipModelImpl::projectTokens(const torch::Tensor& tokens)
{
    if (tokens.dim() < 1 || tokens.size(-1) != m_config.vision.width) {
        throw ShapeError("tokens of shape " + shapeText(tokens) + ", expected [.., " +
                         std::to_string(m_config.vision.width) + "]");
    }
    return visual->project(tokens);
}

torch::Tensor ClipModelImpl::textHidden(const torch::Tensor& ids)
{
    if (ids.dim() != 2 || ids.size(1) < 1 || ids.size(1) > m_config.text.contextLength ||
        ids.scalar_type() != torch::kInt64) {
        throw ShapeError("token ids of shape " + shapeText(ids) +
                         ", expected int64 [M, L] with L from 1 to " +
                         std::to_string(m_config.text.contextLength));
    }
    requireKnownIds(ids, m_config.text.vocabularySize);
    const torch::Tensor x =
        token_embedding->forward(ids) + positional_embedding.slice(0, 0, ids.size(1));
    const Sight sight = m_config.family == Family::Clip ? Sight::Before : Sight::All;
    return ln_final->forward(transformer->forward(x, sight));
}

torch::Tensor ClipModelImpl::endPositions(const torch::Tensor& ids) const
{
    if (m_config.family == Family::SigLip) {
        return torch::full({ids.size(0)}, ids.size(1) - 1, ids.options());
    }
    if (m_config.text.endTokenId) {
        return ids.eq(*m_config.text.endTokenId).to(torch::kInt32).argmax(1);
    }
    return ids.argmax(1);
}

torch::Tensor ClipModelImpl::encodeText(const torch::Tensor& ids)
{
    const torch::Tensor hidden = textHidden(ids);
    const torch::Tensor rows = torch::arange(ids.size(0), ids.options());
    const torch::Tensor text =
        torch::matmul(hidden.index({rows, endPositions(ids)}), text_projection);
    return m_config.family == Family::Clip ? text : text + text_projection_bias;
}

} // namespace tagalign::model::clip
