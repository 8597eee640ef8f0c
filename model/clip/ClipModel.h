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
    torch::Tensor global; ///< [N, D] projected class token or pooled patches, not normalised
    /// Output of the last block, before ln_post. CLIP [N, 1 + P, C], SigLIP [N, P, C].
    torch::Tensor lastHidden;
    torch::Tensor tokens; ///< [N, P, C] dense tokens of the chosen path, before ln_post
    std::int64_t rows = 0;
    std::int64_t columns = 0;
};

/// SigLIP's way from patches to one vector: a learned query attends to them, then a residual MLP
/// (modeling_siglip.py, SiglipMultiheadAttentionPoolingHead).
class AttentionPoolImpl : public torch::nn::Module
{
public:
    explicit AttentionPoolImpl(const TowerConfig& config);

    /// [N, P, C] -> [N, C]
    torch::Tensor forward(const torch::Tensor& patches);

    /// What forward() would give if all attention were on one patch, for each. MaskCLIP (arXiv
    /// 2112.01071, section 3.2) takes dense features from CLIP's attention pooling so: without
    /// queries and keys, value and output layer applied at each place. [.., C] -> [.., C]
    torch::Tensor forEachPatch(const torch::Tensor& patches);

    torch::Tensor probe; ///< [1, 1, C]
    Attention attn{nullptr};
    torch::nn::LayerNorm ln{nullptr};
    Mlp mlp{nullptr};

private:
    torch::Tensor addMlp(const torch::Tensor& x) { return x + mlp->forward(ln->forward(x)); }
};

TORCH_MODULE(AttentionPool);

class VisionTowerImpl : public torch::nn::Module
{
public:
    explicit VisionTowerImpl(const ClipConfig& config);

    VisionOutput forward(const torch::Tensor& pixels, PatchPath path);

    /// What enters the blocks: [N, P, C] convolved patches, after the class token if there is one,
    /// with positions.
    torch::Tensor embed(const torch::Tensor& patches, std::int64_t rows, std::int64_t columns);
    /// The whole image's vector out of the last block. [N, L, C] -> [N, D].
    torch::Tensor global(const torch::Tensor& lastHidden);
    /// Dense tokens to the joint space. [.., C] -> [.., D].
    torch::Tensor project(const torch::Tensor& tokens);

    /// Rows of the blocks that belong to no patch: 1 with a class token, else 0.
    [[nodiscard]] std::int64_t firstPatch() const;

    torch::nn::Conv2d conv1{nullptr};     ///< with bias only in SigLIP
    torch::Tensor class_embedding;        ///< [C], CLIP
    torch::Tensor positional_embedding;   ///< [1 + G², C] in CLIP, [G², C] in SigLIP
    torch::nn::LayerNorm ln_pre{nullptr}; ///< CLIP
    Transformer transformer{nullptr};
    torch::nn::LayerNorm ln_post{nullptr};
    torch::Tensor proj;          ///< [C, D], CLIP
    AttentionPool pool{nullptr}; ///< SigLIP

private:
    ClipConfig m_config;
};

TORCH_MODULE(VisionTower);

/// The two towers of a CLIP or SigLIP. Inside, parameters carry OpenAI's names with fused QKV
/// ("visual.transformer.resblocks.0.attn.in_proj_weight"); Hugging Face, OpenCLIP and TinyCLIP
/// names are mapped while loading. A torch module, so that it can be trained from scratch as well.
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

    /// Dense tokens to the joint space, [.., C] -> [.., D]: ln_post, then CLIP's projection or
    /// SigLIP's attention pooling as for a single patch (AttentionPoolImpl::forEachPatch).
    torch::Tensor projectTokens(const torch::Tensor& tokens);

    /// @param ids [M, L] int64, L <= context length, padded as the tokenizer does: SigLIP's must
    ///        be as long as the context, since its padding counts.
    /// @return [M, D], not normalised. @throws ShapeError; RangeError for an id outside the
    ///         vocabulary.
    torch::Tensor encodeText(const torch::Tensor& ids);

    /// The text tower's last block after ln_final. [M, L] -> [M, L, C]. @throws as encodeText()
    torch::Tensor textHidden(const torch::Tensor& ids);

    /// exp(logit_scale), learned; 1/temperature. SigLIP's pairs match with the probability
    /// sigmoid(logitScale() · cosine + logit_bias).
    torch::Tensor logitScale() { return logit_scale.exp(); }

    VisionTower visual{nullptr};
    torch::nn::Embedding token_embedding{nullptr};
    torch::Tensor positional_embedding; ///< [context length, C]
    Transformer transformer{nullptr};
    torch::nn::LayerNorm ln_final{nullptr};
    torch::Tensor text_projection;      ///< [C, D]
    torch::Tensor text_projection_bias; ///< [D], SigLIP
    torch::Tensor logit_scale;          ///< [] in CLIP, [1] in SigLIP
    torch::Tensor logit_bias;           ///< [1], SigLIP

private:
    /// Where each row's text vector is read. [M, L] -> [M]
    [[nodiscard]] torch::Tensor endPositions(const torch::Tensor& ids) const;

    ClipConfig m_config;
};

TORCH_MODULE(ClipModel);

/// The number of patch rows and columns of a batch [N, 3, H, W].
/// @throws ShapeError unless H and W are multiples of the patch size.
[[nodiscard]] std::pair<std::int64_t, std::int64_t> patchGrid(const torch::Tensor& pixels,
                                                              const VisionConfig& config);

/// The position embedding for another grid: bicubic (as `transformers` does with
/// interpolate_pos_encoding), but for the class row, the first of CLIP's, which stays.
/// [classRows + G², C] -> [classRows + rows·columns, C].
[[nodiscard]] torch::Tensor positionsFor(const torch::Tensor& embedding, std::int64_t classRows,
                                         std::int64_t rows, std::int64_t columns);

/// Reads a published checkpoint folder: config.json (Hugging Face CLIPModel or SiglipModel) or
/// open_clip_config.json, with model.safetensors, open_clip_model.safetensors or a sharded
/// model.safetensors.index.json. Weights become float32. @throws FormatError, Error
[[nodiscard]] ClipModel loadClip(const std::filesystem::path& folder);

/// Writes config.json, preprocessor_config.json and model.safetensors with Hugging Face names,
/// loadable by `transformers` (the vocabulary is the caller's to write). @throws Error
void saveClip(ClipModel& model, const std::filesystem::path& folder, torch::Dtype dtype);

} // namespace tagalign::model::clip
