#pragma once

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

namespace tagalign::tests {

/// Largest difference between autograd and central differences over all entries of all inputs,
/// relative to the largest gradient. Inputs are double leaves; the step's own error is ~1e-9.
inline double gradientError(const std::function<torch::Tensor()>& scalar,
                            const std::vector<torch::Tensor>& inputs)
{
    constexpr double kStep = 1e-5;
    for (const auto& input : inputs) {
        if (input.grad().defined())
            input.mutable_grad().zero_();
    }
    scalar().backward();
    double error = 0.0;
    double largest = 1e-12;
    torch::NoGradGuard noGrad;
    for (const auto& input : inputs) {
        const auto gradient =
            input.grad().defined() ? input.grad().clone() : torch::zeros_like(input);
        auto flat = input.view({-1});
        const auto expected = gradient.reshape({-1});
        for (std::int64_t i = 0; i < flat.size(0); ++i) {
            const double value = flat[i].item<double>();
            flat[i] = value + kStep;
            const double above = scalar().item<double>();
            flat[i] = value - kStep;
            const double below = scalar().item<double>();
            flat[i] = value;
            const double measured = (above - below) / (2.0 * kStep);
            error = std::max(error, std::abs(measured - expected[i].item<double>()));
            largest = std::max(largest, std::abs(measured));
        }
    }
    return error / largest;
}

} // namespace tagalign::tests
