#include "model/image/ImageBytes.h"

#include "model/Error.h"
#include "model/image/ImageProbe.h"

#include <fstream>
#include <optional>

namespace tagalign::model::image {

namespace {

constexpr std::uintmax_t kMaxFileBytes = 1ULL << 30U;

} // namespace

std::string readBytes(const std::filesystem::path& file)
{
    std::error_code error;
    if (!std::filesystem::exists(file, error)) {
        throw Error(file.string() + ": the file does not exist");
    }
    if (!std::filesystem::is_regular_file(file, error)) {
        throw Error(file.string() + ": not a file");
    }
    const std::uintmax_t size = std::filesystem::file_size(file, error);
    if (error || size == 0) {
        throw Error(file.string() + (error ? ": cannot be read" : ": the file is empty"));
    }
    if (size > kMaxFileBytes) {
        throw Error(file.string() + ": larger than 1 GiB; save it smaller and import it again");
    }
    std::string bytes(size, '\0');
    std::ifstream stream(file, std::ios::binary);
    if (!stream.read(bytes.data(), static_cast<std::streamsize>(size))) {
        throw Error(file.string() + ": cannot be read; check its permissions");
    }
    return bytes;
}

ImageHeader checkedHeader(const std::filesystem::path& file, std::string_view bytes)
{
    if (bytes.starts_with("GIF8")) {
        throw FormatError(file.string() + ": GIF is not supported; save it as PNG or JPEG");
    }
    const std::optional<ImageHeader> header = readHeader(bytes);
    if (!header) {
        throw FormatError(file.string() +
                          ": not an image, or its header is damaged (JPEG, PNG, WebP, BMP and "
                          "TIFF are read)");
    }
    const std::string size = std::to_string(header->width) + " × " + std::to_string(header->height);
    if (header->width <= 0 || header->height <= 0) {
        throw FormatError(file.string() + ": damaged header, size " + size);
    }
    if (header->width > kMaxPixels / header->height) {
        throw Error(file.string() + ": " + size + " pixels, more than the limit of " +
                    std::to_string(kMaxPixels / 1'000'000) + " megapixels; save it smaller");
    }
    return *header;
}

} // namespace tagalign::model::image
