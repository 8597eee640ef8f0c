#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

namespace tagalign::model::tensor_io {

/// A file mapped read-only into memory for as long as this lives. A file that another program
/// cuts short meanwhile ends the process; writers here rename, they never shorten.
class MappedFile
{
public:
    /// @throws Error naming the file and what the system says.
    [[nodiscard]] static std::shared_ptr<const MappedFile> open(const std::filesystem::path& file);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    [[nodiscard]] std::span<const std::byte> bytes() const { return m_bytes; }

private:
    MappedFile() = default;

    std::span<const std::byte> m_bytes;
};

/// Takes the next bytes of the file.
using Sink = std::function<void(const void* bytes, std::size_t count)>;

/// Writes a file whole or not at all: under a temporary name in the same folder, flushed to the
/// disk, then renamed. @throws Error naming the file; the temporary is gone then.
void writeWholeFile(const std::filesystem::path& file,
                    const std::function<void(const Sink&)>& produce);

/// The same for a text that is ready.
void writeWholeText(const std::filesystem::path& file, std::string_view text);

/// Makes the folder and those above it; no complaint if it is there. @throws Error naming it.
void makeFolder(const std::filesystem::path& folder);

} // namespace tagalign::model::tensor_io
