#pragma once

#include <cstdint>
#include <vector>

namespace tagalign::model::image {

/// 8-bit RGB, rows from the top, no padding: bytes[(y * width + x) * 3 + channel].
struct RgbImage
{
    int width = 0;
    int height = 0;
    std::vector<std::uint8_t> bytes;
};

/// 8-bit RGBA, straight alpha: bytes[(y * width + x) * 4 + channel].
struct RgbaImage
{
    int width = 0;
    int height = 0;
    std::vector<std::uint8_t> bytes;
};

} // namespace tagalign::model::image
