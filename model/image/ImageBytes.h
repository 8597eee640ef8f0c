#pragma once

#include "model/image/ImageHeader.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace tagalign::model::image {

/// The whole file. @throws Error naming it: missing, not a file, empty, too large, unreadable.
[[nodiscard]] std::string readBytes(const std::filesystem::path& file);

/// What the first bytes say, if the picture is one that is decoded.
/// @param file for messages.
/// @throws FormatError, Error naming the file: no picture, damaged, larger than kMaxPixels
///         (ImageProbe.h).
[[nodiscard]] ImageHeader checkedHeader(const std::filesystem::path& file, std::string_view bytes);

} // namespace tagalign::model::image
