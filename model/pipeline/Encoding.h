#pragma once

#include "model/Progress.h"
#include "model/pipeline/PilotData.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace tagalign::model::pipeline {

struct EncodeItem
{
    std::filesystem::path file;
    std::string contentHash; ///< sha256 of the file when it was imported, hex
};

enum class Precision { Automatic, Float32, BFloat16, Int8 };

struct EncodeSettings
{
    std::optional<int> batchSize = {};          ///< images, >= 1; else ImageTower's usual
    Precision precision = Precision::Automatic; ///< bf16 where the CPU or GPU has it
    std::optional<int> decodeThreads = {};      ///< >= 1; else 1, with a GPU all cores but one
};

struct EncodeProblem
{
    std::filesystem::path file;
    std::string message; ///< one sentence
};

struct EncodeReport
{
    std::size_t encoded = 0; ///< newly computed
    std::size_t reused = 0;  ///< found in the store
    std::vector<EncodeProblem> problems;
    double seconds = 0.0;
};

/// Computes patch and global features of each image once and keeps them in the store; decoding,
/// preprocessing and the tower overlap. Images already stored for this checkpoint, patch path
/// and resolution are skipped, so an interrupted call continues where it stopped. A file that has
/// changed since its hash was taken is a problem, and nothing is stored for it.
/// @throws Error if the checkpoint cannot be loaded or the store not be written; Cancelled.
EncodeReport encodeImages(const ModelFiles& model, const std::vector<EncodeItem>& items,
                          const EncodeSettings& settings, const OnProgress& onProgress);

/// How many of these images encodeImages() would have to compute. Loads no weights. @throws Error
[[nodiscard]] std::size_t countUnencoded(const ModelFiles& model,
                                         const std::vector<EncodeItem>& items);

} // namespace tagalign::model::pipeline
