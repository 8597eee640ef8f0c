#pragma once

#include "model/pipeline/PilotData.h"

#include <filesystem>
#include <string>

namespace tagalign::model::pipeline {

/// XXH3-128 (32 hex digits) over the names, sizes and bytes of the configuration and weight
/// files in a checkpoint folder: other weights, other features. Remembered in this process by
/// the files' sizes and times, so that asking again costs no reading.
/// @throws Error if the folder holds no configuration or no weights, or cannot be read.
[[nodiscard]] std::string checkpointFingerprint(const std::filesystem::path& folder);

/// The fingerprint with one of the vocabulary files (vocab.json, merges.txt, tokenizer.json; of a
/// SigLIP spiece.model, tokenizer_config.json) behind it: under which text vectors are stored.
/// Another vocabulary leaves the features of images as they are. @throws Error
[[nodiscard]] std::string textKey(const std::filesystem::path& folder);

/// Under which features of the square that the checkpoint was trained on (ImageTower.h,
/// squarePixels) are stored: fingerprint, patch path and resolution, e.g.
/// "0f..a3-self-value-crop224". @throws Error
[[nodiscard]] std::string storeKey(const ModelFiles& model);

/// The same for whole pictures, e.g. "0f..a3-self-value-whole224". @throws Error
[[nodiscard]] std::string wholeStoreKey(const ModelFiles& model);

/// "plain", "value", "self-value", "self-query-key", "neighbour".
[[nodiscard]] std::string nameOf(clip::PatchPath path);

} // namespace tagalign::model::pipeline
