#include "model/image/HeatmapColour.h"

#include "model/Error.h"
#include "model/image/Decode.h"

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include <algorithm>
#include <array>
#include <cmath>

namespace tagalign::model::image {

namespace {

using Palette = std::array<std::array<std::uint8_t, 3>, 256>;

/// ColorBrewer's RdBu, five classes, reversed: blue for less, red for more; safe for
/// red-green blindness.
Palette divergingPalette()
{
    constexpr double kAnchors[5][3] = {
        {5, 113, 176}, {146, 197, 222}, {247, 247, 247}, {244, 165, 130}, {202, 0, 32}};
    Palette palette{};
    for (int i = 0; i < 256; ++i) {
        const double place = i / 255.0 * 4.0;
        const int left = std::min(3, static_cast<int>(place));
        for (int channel = 0; channel < 3; ++channel) {
            const double mixed =
                std::lerp(kAnchors[left][channel], kAnchors[left + 1][channel], place - left);
            palette[i][channel] = static_cast<std::uint8_t>(std::lround(mixed));
        }
    }
    return palette;
}

Palette paletteFromOpenCv(int map)
{
    cv::Mat ramp(1, 256, CV_8U);
    for (int i = 0; i < 256; ++i) {
        ramp.at<std::uint8_t>(0, i) = static_cast<std::uint8_t>(i);
    }
    cv::Mat bgr;
    cv::applyColorMap(ramp, bgr, map);
    Palette palette{};
    for (int i = 0; i < 256; ++i) {
        const auto& colour = bgr.at<cv::Vec3b>(0, i);
        palette[i] = {colour[2], colour[1], colour[0]};
    }
    return palette;
}

const Palette& paletteOf(ColourMap map)
{
    static const Palette viridis = paletteFromOpenCv(cv::COLORMAP_VIRIDIS);
    static const Palette cividis = paletteFromOpenCv(cv::COLORMAP_CIVIDIS);
    static const Palette inferno = paletteFromOpenCv(cv::COLORMAP_INFERNO);
    static const Palette diverging = divergingPalette();
    switch (map) {
    case ColourMap::Viridis:
        return viridis;
    case ColourMap::Cividis:
        return cividis;
    case ColourMap::Inferno:
        return inferno;
    case ColourMap::Diverging:
        return diverging;
    }
    return viridis;
}

RgbaImage emptyImage(int width, int height)
{
    if (width < 1 || height < 1) {
        throw RangeError("a picture of " + std::to_string(width) + " × " + std::to_string(height) +
                         " pixels cannot be drawn");
    }
    return {width, height, std::vector<std::uint8_t>(std::size_t(width) * height * 4)};
}

} // namespace

RgbaImage colourHeatmap(const std::vector<float>& values, int rows, int columns, int width,
                        int height, float low, float high, ColourMap map)
{
    if (rows < 1 || columns < 1 || values.size() != std::size_t(rows) * columns) {
        throw ShapeError("a heatmap of " + std::to_string(rows) + " × " + std::to_string(columns) +
                         " cannot have " + std::to_string(values.size()) + " values");
    }
    if (!(low < high)) {
        throw RangeError("a colour scale must rise: " + std::to_string(low) + " to " +
                         std::to_string(high));
    }
    RgbaImage image = emptyImage(width, height);
    const cv::Mat grid(rows, columns, CV_32F, const_cast<float*>(values.data()));
    cv::Mat smooth;
    cv::resize(grid, smooth, {width, height}, 0, 0, cv::INTER_LINEAR);
    const Palette& palette = paletteOf(map);
    std::uint8_t* out = image.bytes.data();
    for (int y = 0; y < height; ++y) {
        const auto* row = smooth.ptr<float>(y);
        for (int x = 0; x < width; ++x, out += 4) {
            if (std::isnan(row[x])) {
                continue; // stays transparent
            }
            const float place = std::clamp((row[x] - low) / (high - low), 0.0F, 1.0F);
            const auto& colour = palette[static_cast<std::size_t>(std::lround(place * 255.0F))];
            std::copy(colour.begin(), colour.end(), out);
            out[3] = 255;
        }
    }
    return image;
}

RgbaImage blendOver(const RgbImage& picture, const RgbaImage& heatmap, float opacity)
{
    if (picture.width != heatmap.width || picture.height != heatmap.height) {
        throw ShapeError("a heatmap of " + std::to_string(heatmap.width) + " × " +
                         std::to_string(heatmap.height) + " pixels does not fit a picture of " +
                         std::to_string(picture.width) + " × " + std::to_string(picture.height));
    }
    if (!(opacity >= 0.0F && opacity <= 1.0F)) {
        throw RangeError("opacity must be in [0, 1], not " + std::to_string(opacity));
    }
    RgbaImage result = emptyImage(picture.width, picture.height);
    const std::size_t pixels = std::size_t(picture.width) * picture.height;
    for (std::size_t i = 0; i < pixels; ++i) {
        const float share = opacity * static_cast<float>(heatmap.bytes[i * 4 + 3]) / 255.0F;
        for (std::size_t channel = 0; channel < 3; ++channel) {
            const float mixed =
                std::lerp(static_cast<float>(picture.bytes[i * 3 + channel]),
                          static_cast<float>(heatmap.bytes[i * 4 + channel]), share);
            result.bytes[i * 4 + channel] = static_cast<std::uint8_t>(std::lround(mixed));
        }
        result.bytes[i * 4 + 3] = 255;
    }
    return result;
}

RgbaImage sideBySide(const std::vector<RgbaImage>& pictures, int gap)
{
    int width = 0;
    int height = 0;
    for (const RgbaImage& picture : pictures) {
        width += picture.width + (width > 0 ? gap : 0);
        height = std::max(height, picture.height);
    }
    RgbaImage result = emptyImage(width, height);
    std::fill(result.bytes.begin(), result.bytes.end(), std::uint8_t(255));
    int left = 0;
    for (const RgbaImage& picture : pictures) {
        const int top = (height - picture.height) / 2;
        for (int y = 0; y < picture.height; ++y) {
            const auto* from = picture.bytes.data() + std::size_t(y) * picture.width * 4;
            std::copy(from, from + std::size_t(picture.width) * 4,
                      result.bytes.data() + (std::size_t(top + y) * width + left) * 4);
        }
        left += picture.width + gap;
    }
    return result;
}

RgbaImage stacked(const std::vector<RgbaImage>& pictures, int gap)
{
    int width = 0;
    int height = 0;
    for (const RgbaImage& picture : pictures) {
        width = std::max(width, picture.width);
        height += picture.height + (height > 0 ? gap : 0);
    }
    RgbaImage result = emptyImage(width, height);
    std::fill(result.bytes.begin(), result.bytes.end(), std::uint8_t(255));
    int top = 0;
    for (const RgbaImage& picture : pictures) {
        for (int y = 0; y < picture.height; ++y) {
            const auto* from = picture.bytes.data() + std::size_t(y) * picture.width * 4;
            std::copy(from, from + std::size_t(picture.width) * 4,
                      result.bytes.data() + std::size_t(top + y) * width * 4);
        }
        top += picture.height + gap;
    }
    return result;
}

RgbaImage colourScale(int width, int height, ColourMap map)
{
    std::vector<float> ramp(256);
    for (int i = 0; i < 256; ++i) {
        ramp[i] = static_cast<float>(i);
    }
    return colourHeatmap(ramp, 1, 256, width, height, 0.0F, 255.0F, map);
}

std::string encodePng(const RgbaImage& image)
{
    const cv::Mat rgba(image.height, image.width, CV_8UC4,
                       const_cast<std::uint8_t*>(image.bytes.data()));
    cv::Mat bgra;
    cv::cvtColor(rgba, bgra, cv::COLOR_RGBA2BGRA);
    std::vector<std::uint8_t> bytes;
    cv::imencode(".png", bgra, bytes);
    return {bytes.begin(), bytes.end()};
}

void writePng(const std::filesystem::path& file, const RgbaImage& image)
{
    writeWhole(file, encodePng(image));
}

} // namespace tagalign::model::image
