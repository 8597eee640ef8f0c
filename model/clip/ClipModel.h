#pragma once

#include "model/clip/ClipConfig.h"
#include "model/clip/PatchPath.h"
#include "model/clip/Transformer.h"

#include <torch/torch.h>

#include <filesystem>
#include <utility>

namespace tagalign::model::clip {

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

class VisionTowerImpl : public torch::nn::Module
{
public:
    VisionTowerImpl(const VisionConfig& config, std::int64_t embedDim);

    VisionOutput forward(const torch::Tensor& pixels, PatchPath path);
    /// ln_post and projection. [.., C] -> [.., D].
    torch::Tensor project(const torch::Tensor& tokens);

    torch::nn::Conv2d conv1{nullptr};
    torch::Tensor class_embedding;      ///< [C]
    torch::Tensor positional_embedding; ///< [1 + G², C], G patches a side
    torch::nn::LayerNorm ln_pre{nullptr};
    Transformer transformer{nullptr};
    torch::nn::LayerNorm ln_post{nullptr};
    torch::Tensor proj; ///< [C, D]

private:
    torch::Tensor embed(const torch::Tensor& pixels);

    VisionConfig m_config;
};

TORCH_MODULE(VisionTower);

/// CLIP's two towers (arXiv 2103.00020). Inside, parameters carry OpenAI's names with fused QKV
/// ("visual.transformer.resblocks.0.attn.in_proj_weight"); Hugging Face and OpenCLIP names are
/// mapped while loading. A torch module, so that it can be trained from scratch as well.
/// ClipEncoder.h is the fast way to only encode images.
class ClipModelImpl : public torch::nn::Module
{
public:
    /// Random weights, initialised as OpenCLIP does. @throws RangeError (checkClipConfig)
    explicit ClipModelImpl(const ClipConfig& config);

    [[nodiscard]] const ClipConfig& config() const { return m_config; }

    /// @param pixels [N, 3, H, W] normalised; H and W multiples of the patch size. Other sizes
    ///        than the checkpoint's interpolate the position embedding (bicubic).
    /// @throws ShapeError
    VisionOutput encodeImage(const torch::Tensor& pixels, PatchPath path);

    /// Dense tokens to the joint space: ln_post and projection. [.., C] -> [.., D].
    torch::Tensor projectTokens(const torch::Tensor& tokens);

    /// @param ids [M, L] int64, L <= context length, padded as the tokenizer does.
    /// @return [M, D], not normalised. @throws ShapeError; RangeError for an id outside the
    ///         vocabulary.
    torch::Tensor encodeText(const torch::Tensor& ids);

    /// The text tower's last block after ln_final. [M, L] -> [M, L, C]. @throws as encodeText()
    torch::Tensor textHidden(const torch::Tensor& ids);

    /// exp(logit_scale), learned; 1/temperature.
    torch::Tensor logitScale() { return logit_scale.exp(); }

    VisionTower visual{nullptr};
    torch::nn::Embedding token_embedding{nullptr};
    torch::Tensor positional_embedding; ///< [context length, C]
    Transformer transformer{nullptr};
    torch::nn::LayerNorm ln_final{nullptr};
    torch::Tensor text_projection; ///< [C, D]
    torch::Tensor logit_scale;     ///< []

private:
    [[nodiscard]] torch::Tensor endPositions(const torch::Tensor& ids) const;

    ClipConfig m_config;
};

TORCH_MODULE(ClipModel);

/// The number of patch rows and columns of a batch [N, 3, H, W].
/// @throws ShapeError unless H and W are multiples of the patch size.
[[nodiscard]] std::pair<std::int64_t, std::int64_t> patchGrid(const torch::Tensor& pixels,
                                                              const VisionConfig& config);

/// The position embedding for another grid: the class row as it is, the rest bicubic (as
/// `transformers` does with interpolate_pos_encoding). [1 + G², C] -> [1 + rows·columns, C].
[[nodiscard]] torch::Tensor positionsFor(const torch::Tensor& embedding, std::int64_t rows,
                                         std::int64_t columns);

/// Reads a published checkpoint folder: config.json (Hugging Face CLIPModel) or
/// open_clip_config.json, with model.safetensors, open_clip_model.safetensors or a sharded
/// model.safetensors.index.json. Weights become float32. @throws FormatError, Error
[[nodiscard]] ClipModel loadClip(const std::filesystem::path& folder);

/// Writes config.json, preprocessor_config.json and model.safetensors with Hugging Face names,
/// loadable by `transformers` (the vocabulary is the caller's to write). @throws Error
void saveClip(ClipModel& model, const std::filesystem::path& folder, torch::Dtype dtype);

} // namespace tagalign::model::clip
