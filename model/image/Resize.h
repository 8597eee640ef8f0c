#pragma once

#include "model/image/RgbImage.h"

namespace tagalign::model::image {

/// Side lengths in pixels.
struct PixelSize
{
    int width = 0;
    int height = 0;
};

/// Short side to `side`, antialiased bicubic, then the middle side × side pixels: bit for bit
/// what Pillow and the CLIP image processor of `transformers` make of an RGB image.
/// @throws RangeError if side < 1.
[[nodiscard]] RgbImage cropForClip(const RgbImage& image, int side);

/// Size of a whole picture for dense maps: both sides multiples of `patch`, the short one next
/// to shortSide, aspect kept as well as that allows, the long one at most kMaxAspect times the
/// short one (a narrower strip is squeezed).
[[nodiscard]] PixelSize wholeSize(int width, int height, int shortSide, int patch);

constexpr int kMaxAspect = 4;

/// Antialiased bicubic (a = -0.5) as Pillow's Image.resize: fixed point, rounded to 8 bits after
/// the horizontal and again after the vertical pass. @throws RangeError if a side is < 1.
[[nodiscard]] RgbImage resizeBicubic(const RgbImage& image, PixelSize size);

} // namespace tagalign::model::image
