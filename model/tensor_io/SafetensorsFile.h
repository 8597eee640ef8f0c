#pragma once

#include "model/tensor_io/SafetensorsHeader.h"

#include <torch/torch.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tagalign::model::tensor_io {

class MappedFile;

/// A safetensors file, memory-mapped. Immutable, so any thread may call it.
class SafetensorsFile
{
public:
    /// Maps the file and checks its header (SafetensorsHeader.h).
    /// @throws FormatError, Error naming the file.
    explicit SafetensorsFile(const std::filesystem::path& file);

    [[nodiscard]] std::vector<std::string> names() const; ///< sorted
    [[nodiscard]] bool contains(const std::string& name) const;

    /// @throws FormatError naming file and tensor if there is no such tensor.
    [[nodiscard]] const TensorInfo& info(const std::string& name) const;

    /// A view on the mapped file, which it keeps alive; a copy where the file's bytes are not
    /// aligned. Never write to it. @throws FormatError as info().
    [[nodiscard]] torch::Tensor tensor(const std::string& name) const;

    [[nodiscard]] const std::map<std::string, std::string>& metadata() const
    {
        return m_header.metadata;
    }

private:
    std::filesystem::path m_file;
    std::shared_ptr<const MappedFile> m_bytes;
    SafetensorsHeader m_header;
};

using NamedTensors = std::vector<std::pair<std::string, torch::Tensor>>;

/// Writes the tensors (any device and layout) whole or not at all. Same tensors and metadata, same
/// bytes. @throws Error naming the file, or the tensor whose dtype the format does not know.
void writeSafetensors(const std::filesystem::path& file, const NamedTensors& tensors,
                      const std::map<std::string, std::string>& metadata = {});

} // namespace tagalign::model::tensor_io
