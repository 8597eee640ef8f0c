#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace tagalign::model::image {

/// A label for each pixel, rows from the top: labels[y * width + x].
struct IndexMask
{
    int width = 0;
    int height = 0;
    std::vector<std::uint16_t> labels;
};

/// Reads a PNG of one channel as it is stored: grey samples of 1 to 16 bits unscaled, of a palette
/// the index, never the colour.
/// @throws Error naming the file and what is wrong: as decodeImage() (Decode.h), or another format
///         than PNG, or colours in place of labels.
[[nodiscard]] IndexMask decodeIndexMask(const std::filesystem::path& file);

} // namespace tagalign::model::image
