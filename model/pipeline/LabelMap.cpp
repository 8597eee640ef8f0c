#include "model/pipeline/LabelMap.h"

#include <algorithm>
#include <limits>

namespace tagalign::model::pipeline {

namespace {

constexpr std::int64_t kValues = 1 << 24; // of one array: 64 MB, whatever the picture's size

struct Classes
{
    std::int64_t first = 0;
    std::int64_t end = 0;
};

torch::Tensor resized(const torch::Tensor& maps, std::int64_t height, std::int64_t width)
{
    return at::upsample_bilinear2d(maps.unsqueeze(0), {height, width}, false)[0];
}

/// Some classes' masks over the resized picture. [classes, height, width]
torch::Tensor mosaic(const WindowMasks& scale, Classes classes)
{
    const image::PixelSize picture = scale.windows.picture;
    const image::PixelSize window = scale.windows.window;
    torch::Tensor sum = torch::zeros({classes.end - classes.first, picture.height, picture.width});
    torch::Tensor count = torch::zeros({picture.height, picture.width});
    const int top = paddingBefore(window.height, scale.patch);
    const int left = paddingBefore(window.width, scale.patch);
    for (std::size_t i = 0; i < scale.windows.corners.size(); ++i) {
        const image::SlidingWindows::Corner at = scale.windows.corners[i];
        const torch::Tensor patches =
            scale.masks[std::int64_t(i)].slice(0, classes.first, classes.end);
        const torch::Tensor pixels =
            resized(patches, patches.size(1) * scale.patch, patches.size(2) * scale.patch)
                .slice(1, top, top + window.height)
                .slice(2, left, left + window.width);
        const auto placed = [&](const torch::Tensor& whole) {
            return whole.slice(-2, at.top, at.top + window.height)
                .slice(-1, at.left, at.left + window.width);
        };
        placed(sum).add_(pixels);
        placed(count).add_(1.0);
    }
    return sum.div_(count);
}

} // namespace

std::vector<std::uint16_t> drawLabels(const std::vector<WindowMasks>& scales, image::PixelSize size,
                                      std::optional<double> background)
{
    const torch::InferenceMode guard;
    const std::int64_t classes = scales.front().masks.size(1);
    const std::int64_t pixels = std::int64_t(size.height) * size.width;
    std::int64_t largest = pixels;
    for (const WindowMasks& scale : scales) {
        largest = std::max(largest, std::int64_t(scale.windows.picture.height) *
                                        scale.windows.picture.width);
    }
    const std::int64_t step = std::max<std::int64_t>(1, kValues / largest);
    torch::Tensor best =
        torch::full({size.height, size.width},
                    background.value_or(-std::numeric_limits<double>::infinity()), torch::kFloat32);
    torch::Tensor label = torch::full({size.height, size.width}, classes, torch::kInt64);
    for (std::int64_t first = 0; first < classes; first += step) {
        const Classes some{first, std::min(classes, first + step)};
        torch::Tensor sum;
        for (const WindowMasks& scale : scales) {
            const torch::Tensor map = resized(mosaic(scale, some), size.height, size.width);
            sum = sum.defined() ? sum.add_(map) : map;
        }
        const auto [value, index] = sum.div_(double(scales.size())).max(0);
        const torch::Tensor isBetter = value > best;
        label = torch::where(isBetter, index + first, label);
        best = torch::where(isBetter, value, best);
    }
    const torch::Tensor flat = label.contiguous();
    const auto* values = flat.data_ptr<std::int64_t>();
    return {values, values + pixels};
}

} // namespace tagalign::model::pipeline
