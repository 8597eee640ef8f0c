#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tagalign::model::image {

enum class ImageFormat { Jpeg, Png, WebP, Bmp, Tiff };

/// What the first bytes say, read without decoding: for the size limit and the orientation.
struct ImageHeader
{
    ImageFormat format = ImageFormat::Jpeg;
    std::int64_t width = 0; ///< as stored, before orientation
    std::int64_t height = 0;
    int orientation = 1; ///< EXIF tag 0x0112, 1..8
};

/// @return nothing if the bytes are none of the formats above or the header ends too early.
[[nodiscard]] std::optional<ImageHeader> readHeader(std::string_view bytes);

/// "JPEG", "PNG", ..
[[nodiscard]] std::string formatName(ImageFormat format);

} // namespace tagalign::model::image
