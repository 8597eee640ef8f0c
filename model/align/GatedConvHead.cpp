#include "model/align/GatedConvHead.h"

#include <ATen/CPUGeneratorImpl.h>

#include <cmath>
#include <string>

namespace tagalign::model::align {

namespace {

constexpr int kBlocks = 2;

/// Names alone: a node of the parameter tree without a forward pass of its own.
using Node = torch::nn::Module;

} // namespace

GatedConvHead::GatedConvHead(const Projection& projection, std::uint64_t seed)
    : Head(projection, Trained::All)
{
    torch::NoGradGuard noGrad;
    auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
    const auto net = register_module("net", std::make_shared<Node>());
    for (int block = 0; block < kBlocks; ++block) {
        const auto node = net->register_module(std::to_string(block), std::make_shared<Node>());
        for (const char* name : {"conv", "conv2"})
            m_steps.push_back(makeStep(*node, name, projection.tokenWidth(), generator));
    }
}

GatedConvHead::Step GatedConvHead::makeStep(torch::nn::Module& parent, const std::string& name,
                                            std::int64_t width, at::Generator& generator)
{
    const auto node = parent.register_module(name, std::make_shared<Node>());
    Step step;
    step.norm =
        node->register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({width})));
    step.conv = node->register_module(
        "conv", torch::nn::Conv2d(torch::nn::Conv2dOptions(width, width, 3).padding(1)));
    const double bound = 1.0 / std::sqrt(9.0 * double(width)); // PyTorch's own start
    step.conv->weight.uniform_(-bound, bound, generator);
    step.conv->bias.uniform_(-bound, bound, generator);
    const auto gate = node->register_module("gate", std::make_shared<Node>());
    step.gate = gate->register_parameter("gate", torch::zeros({}));
    return step;
}

double GatedConvHead::flopsPerPatch() const
{
    const auto width = double(tokenWidth());
    return 18.0 * double(m_steps.size()) * width * width + projectionFlops();
}

torch::Tensor GatedConvHead::convolve(Step& step, const torch::Tensor& grid) const
{
    // [N, H, W, C] in memory is channels-last [N, C, H, W]: no copy on the way in or out.
    auto input = torch::gelu(step.norm(grid)).permute({0, 3, 1, 2});
    auto weight = step.conv->weight;
    auto bias = step.conv->bias;
    if (m_convolutionType != torch::kFloat32) {
        input = input.to(m_convolutionType);
        weight = weight.to(m_convolutionType);
        bias = bias.to(m_convolutionType);
    }
    const auto output = torch::conv2d(input, weight, bias, 1, 1);
    return output.permute({0, 2, 3, 1}).to(grid.dtype());
}

torch::Tensor GatedConvHead::run(const torch::Tensor& tokens, std::int64_t rows,
                                 std::int64_t columns)
{
    auto grid = tokens.reshape({tokens.size(0), rows, columns, tokens.size(2)});
    for (Step& step : m_steps)
        grid = grid + torch::tanh(step.gate) * convolve(step, grid);
    const auto moved = grid.reshape(tokens.sizes());
    return projected(moved);
}

} // namespace tagalign::model::align
