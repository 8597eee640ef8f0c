#include "model/image/ImageHeader.h"

#include <algorithm>
#include <cstdlib>

namespace tagalign::model::image {

namespace {

enum class Endian { Little, Big };

/// Bounds-checked integers out of bytes; what lies outside reads as 0 and is remembered.
class Bytes
{
public:
    Bytes(std::string_view bytes, Endian endian)
        : m_bytes(bytes),
          m_endian(endian)
    {
    }

    [[nodiscard]] std::uint32_t number(std::size_t offset, std::size_t size)
    {
        if (offset > m_bytes.size() || m_bytes.size() - offset < size) {
            m_isShort = true;
            return 0;
        }
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < size; ++i) {
            const std::size_t place = m_endian == Endian::Big ? i : size - 1 - i;
            value = (value << 8U) | static_cast<unsigned char>(m_bytes[offset + place]);
        }
        return value;
    }

    [[nodiscard]] std::string_view text(std::size_t offset, std::size_t size) const
    {
        return offset > m_bytes.size() ? std::string_view() : m_bytes.substr(offset, size);
    }

    [[nodiscard]] std::size_t size() const { return m_bytes.size(); }

    [[nodiscard]] bool isShort() const { return m_isShort; }

private:
    std::string_view m_bytes;
    Endian m_endian;
    bool m_isShort = false;
};

constexpr std::uint32_t kTagWidth = 0x0100;
constexpr std::uint32_t kTagHeight = 0x0101;
constexpr std::uint32_t kTagOrientation = 0x0112;

/// First directory of a TIFF structure: a TIFF file, or the body of an EXIF block.
ImageHeader readDirectory(std::string_view tiff)
{
    ImageHeader header{.format = ImageFormat::Tiff};
    const bool isBig = tiff.substr(0, 2) == "MM";
    Bytes bytes(tiff, isBig ? Endian::Big : Endian::Little);
    const std::size_t directory = bytes.number(4, 4);
    const std::size_t entries = bytes.number(directory, 2);
    for (std::size_t i = 0; i < entries && !bytes.isShort(); ++i) {
        const std::size_t entry = directory + 2 + i * 12;
        const std::uint32_t tag = bytes.number(entry, 2);
        const bool isShortType = bytes.number(entry + 2, 2) == 3;
        const std::uint32_t value = bytes.number(entry + 8, isShortType ? 2 : 4);
        if (bytes.isShort()) {
            break;
        }
        // The largest of a tag that comes twice, as decoders differ in which they take.
        if (tag == kTagWidth) {
            header.width = std::max<std::int64_t>(header.width, value);
        } else if (tag == kTagHeight) {
            header.height = std::max<std::int64_t>(header.height, value);
        } else if (tag == kTagOrientation && value >= 1 && value <= 8) {
            header.orientation = static_cast<int>(value);
        }
    }
    return header;
}

int orientationOf(std::string_view exif)
{
    constexpr std::string_view kPrefix("Exif\0\0", 6);
    while (exif.starts_with(kPrefix)) {
        exif.remove_prefix(kPrefix.size());
    }
    const bool isTiff = exif.starts_with("II") || exif.starts_with("MM");
    return isTiff ? readDirectory(exif).orientation : 1;
}

bool isFrameMarker(std::uint32_t marker) // SOF0..SOF15 without DHT, JPG, DAC
{
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

std::optional<ImageHeader> readJpeg(std::string_view file)
{
    Bytes bytes(file, Endian::Big);
    ImageHeader header{.format = ImageFormat::Jpeg};
    bool hasExif = false;
    std::size_t offset = 2;
    while (!bytes.isShort()) {
        if (bytes.number(offset, 1) != 0xFF) { // stray bytes between segments are allowed for
            ++offset;
            continue;
        }
        const std::uint32_t marker = bytes.number(offset + 1, 1);
        if (marker == 0xFF || marker == 0x00 || marker == 0x01 ||
            (marker >= 0xD0 && marker <= 0xD8)) {
            offset += marker == 0xFF ? 1 : 2;
            continue;
        }
        if (marker == 0xD9 || marker == 0xDA) {
            break; // end of image or start of data: no frame header before it
        }
        const std::size_t length = bytes.number(offset + 2, 2);
        const std::string_view body = bytes.text(offset + 4, length >= 2 ? length - 2 : 0);
        if (marker == 0xE1 && !hasExif && body.starts_with("Exif")) {
            header.orientation = orientationOf(body);
            hasExif = true;
        }
        if (isFrameMarker(marker)) {
            header.height = bytes.number(offset + 5, 2);
            header.width = bytes.number(offset + 7, 2);
            break;
        }
        offset += 2 + length;
    }
    return bytes.isShort() || header.width == 0 ? std::nullopt : std::optional(header);
}

std::optional<ImageHeader> readPng(std::string_view file)
{
    Bytes bytes(file, Endian::Big);
    ImageHeader header{.format = ImageFormat::Png};
    header.width = bytes.number(16, 4);
    header.height = bytes.number(20, 4);
    if (bytes.isShort()) {
        return std::nullopt;
    }
    std::size_t offset = 8;
    while (offset + 12 <= bytes.size()) {
        const std::size_t length = bytes.number(offset, 4);
        if (bytes.text(offset + 4, 4) == "eXIf") {
            header.orientation = orientationOf(bytes.text(offset + 8, length));
        }
        offset += 12 + length;
    }
    return header;
}

std::optional<ImageHeader> readBmp(std::string_view file)
{
    Bytes bytes(file, Endian::Little);
    ImageHeader header{.format = ImageFormat::Bmp};
    if (bytes.number(14, 4) == 12) { // the oldest header has 16-bit sizes
        header.width = bytes.number(18, 2);
        header.height = bytes.number(20, 2);
    } else {
        header.width = static_cast<std::int32_t>(bytes.number(18, 4));
        // Negative means that the rows run from the top.
        header.height = std::llabs(static_cast<std::int32_t>(bytes.number(22, 4)));
    }
    return bytes.isShort() ? std::nullopt : std::optional(header);
}

/// RIFF container: VP8X (extended), VP8L (lossless) or VP8 (lossy) first, EXIF anywhere after.
std::optional<ImageHeader> readWebP(std::string_view file)
{
    Bytes bytes(file, Endian::Little);
    ImageHeader header{.format = ImageFormat::WebP};
    const std::string_view kind = bytes.text(12, 4);
    if (kind == "VP8X") {
        header.width = bytes.number(24, 3) + 1;
        header.height = bytes.number(27, 3) + 1;
    } else if (kind == "VP8L") {
        const std::uint32_t bits = bytes.number(21, 4);
        header.width = (bits & 0x3FFFU) + 1;
        header.height = ((bits >> 14U) & 0x3FFFU) + 1;
    } else if (kind == "VP8 ") {
        header.width = bytes.number(26, 2) & 0x3FFFU;
        header.height = bytes.number(28, 2) & 0x3FFFU;
    }
    if (bytes.isShort() || header.width == 0) {
        return std::nullopt;
    }
    std::size_t offset = 12;
    while (offset + 8 <= bytes.size()) {
        const std::size_t length = bytes.number(offset + 4, 4);
        if (bytes.text(offset, 4) == "EXIF") {
            header.orientation = orientationOf(bytes.text(offset + 8, length));
        }
        offset += 8 + length + length % 2;
    }
    return header;
}

std::optional<ImageHeader> readTiff(std::string_view file)
{
    const ImageHeader header = readDirectory(file);
    return header.width == 0 || header.height == 0 ? std::nullopt : std::optional(header);
}

} // namespace

std::optional<ImageHeader> readHeader(std::string_view bytes)
{
    if (bytes.starts_with("\xFF\xD8\xFF")) {
        return readJpeg(bytes);
    }
    if (bytes.starts_with("\x89PNG\r\n\x1A\n")) {
        return readPng(bytes);
    }
    if (bytes.starts_with("RIFF") && bytes.substr(0, 12).ends_with("WEBP")) {
        return readWebP(bytes);
    }
    if (bytes.starts_with(std::string_view("II*\0", 4)) ||
        bytes.starts_with(std::string_view("MM\0*", 4))) {
        return readTiff(bytes);
    }
    if (bytes.starts_with("BM")) {
        return readBmp(bytes);
    }
    return std::nullopt;
}

std::string formatName(ImageFormat format)
{
    switch (format) {
    case ImageFormat::Jpeg:
        return "JPEG";
    case ImageFormat::Png:
        return "PNG";
    case ImageFormat::WebP:
        return "WebP";
    case ImageFormat::Bmp:
        return "BMP";
    case ImageFormat::Tiff:
        return "TIFF";
    }
    return {};
}

} // namespace tagalign::model::image
