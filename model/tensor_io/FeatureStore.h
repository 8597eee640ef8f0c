#pragma once

#include <torch/torch.h>

#include <filesystem>
#include <optional>
#include <string>

namespace tagalign::model::tensor_io {

/// What the frozen tower says about one image. P = rows × columns patches, C tower width,
/// D embedding width.
struct ImageFeatures
{
    torch::Tensor tokens; ///< [P, C] fp16, dense tokens before ln_post
    torch::Tensor global; ///< [D] fp16, projected, not normalised
    std::int64_t rows = 0;
    std::int64_t columns = 0;
};

/// Features of images on disk, one safetensors file each:
///
///     FOLDER/<fold of the model key>/<first two digits of the hash>/<hash>.safetensors
///
/// Files appear whole or not at all. Different images may be written from different threads.
class FeatureStore
{
public:
    /// @param modelKey checkpoint, patch path and resolution; written into each entry, so that
    ///        an entry of another key is never taken for one of this.
    FeatureStore(std::filesystem::path folder, std::string modelKey);

    /// @param contentHash lower-case hex, 8 to 128 digits. @throws RangeError otherwise.
    [[nodiscard]] bool contains(const std::string& contentHash) const;

    /// Replaces what is there. Tensors of another type are stored as fp16.
    /// @throws RangeError, ShapeError, Error naming the file.
    void put(const std::string& contentHash, const ImageFeatures& features) const;

    /// Nothing if there is no whole entry of this key; a damaged one counts as missing.
    /// @throws RangeError
    [[nodiscard]] std::optional<ImageFeatures> get(const std::string& contentHash) const;

private:
    [[nodiscard]] std::filesystem::path fileOf(const std::string& contentHash) const;

    std::filesystem::path m_folder;
    std::string m_modelKey;
};

} // namespace tagalign::model::tensor_io
