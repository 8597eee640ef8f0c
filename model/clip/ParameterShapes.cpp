#include "model/clip/ParameterShapes.h"

namespace tagalign::model::clip {

namespace {

/// Weight [out, in] and bias [out].
void linear(const std::string& name, std::int64_t out, std::int64_t in,
            const OnParameter& onParameter)
{
    onParameter(name + ".weight", {out, in});
    onParameter(name + ".bias", {out});
}

void layerNorm(const std::string& name, std::int64_t width, const OnParameter& onParameter)
{
    onParameter(name + ".weight", {width});
    onParameter(name + ".bias", {width});
}

/// @param module "visual.transformer.resblocks.0" and the like.
void attentionAndMlp(const std::string& module, const TowerConfig& tower,
                     const OnParameter& onParameter)
{
    onParameter(module + ".attn.in_proj_weight", {3 * tower.width, tower.width});
    onParameter(module + ".attn.in_proj_bias", {3 * tower.width});
    linear(module + ".attn.out_proj", tower.width, tower.width, onParameter);
    linear(module + ".mlp.c_fc", tower.mlpWidth, tower.width, onParameter);
    linear(module + ".mlp.c_proj", tower.width, tower.mlpWidth, onParameter);
}

/// @param prefix "visual." or nothing.
void blocks(const std::string& prefix, const TowerConfig& tower, const OnParameter& onParameter)
{
    for (std::int64_t i = 0; i < tower.layers; ++i) {
        const std::string block = prefix + "transformer.resblocks." + std::to_string(i);
        attentionAndMlp(block, tower, onParameter);
        layerNorm(block + ".ln_1", tower.width, onParameter);
        layerNorm(block + ".ln_2", tower.width, onParameter);
    }
}

} // namespace

void forEachVisionParameter(const ClipConfig& config, const OnParameter& onParameter)
{
    const VisionConfig& vision = config.vision;
    const std::int64_t patches = vision.gridSide() * vision.gridSide();
    onParameter("visual.conv1.weight", {vision.width, 3, vision.patchSize, vision.patchSize});
    if (config.family == Family::Clip) {
        onParameter("visual.class_embedding", {vision.width});
        onParameter("visual.positional_embedding", {1 + patches, vision.width});
        layerNorm("visual.ln_pre", vision.width, onParameter);
        onParameter("visual.proj", {vision.width, config.embedDim});
    } else {
        onParameter("visual.conv1.bias", {vision.width});
        onParameter("visual.positional_embedding", {patches, vision.width});
        onParameter("visual.pool.probe", {1, 1, vision.width});
        attentionAndMlp("visual.pool", vision, onParameter);
        layerNorm("visual.pool.ln", vision.width, onParameter);
    }
    layerNorm("visual.ln_post", vision.width, onParameter);
    blocks("visual.", vision, onParameter);
}

void forEachTextParameter(const ClipConfig& config, const OnParameter& onParameter)
{
    const TextConfig& text = config.text;
    onParameter("token_embedding.weight", {text.vocabularySize, text.width});
    onParameter("positional_embedding", {text.contextLength, text.width});
    layerNorm("ln_final", text.width, onParameter);
    onParameter("text_projection", {text.width, config.embedDim});
    if (config.family == Family::Clip) {
        onParameter("logit_scale", {});
    } else {
        onParameter("text_projection_bias", {config.embedDim});
        onParameter("logit_scale", {1});
        onParameter("logit_bias", {1});
    }
    blocks("", text, onParameter);
}

} // namespace tagalign::model::clip
