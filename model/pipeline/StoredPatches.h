#pragma once

#include "model/align/HeadFile.h"
#include "model/pipeline/PilotData.h"
#include "model/pipeline/TextEmbedding.h"
#include "model/tensor_io/FeatureStore.h"

#include <torch/torch.h>

#include <filesystem>

namespace tagalign::model::pipeline {

/// A head's file, if it was trained on this model. @throws as align::loadHead
[[nodiscard]] align::LoadedHead loadHeadFor(const ModelFiles& model, const clip::ClipConfig& config,
                                            const std::filesystem::path& headFile);

/// What the frozen model and a head say of one image. P = rows × columns patches.
struct PatchPair
{
    torch::Tensor before; ///< [1, P, D] float32, not normalised
    torch::Tensor after;  ///< [1, P, D], the same of the head
    torch::Tensor global; ///< [1, D], the frozen image vector, not normalised
    std::int64_t rows = 0;
    std::int64_t columns = 0;
};

/// Stored features through the frozen projection and a head. Includes torch, so no header for app.
/// Not thread-safe.
class StoredPatches
{
public:
    /// @throws Error if the checkpoint or the head cannot be loaded.
    StoredPatches(const ModelFiles& model, const std::filesystem::path& headFile);

    /// @throws Error naming the image if the store does not hold its features.
    [[nodiscard]] PatchPair of(const PilotImage& image);

    [[nodiscard]] TextEmbedding& texts() { return m_texts; }

    [[nodiscard]] const align::HeadInfo& headInfo() const { return m_head.info; }

    [[nodiscard]] std::int64_t embeddingWidth() const { return m_width; }

private:
    TextEmbedding m_texts;
    tensor_io::FeatureStore m_store;
    std::int64_t m_width;
    align::LoadedHead m_head;
};

} // namespace tagalign::model::pipeline
