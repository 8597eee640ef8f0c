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

/// @param prefix "visual." or nothing.
void blocks(const std::string& prefix, const TowerConfig& tower, const OnParameter& onParameter)
{
    for (std::int64_t i = 0; i < tower.layers; ++i) {
        const std::string block = prefix + "transformer.resblocks." + std::to_string(i) + ".";
        onParameter(block + "attn.in_proj_weight", {3 * tower.width, tower.width});
        onParameter(block + "attn.in_proj_bias", {3 * tower.width});
        linear(block + "attn.out_proj", tower.width, tower.width, onParameter);
        layerNorm(block + "ln_1", tower.width, onParameter);
        layerNorm(block + "ln_2", tower.width, onParameter);
        linear(block + "mlp.c_fc", tower.mlpWidth, tower.width, onParameter);
        linear(block + "mlp.c_proj", tower.width, tower.mlpWidth, onParameter);
    }
}

} // namespace

void forEachVisionParameter(const ClipConfig& config, const OnParameter& onParameter)
{
    const VisionConfig& vision = config.vision;
    const std::int64_t side = vision.imageSize / vision.patchSize;
    onParameter("visual.conv1.weight", {vision.width, 3, vision.patchSize, vision.patchSize});
    onParameter("visual.class_embedding", {vision.width});
    onParameter("visual.positional_embedding", {side * side + 1, vision.width});
    layerNorm("visual.ln_pre", vision.width, onParameter);
    layerNorm("visual.ln_post", vision.width, onParameter);
    onParameter("visual.proj", {vision.width, config.embedDim});
    blocks("visual.", vision, onParameter);
}

void forEachTextParameter(const ClipConfig& config, const OnParameter& onParameter)
{
    const TextConfig& text = config.text;
    onParameter("token_embedding.weight", {text.vocabularySize, text.width});
    onParameter("positional_embedding", {text.contextLength, text.width});
    layerNorm("ln_final", text.width, onParameter);
    onParameter("text_projection", {text.width, config.embedDim});
    onParameter("logit_scale", {});
    blocks("", text, onParameter);
}

} // namespace tagalign::model::clip
