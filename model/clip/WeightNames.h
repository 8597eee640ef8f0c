#pragma once

#include <string>
#include <vector>

namespace tagalign::model::clip {

enum class NamesOf {
    HuggingFace,       ///< transformers' CLIPModel
    SigLip,            ///< transformers' SiglipModel
    OpenAi,            ///< OpenAI's own, and OpenCLIP's usual ones
    OpenClipCustomText ///< OpenCLIP with "custom_text": the text tower under "text."
};

/// Where a parameter lies in a checkpoint: tensors to stack on the first dimension, and whether
/// the result is stored transposed.
struct WeightSource
{
    std::vector<std::string> names;
    bool isTransposed = false;
};

/// @param parameter a name as ClipModel has it (OpenAI's).
[[nodiscard]] WeightSource weightSource(const std::string& parameter, NamesOf names);

/// A tensor's name without what wraps models while they are trained: "module." of
/// DistributedDataParallel around the whole, and TinyCLIP's three parts, each with or without a
/// "module." of its own ("_image_encoder.module.visual.proj", "_text_encoder.ln_final.weight",
/// "_logit_scale.logit_scale"; microsoft/Cream, TinyCLIP/src/open_clip/model.py, CLIPBase). What
/// is left are OpenAI's names.
[[nodiscard]] std::string withoutWrappers(const std::string& name);

} // namespace tagalign::model::clip
