#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace tagalign::model::image {

/// Upper bound of width × height that is ever decoded; larger headers are refused unread.
constexpr std::int64_t kMaxPixels = 200'000'000;

/// An image as importers need it: decoded once, upright.
struct ImageProbe
{
    int width = 0; ///< after EXIF orientation
    int height = 0;
    std::uint64_t perceptualHash = 0; ///< 64-bit DCT hash; near-duplicates differ in few bits
};

/// Decodes the whole image (so that truncated files are found) and measures it.
/// @throws Error naming the file and what is wrong: missing, empty, not an image, truncated,
///         larger than kMaxPixels.
[[nodiscard]] ImageProbe probeImage(const std::filesystem::path& file);

/// Writes an upright JPEG thumbnail, longest side at most `side` pixels, by temporary + rename.
/// @throws Error naming the file.
void writeThumbnail(const std::filesystem::path& file, const std::filesystem::path& thumbnail,
                    int side);

} // namespace tagalign::model::image
