#include "model/clip/WeightNames.h"

#include <array>
#include <cassert>
#include <string_view>

namespace tagalign::model::clip {

namespace {

struct Pair
{
    std::string_view ours;
    std::string_view theirs;
};

constexpr std::array<Pair, 12> kOutsideBlocks = {{
    {"visual.class_embedding", "vision_model.embeddings.class_embedding"},
    {"visual.conv1.weight", "vision_model.embeddings.patch_embedding.weight"},
    {"visual.positional_embedding", "vision_model.embeddings.position_embedding.weight"},
    {"visual.ln_pre.weight", "vision_model.pre_layrnorm.weight"}, // their spelling
    {"visual.ln_pre.bias", "vision_model.pre_layrnorm.bias"},
    {"visual.ln_post.weight", "vision_model.post_layernorm.weight"},
    {"visual.ln_post.bias", "vision_model.post_layernorm.bias"},
    {"token_embedding.weight", "text_model.embeddings.token_embedding.weight"},
    {"positional_embedding", "text_model.embeddings.position_embedding.weight"},
    {"ln_final.weight", "text_model.final_layer_norm.weight"},
    {"ln_final.bias", "text_model.final_layer_norm.bias"},
    {"logit_scale", "logit_scale"},
}};

constexpr std::array<Pair, 5> kInsideBlocks = {{
    {"attn.out_proj.", "self_attn.out_proj."},
    {"ln_1.", "layer_norm1."},
    {"ln_2.", "layer_norm2."},
    {"mlp.c_fc.", "mlp.fc1."},
    {"mlp.c_proj.", "mlp.fc2."},
}};

/// @param layer "vision_model.encoder.layers.3." @param rest "attn.in_proj_weight"
WeightSource blockSource(const std::string& layer, const std::string& rest)
{
    constexpr std::string_view kFused = "attn.in_proj_";
    if (rest.starts_with(kFused)) {
        const std::string kind = rest.substr(kFused.size());
        return {{layer + "self_attn.q_proj." + kind, layer + "self_attn.k_proj." + kind,
                 layer + "self_attn.v_proj." + kind}};
    }
    for (const Pair& pair : kInsideBlocks) {
        if (rest.starts_with(pair.ours)) {
            return {{layer + std::string(pair.theirs) + rest.substr(pair.ours.size())}};
        }
    }
    assert(false && "a parameter of a block without a name in Hugging Face checkpoints");
    return {};
}

WeightSource huggingFaceSource(const std::string& parameter)
{
    if (parameter == "visual.proj") {
        return {{"visual_projection.weight"}, true};
    }
    if (parameter == "text_projection") {
        return {{"text_projection.weight"}, true};
    }
    constexpr std::string_view kBlocks = "transformer.resblocks.";
    const std::size_t blocks = parameter.find(kBlocks);
    if (blocks != std::string::npos) {
        const std::size_t number = blocks + kBlocks.size();
        const std::size_t rest = parameter.find('.', number) + 1;
        const std::string tower = blocks == 0 ? "text_model" : "vision_model";
        return blockSource(tower + ".encoder.layers." + parameter.substr(number, rest - number),
                           parameter.substr(rest));
    }
    for (const Pair& pair : kOutsideBlocks) {
        if (parameter == pair.ours) {
            return {{std::string(pair.theirs)}};
        }
    }
    assert(false && "a parameter without a name in Hugging Face checkpoints");
    return {};
}

} // namespace

WeightSource weightSource(const std::string& parameter, NamesOf names)
{
    if (names == NamesOf::HuggingFace) {
        return huggingFaceSource(parameter);
    }
    const bool isText = !parameter.starts_with("visual.") && parameter != "logit_scale";
    return {{names == NamesOf::OpenClipCustomText && isText ? "text." + parameter : parameter}};
}

} // namespace tagalign::model::clip
