#pragma once

#include "model/image/Resize.h"

#include <cstddef>
#include <vector>

/// How the segmentation benchmarks cut a picture (mmsegmentation: Resize with keep_ratio, and
/// EncoderDecoder.slide_inference).
namespace tagalign::model::image {

/// The longest side that fitShortSide() gives: the benchmarks' own.
constexpr int kLongestSide = 2048;

/// Aspect kept, the short side `shortSide` pixels, or fewer where the long one would pass
/// kLongestSide. @throws RangeError if a number is below 1.
[[nodiscard]] PixelSize fitShortSide(PixelSize picture, int shortSide);

/// Windows of one size that cover a picture.
struct SlidingWindows
{
    struct Corner
    {
        int top = 0;
        int left = 0;
    };

    PixelSize picture;
    PixelSize window; ///< at most the picture's size
    std::vector<Corner> corners;
};

/// The most windows of one picture: each goes through the tower, and all their masks are kept.
constexpr std::size_t kMostWindows = 4096;

/// Every `stride` pixels a square of `side`, cut to the picture; the last of a row or a column is
/// moved back to end at the picture's edge.
/// @throws RangeError if a number is below 1, the stride longer than the side, or there would be
/// more
///         than kMostWindows.
[[nodiscard]] SlidingWindows slidingWindows(PixelSize picture, int side, int stride);

} // namespace tagalign::model::image
