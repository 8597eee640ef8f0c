#pragma once

#include "model/clip/PatchPath.h"

#include <filesystem>
#include <string>
#include <vector>

namespace tagalign::model::pipeline {

/// Loads a checkpoint and its vocabulary whole and says what it is in one line.
/// @throws Error naming what is wrong.
[[nodiscard]] std::string checkpointSummary(const std::filesystem::path& checkpoint);

struct EmbedSettings
{
    clip::PatchPath path = clip::PatchPath::SelfValue;
    bool withPatches = false;
};

/// Writes L2-normalised embeddings as safetensors, fp32: image_embeddings [N, D],
/// text_embeddings [M, D], and patches [N, P, D] if asked for. All images go through the square
/// that the checkpoint was trained on. @throws Error naming the file.
void writeEmbeddings(const std::filesystem::path& checkpoint,
                     const std::vector<std::filesystem::path>& images,
                     const std::vector<std::string>& texts, const EmbedSettings& settings,
                     const std::filesystem::path& file);

} // namespace tagalign::model::pipeline
