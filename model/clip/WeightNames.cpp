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

constexpr std::array<Pair, 18> kOutsideBlocks = {{
    {"visual.class_embedding", "vision_model.embeddings.class_embedding"},
    {"visual.conv1.weight", "vision_model.embeddings.patch_embedding.weight"},
    {"visual.conv1.bias", "vision_model.embeddings.patch_embedding.bias"}, // SigLIP
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
    {"logit_bias", "logit_bias"}, // SigLIP
    {"visual.pool.probe", "vision_model.head.probe"},
    {"visual.pool.attn.in_proj_weight", "vision_model.head.attention.in_proj_weight"}, // fused here
    {"visual.pool.attn.in_proj_bias", "vision_model.head.attention.in_proj_bias"},
    {"text_projection_bias", "text_model.head.bias"},
}};

constexpr std::array<Pair, 4> kInsidePool = {{
    {"attn.out_proj.", "attention.out_proj."},
    {"ln.", "layernorm."},
    {"mlp.c_fc.", "mlp.fc1."},
    {"mlp.c_proj.", "mlp.fc2."},
}};

constexpr std::array<Pair, 5> kInsideBlocks = {{
    {"attn.out_proj.", "self_attn.out_proj."},
    {"ln_1.", "layer_norm1."},
    {"ln_2.", "layer_norm2."},
    {"mlp.c_fc.", "mlp.fc1."},
    {"mlp.c_proj.", "mlp.fc2."},
}};

/// @param module "vision_model.encoder.layers.3." @param rest "mlp.c_fc.bias"
template <std::size_t Count>
WeightSource renamed(const std::string& module, const std::string& rest,
                     const std::array<Pair, Count>& pairs)
{
    for (const Pair& pair : pairs) {
        if (rest.starts_with(pair.ours)) {
            return {{module + std::string(pair.theirs) + rest.substr(pair.ours.size())}};
        }
    }
    assert(false && "a parameter without a name in Hugging Face checkpoints");
    return {};
}

/// @param layer "vision_model.encoder.layers.3." @param rest "attn.in_proj_weight"
WeightSource blockSource(const std::string& layer, const std::string& rest)
{
    constexpr std::string_view kFused = "attn.in_proj_";
    if (rest.starts_with(kFused)) {
        const std::string kind = rest.substr(kFused.size());
        return {{layer + "self_attn.q_proj." + kind, layer + "self_attn.k_proj." + kind,
                 layer + "self_attn.v_proj." + kind}};
    }
    return renamed(layer, rest, kInsideBlocks);
}

WeightSource huggingFaceSource(const std::string& parameter, NamesOf names)
{
    if (parameter == "visual.proj") {
        return {{"visual_projection.weight"}, true};
    }
    if (parameter == "text_projection") {
        const bool isSigLip = names == NamesOf::SigLip;
        return {{isSigLip ? "text_model.head.weight" : "text_projection.weight"}, true};
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
    constexpr std::string_view kPool = "visual.pool.";
    assert(parameter.starts_with(kPool));
    return renamed("vision_model.head.", parameter.substr(kPool.size()), kInsidePool);
}

} // namespace

WeightSource weightSource(const std::string& parameter, NamesOf names)
{
    if (names == NamesOf::HuggingFace || names == NamesOf::SigLip) {
        return huggingFaceSource(parameter, names);
    }
    const bool isText = !parameter.starts_with("visual.") && parameter != "logit_scale";
    return {{names == NamesOf::OpenClipCustomText && isText ? "text." + parameter : parameter}};
}

std::string withoutWrappers(const std::string& name)
{
    constexpr std::string_view kModule = "module.";
    std::string_view rest = name;
    if (rest.starts_with(kModule)) {
        rest.remove_prefix(kModule.size());
    }
    for (const std::string_view part : {"_image_encoder.", "_text_encoder.", "_logit_scale."}) {
        if (rest.starts_with(part)) {
            rest.remove_prefix(part.size());
            if (rest.starts_with(kModule)) {
                rest.remove_prefix(kModule.size());
            }
            break;
        }
    }
    return std::string(rest);
}

} // namespace tagalign::model::clip
