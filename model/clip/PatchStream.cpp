#include "model/clip/PatchStream.h"

namespace tagalign::model::clip {

torch::Tensor neighbourhood(PatchGrid grid, std::int64_t tokens)
{
    constexpr double kDeviation = 5.0; // patches
    const torch::Tensor patch = torch::arange(grid.rows * grid.columns, torch::kFloat32);
    const torch::Tensor row = torch::floor(patch / double(grid.columns));
    const torch::Tensor column = patch - row * double(grid.columns);
    const auto squares = [](const torch::Tensor& place) {
        return (place.unsqueeze(0) - place.unsqueeze(1)).square();
    };
    const torch::Tensor near =
        torch::exp((squares(row) + squares(column)) / (-2.0 * kDeviation * kDeviation));
    const std::int64_t before = tokens - patch.size(0);
    return torch::constant_pad_nd(near, {before, 0, before, 0});
}

} // namespace tagalign::model::clip
