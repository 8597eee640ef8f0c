#pragma once

#include "model/image/SlidingWindow.h"

#include <torch/torch.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace tagalign::model::pipeline {

/// Soft masks of one picture at one scale, by the patches of its windows. K classes.
struct WindowMasks
{
    torch::Tensor masks; ///< [windows, K, rows, columns] float32
    image::SlidingWindows windows;
    int patch = 0; ///< pixels; rows and columns of patches may pass the window's edges
};

/// Pixels that stand before a side of `length` so that it and those behind it make whole patches.
[[nodiscard]] inline int paddingBefore(int length, int patch)
{
    return (patch - length % patch) % patch / 2;
}

/// The best class of each pixel, as the official benchmark finds it (TCL and TagAlign over
/// mmsegmentation's slide_inference): each window's masks bilinear to its pixels, averaged where
/// windows overlap, bilinear to the picture; of several scales the mean.
/// @param scales     at least one, with the same K.
/// @param background threshold at or below which no class is meant, if there is a background.
/// @return size.width × size.height labels, row-major; K is the background. Ties go to it, then to
///         the first class.
[[nodiscard]] std::vector<std::uint16_t> drawLabels(const std::vector<WindowMasks>& scales,
                                                    image::PixelSize size,
                                                    std::optional<double> background);

} // namespace tagalign::model::pipeline
