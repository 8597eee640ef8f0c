#pragma once

#include "model/image/RgbImage.h"

#include <filesystem>
#include <string>
#include <vector>

namespace tagalign::model::image {

/// Perceptually even maps for values; Diverging (blue, white, red) for differences around zero.
enum class ColourMap { Viridis, Cividis, Inferno, Diverging };

/// Colours a grid of values, bilinear to width × height pixels. low takes the map's first
/// colour, high its last; values outside are clamped, NaN is transparent. Give the same low and
/// high to maps that are compared: a heatmap rescaled per image lies.
/// @param values row-major, rows × columns.
/// @throws ShapeError, RangeError (low >= high, or a size below 1)
[[nodiscard]] RgbaImage colourHeatmap(const std::vector<float>& values, int rows, int columns,
                                      int width, int height, float low, float high, ColourMap map);

/// The heatmap over the picture. @param opacity in [0, 1], times the heatmap's own alpha.
/// @throws ShapeError if the sizes differ, RangeError
[[nodiscard]] RgbaImage blendOver(const RgbImage& picture, const RgbaImage& heatmap, float opacity);

/// Left to right, `gap` white pixels between; shorter pictures are centred on white.
[[nodiscard]] RgbaImage sideBySide(const std::vector<RgbaImage>& pictures, int gap);

/// Top to bottom, `gap` white pixels between; narrower pictures start at the left, on white.
[[nodiscard]] RgbaImage stacked(const std::vector<RgbaImage>& pictures, int gap);

/// The map's colours from low (left) to high (right): the scale shown beside heatmaps.
[[nodiscard]] RgbaImage colourScale(int width, int height, ColourMap map);

/// Writes a PNG by temporary + rename. @throws Error naming the file.
void writePng(const std::filesystem::path& file, const RgbaImage& image);

/// PNG bytes in memory, e.g. to embed into a report.
[[nodiscard]] std::string encodePng(const RgbaImage& image);

} // namespace tagalign::model::image
