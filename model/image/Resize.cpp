#include "model/image/Resize.h"

#include "model/Error.h"

#include <opencv2/core.hpp>

#include <algorithm>
#include <cmath>
#include <string>

// The inner loop is the whole cost of large photos; AVX2 multiplies 8 integers at once.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&                             \
    !defined(__SANITIZE_ADDRESS__)
#define TAGALIGN_FAST_LOOP __attribute__((target_clones("avx2", "default"), optimize("O3")))
#else
#define TAGALIGN_FAST_LOOP
#endif

namespace tagalign::model::image {

namespace {

constexpr int kPrecisionBits = 32 - 8 - 2; // as Pillow: 8 bits of sample, 2 of overshoot

/// Weights of the input samples first .. first + weights.size() for one output sample.
struct Taps
{
    int first = 0;
    std::vector<std::int32_t> weights;
};

double bicubic(double x)
{
    constexpr double a = -0.5;
    x = std::abs(x);
    if (x < 1.0) {
        return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
    }
    return x < 2.0 ? (((x - 5) * x + 8) * x - 4) * a : 0.0;
}

std::int32_t fixedPoint(double weight)
{
    const double scaled = weight * (1 << kPrecisionBits);
    return static_cast<std::int32_t>(scaled + (weight < 0 ? -0.5 : 0.5));
}

/// Outputs begin .. begin + count of a line that shrinks or grows from `input` to `output`.
std::vector<Taps> tapsFor(int input, int output, int begin, int count)
{
    const double scale = double(input) / output;
    const double stretch = std::max(scale, 1.0);
    const double support = 2.0 * stretch;
    std::vector<Taps> all(count);
    for (int i = 0; i < count; ++i) {
        const double centre = (begin + i + 0.5) * scale;
        const int first = std::max(0, static_cast<int>(centre - support + 0.5));
        const int last = std::min(input, static_cast<int>(centre + support + 0.5));
        std::vector<double> weights;
        double sum = 0.0;
        for (int x = first; x < last; ++x) {
            weights.push_back(bicubic((x - centre + 0.5) * (1.0 / stretch)));
            sum += weights.back();
        }
        all[i].first = first;
        for (const double weight : weights) {
            all[i].weights.push_back(fixedPoint(sum != 0.0 ? weight / sum : weight));
        }
    }
    return all;
}

/// One output row: out[x] = sum over k of weights[k] * rows[k][x], rows `stride` bytes apart.
TAGALIGN_FAST_LOOP void blendRows(const std::uint8_t* rows, std::size_t stride,
                                  const std::int32_t* weights, std::size_t taps, std::int32_t* sums,
                                  std::uint8_t* out, std::size_t length)
{
    for (std::size_t x = 0; x < length; ++x) {
        sums[x] = 1 << (kPrecisionBits - 1);
    }
    for (std::size_t k = 0; k < taps; ++k) {
        const std::uint8_t* row = rows + k * stride;
        const std::int32_t weight = weights[k];
        for (std::size_t x = 0; x < length; ++x) {
            sums[x] += weight * row[x];
        }
    }
    for (std::size_t x = 0; x < length; ++x) {
        out[x] = static_cast<std::uint8_t>(std::clamp(sums[x] >> kPrecisionBits, 0, 255));
    }
}

/// Vertical pass: one output row per element of taps; `origin` is the row number of pixels' top.
cv::Mat resampleRows(const cv::Mat& pixels, const std::vector<Taps>& taps, int origin)
{
    cv::Mat result(static_cast<int>(taps.size()), pixels.cols, CV_8UC3);
    const std::size_t length = std::size_t(pixels.cols) * 3;
    std::vector<std::int32_t> sums(length);
    for (int y = 0; y < result.rows; ++y) {
        const Taps& tap = taps[y];
        blendRows(pixels.ptr<std::uint8_t>(tap.first - origin), pixels.step, tap.weights.data(),
                  tap.weights.size(), sums.data(), result.ptr<std::uint8_t>(y), length);
    }
    return result;
}

int endOf(const std::vector<Taps>& taps)
{
    return taps.back().first + static_cast<int>(taps.back().weights.size());
}

/// The pixels of `window` out of the image resized to `full`; only what they need is computed.
RgbImage resampleWindow(const RgbImage& image, PixelSize full, const cv::Rect& window)
{
    const std::vector<Taps> across = tapsFor(image.width, full.width, window.x, window.width);
    const std::vector<Taps> down = tapsFor(image.height, full.height, window.y, window.height);
    const cv::Rect needed(across.front().first, down.front().first,
                          endOf(across) - across.front().first, endOf(down) - down.front().first);
    const cv::Mat all(image.height, image.width, CV_8UC3,
                      const_cast<std::uint8_t*>(image.bytes.data()));
    // Columns become rows for the first pass, so that both passes run along memory.
    cv::Mat turned;
    cv::transpose(all(needed), turned);
    cv::Mat narrow;
    cv::transpose(resampleRows(turned, across, needed.x), narrow);
    const cv::Mat result = resampleRows(narrow, down, needed.y);
    return {result.cols, result.rows, std::vector<std::uint8_t>(result.datastart, result.dataend)};
}

void checkImage(const RgbImage& image)
{
    if (image.width < 1 || image.height < 1 ||
        image.bytes.size() != std::size_t(image.width) * image.height * 3) {
        throw ShapeError("an RGB image of " + std::to_string(image.width) + " × " +
                         std::to_string(image.height) + " pixels cannot have " +
                         std::to_string(image.bytes.size()) + " bytes");
    }
}

} // namespace

RgbImage cropForClip(const RgbImage& image, int side)
{
    checkImage(image);
    if (side < 1) {
        throw RangeError("crop side must be at least 1 pixel, not " + std::to_string(side));
    }
    const auto scaled = [side](std::int64_t length, std::int64_t other) {
        return length <= other ? side : static_cast<int>(side * length / other);
    };
    const PixelSize full{scaled(image.width, image.height), scaled(image.height, image.width)};
    const cv::Rect middle((full.width - side) / 2, (full.height - side) / 2, side, side);
    return resampleWindow(image, full, middle);
}

PixelSize wholeSize(int width, int height, int shortSide, int patch)
{
    if (width < 1 || height < 1 || shortSide < 1 || patch < 1) {
        throw RangeError("image, side and patch sizes must be at least 1 pixel");
    }
    const double aspect = double(std::max(width, height)) / std::min(width, height);
    const long shorter = std::max(1L, std::lround(double(shortSide) / patch));
    const long longer =
        std::max(1L, std::lround(shortSide * std::min(aspect, double(kMaxAspect)) / patch));
    const int shortPixels = static_cast<int>(shorter) * patch;
    const int longPixels = static_cast<int>(longer) * patch;
    return width <= height ? PixelSize{shortPixels, longPixels}
                           : PixelSize{longPixels, shortPixels};
}

RgbImage resizeBicubic(const RgbImage& image, PixelSize size)
{
    checkImage(image);
    if (size.width < 1 || size.height < 1) {
        throw RangeError("an image cannot be resized to " + std::to_string(size.width) + " × " +
                         std::to_string(size.height) + " pixels");
    }
    return resampleWindow(image, size, {0, 0, size.width, size.height});
}

} // namespace tagalign::model::image
