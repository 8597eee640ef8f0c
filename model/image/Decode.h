#pragma once

#include "model/image/RgbImage.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace tagalign::model::image {

/// Decodes a JPEG, PNG, WebP, BMP or TIFF (first page) whole, upright by its EXIF orientation,
/// as RGB the way Pillow's convert("RGB") makes it: grey is repeated, alpha is dropped, palettes
/// are looked up, CMYK is multiplied out. 16-bit samples keep their high byte (Pillow would
/// clip 16-bit grey to white instead).
/// @throws Error naming the file and what is wrong: missing, empty, not an image, truncated,
///         larger than kMaxPixels (ImageProbe.h).
[[nodiscard]] RgbImage decodeImage(const std::filesystem::path& file);

/// The same for a picture that was imported before, read once.
/// @param hash contentHash() of the bytes then. @throws Error also if they have changed.
[[nodiscard]] RgbImage decodeImage(const std::filesystem::path& file, const std::string& hash);

/// Writes bytes under a temporary name in the same folder, then renames.
/// @throws Error naming the file.
void writeWhole(const std::filesystem::path& file, std::string_view bytes);

} // namespace tagalign::model::image
