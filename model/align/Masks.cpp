#include "model/align/Masks.h"

#include "model/Error.h"
#include "model/align/Losses.h"

#include <sstream>
#include <string>
#include <vector>

namespace tagalign::model::align {

namespace {

void requireFitting(const torch::Tensor& head, const torch::Tensor& frozen,
                    const torch::Tensor& classes, std::int64_t patches)
{
    const bool fits = head.dim() == 3 && head.sizes() == frozen.sizes() &&
                      head.size(1) == patches && classes.dim() == 2 &&
                      classes.size(1) == head.size(2);
    if (!fits) {
        std::ostringstream text;
        text << "Masks need patches of shape [N, " << patches
             << ", D] from head and frozen model and classes of shape [K, D]; found "
             << head.sizes() << ", " << frozen.sizes() << " and " << classes.sizes() << ".";
        throw ShapeError(text.str());
    }
}

} // namespace

torch::Tensor patchMasks(const torch::Tensor& head, const torch::Tensor& frozen,
                         const torch::Tensor& classes, const MaskSettings& settings)
{
    requireFitting(head, frozen, classes, head.dim() == 3 ? head.size(1) : 0);
    if (!(settings.blend >= 0.0 && settings.blend <= 1.0))
        throw RangeError("The blend with the frozen model must lie between 0 and 1; it is " +
                         std::to_string(settings.blend) + ".");
    const auto directions = normalised(classes).t();
    const auto mask = [&](const torch::Tensor& patches) {
        const auto cosines = torch::matmul(normalised(patches), directions);
        return torch::sigmoid(settings.scale * cosines + settings.offset);
    };
    return (1.0 - settings.blend) * mask(head) + settings.blend * mask(frozen);
}

torch::Tensor softMasks(const torch::Tensor& head, const torch::Tensor& frozen,
                        const torch::Tensor& classes, std::int64_t rows, std::int64_t columns,
                        std::int64_t height, std::int64_t width, const MaskSettings& settings)
{
    requireFitting(head, frozen, classes, rows * columns);
    const auto blended = patchMasks(head, frozen, classes, settings);
    const auto grid =
        blended.transpose(1, 2).reshape({head.size(0), classes.size(0), rows, columns});
    namespace F = torch::nn::functional;
    return F::interpolate(grid, F::InterpolateFuncOptions()
                                    .size(std::vector<std::int64_t>{height, width})
                                    .mode(torch::kBilinear)
                                    .align_corners(false));
}

torch::Tensor labelMap(const torch::Tensor& masks, double threshold)
{
    const auto [value, index] = masks.max(1);
    return torch::where(value < threshold, torch::zeros_like(index), index + 1);
}

} // namespace tagalign::model::align
