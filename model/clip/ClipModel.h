#pragma once

#include "model/clip/ClipConfig.h"
#include "model/clip/PatchPath.h"

#include <torch/torch.h>

#include <filesystem>
#include <string>

namespace tagalign::model::clip
{

/// What the vision tower says about a batch of images.
/// Shapes: N images, P = rows × columns patches, C tower width, D embedding width.
struct VisionOutput
{
    torch::Tensor global;     ///< [N, D] projected class token, not normalised
    torch::Tensor lastHidden; ///< [N, 1 + P, C] output of the last block, before ln_post
    torch::Tensor tokens;     ///< [N, P, C] dense tokens of the chosen path, before ln_post
    std::int64_t rows = 0;
    std::int64_t columns = 0;
};

/// CLIP's two towers (arXiv 2103.00020). Inside, parameters carry OpenAI's names with fused QKV
/// ("visual.transformer.resblocks.0.attn.in_proj_weight"); Hugging Face and OpenCLIP names are
/// mapped while loading. A torch module, so that it can be trained from scratch as well.
class ClipModelImpl : public torch::nn::Module
{
public:
    /// Random weights, initialised as OpenCLIP does.
    explicit ClipModelImpl(const ClipConfig& config);

    [[nodiscard]] const ClipConfig& config() const { return m_config; }

    /// @param pixels [N, 3, H, W] normalised; H and W multiples of the patch size. Other sizes
    ///        than the checkpoint's interpolate the position embedding (bicubic).
    /// @throws ShapeError
    VisionOutput encodeImage(const torch::Tensor& pixels, PatchPath path);

    /// Dense tokens to the joint space: ln_post and projection. [.., C] -> [.., D].
    torch::Tensor projectTokens(const torch::Tensor& tokens);

    /// @param ids [M, L] int64, L <= context length, padded as the tokenizer does.
    /// @return [M, D], not normalised. @throws ShapeError
    torch::Tensor encodeText(const torch::Tensor& ids);

    /// exp(logit_scale), learned; 1/temperature.
    torch::Tensor logitScale();
};
TORCH_MODULE(ClipModel);

/// Reads a published checkpoint folder: config.json (Hugging Face CLIPModel) or
/// open_clip_config.json, with model.safetensors, open_clip_model.safetensors or a sharded
/// model.safetensors.index.json. @throws FormatError, Error
[[nodiscard]] ClipModel loadClip(const std::filesystem::path& folder);

/// Writes config.json and model.safetensors with Hugging Face names, loadable by `transformers`
/// (the vocabulary is the caller's to write). @throws Error
void saveClip(ClipModel& model, const std::filesystem::path& folder, torch::Dtype dtype);

} // namespace tagalign::model::clip
