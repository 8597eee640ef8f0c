#pragma once

#include <string>
#include <vector>

namespace tagalign::model::clip {

enum class NamesOf {
    HuggingFace,       ///< transformers' CLIPModel
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

} // namespace tagalign::model::clip
