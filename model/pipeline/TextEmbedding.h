#pragma once

#include "model/Progress.h"
#include "model/clip/ClipModel.h"
#include "model/pipeline/PilotData.h"
#include "model/text/Tokenizer.h"

#include <torch/torch.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace tagalign::model::pipeline {

/// The sentences whose mean direction stands for a tag.
[[nodiscard]] std::vector<std::string> promptsOf(const PilotTag& tag);

/// The tokenizer of a checkpoint, for a text tower of this configuration: whoever loads both takes
/// this one.
/// @throws FormatError if it gives an id that the tower has no row for, or ends texts with another
///         mark than the tower looks for; as text::ClipTokenizer::load or
///         text::SigLipTokenizer::load.
[[nodiscard]] std::unique_ptr<const text::Tokenizer>
tokenizerFor(const std::filesystem::path& checkpoint, const clip::ClipConfig& config);

/// @return [M, length] int64: the texts' ids, cut and padded.
[[nodiscard]] torch::Tensor idsOf(const std::vector<std::string>& texts,
                                  const text::Tokenizer& tokenizer, std::int64_t length);

/// Texts through the frozen text tower, each once per checkpoint and vocabulary: kept in memory
/// and, if asked, in the store's file "texts-KEY.safetensors" (textKey). The tower is loaded when
/// first needed.
/// Includes torch, so no header for app. Not thread-safe.
class TextEmbedding
{
public:
    enum class Keep { InMemory, OnDisk };

    /// @throws Error if the checkpoint folder cannot be read.
    explicit TextEmbedding(const ModelFiles& model);
    ~TextEmbedding();
    TextEmbedding(const TextEmbedding&) = delete;
    TextEmbedding& operator=(const TextEmbedding&) = delete;

    /// @return [M, D] float32, normalised, in the order given.
    /// @throws Cancelled (what was embedded is kept), Error
    [[nodiscard]] torch::Tensor texts(const std::vector<std::string>& texts, Keep keep,
                                      const OnProgress& onProgress);

    /// @return [T, D] float32: normalised means over promptsOf().
    [[nodiscard]] torch::Tensor tags(const std::vector<PilotTag>& tags,
                                     const OnProgress& onProgress);

    /// The checkpoint, loaded once.
    [[nodiscard]] clip::ClipModel& clip();

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace tagalign::model::pipeline
