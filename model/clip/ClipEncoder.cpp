#include "model/clip/ClipEncoder.h"

#include "model/Error.h"
#include "model/clip/Device.h"
#include "model/clip/PackedLinear.h"
#include "model/clip/PatchStream.h"

namespace tagalign::model::clip {

namespace {

using torch::Tensor;

/// quick_gelu(x) = x · sigmoid(a x) = silu(a x) / a: the factor goes into the weights, and the
/// matrix kernel has silu built in.
constexpr double kQuickGelu = 1.702;

struct FrozenNorm
{
    FrozenNorm(const torch::nn::LayerNorm& norm, const torch::TensorOptions& place, double eps)
        : weight(norm->weight.detach().to(place, false, true)),
          bias(norm->bias.detach().to(place, false, true)),
          epsilon(eps)
    {
    }

    [[nodiscard]] Tensor operator()(const Tensor& x) const
    {
        return torch::layer_norm(x, weight.sizes(), weight, bias, epsilon);
    }

    Tensor weight;
    Tensor bias;
    double epsilon;
};

/// BlockImpl with packed weights (PatchStream.h says what a block must have).
class FrozenBlock
{
public:
    FrozenBlock(const Block& block, const TowerConfig& config, Precision precision,
                const torch::TensorOptions& place)
        : m_heads(config.heads),
          m_first(block->ln_1, place, config.layerNormEpsilon),
          m_second(block->ln_2, place, config.layerNormEpsilon),
          m_project(block->attn->in_proj_weight, block->attn->in_proj_bias, precision),
          m_output(block->attn->out_proj->weight, block->attn->out_proj->bias, precision),
          m_up(block->mlp->c_fc->weight * scale(config), block->mlp->c_fc->bias * scale(config),
               precision, after(config.activation)),
          m_down(block->mlp->c_proj->weight / scale(config), block->mlp->c_proj->bias, precision)
    {
    }

    [[nodiscard]] HeadTensors project(const Tensor& x) const
    {
        return splitHeads(m_project(m_first(x)), m_heads);
    }

    [[nodiscard]] Tensor output(const Tensor& heads) const { return m_output(joinHeads(heads)); }

    [[nodiscard]] Tensor addOutput(const Tensor& x, const Tensor& heads) const
    {
        return m_output.onto(x, joinHeads(heads));
    }

    [[nodiscard]] Tensor feedForward(const Tensor& x) const
    {
        return m_down.onto(x, m_up(m_second(x)));
    }

private:
    static After after(Activation activation)
    {
        switch (activation) {
        case Activation::QuickGelu:
            return After::Silu;
        case Activation::Gelu:
            return After::Gelu;
        case Activation::TanhGelu:
            break;
        }
        return After::TanhGelu;
    }

    static double scale(const TowerConfig& config)
    {
        return config.activation == Activation::QuickGelu ? kQuickGelu : 1.0;
    }

    std::int64_t m_heads;
    FrozenNorm m_first;
    FrozenNorm m_second;
    PackedLinear m_project;
    PackedLinear m_output;
    PackedLinear m_up;
    PackedLinear m_down;
};

/// The tower without its blocks: what comes before and after them, float32.
std::shared_ptr<VisionTowerImpl> endsOf(const VisionTower& tower, ClipConfig config,
                                        const torch::Device& device)
{
    config.vision.layers = 0;
    VisionTower ends(config);
    const auto from = tower->named_parameters();
    for (auto& parameter : ends->named_parameters()) {
        parameter.value().set_data(
            from[parameter.key()].detach().to(device, torch::kFloat32, false, true));
    }
    return ends.ptr();
}

Precision resolved(const EncoderOptions& options)
{
    const bool isCpu = options.device == "cpu";
    if (options.precision == Precision::Int8 && !isCpu) {
        throw Error("int8 encoding runs on the CPU only; choose bf16 or --device cpu");
    }
    if (options.precision != Precision::Automatic) {
        return options.precision;
    }
    const bool hasBFloat16 = isCpu ? cpuHasBFloat16() : gpuHasBFloat16();
    return hasBFloat16 ? Precision::BFloat16 : Precision::Float32;
}

} // namespace

class ClipEncoder::Tower
{
public:
    Tower(ClipModel& model, const torch::Device& device, Precision precision)
        : m_config(model->config().vision),
          m_ends(endsOf(model->visual, model->config(), device)),
          m_precision(precision),
          m_device(device),
          m_type(precision == Precision::Float32 ? torch::kFloat32 : torch::kBFloat16),
          m_patches(m_ends->conv1->weight.flatten(1),
                    m_ends->conv1->bias.defined() ? m_ends->conv1->bias
                                                  : torch::zeros({m_config.width}, device),
                    precision == Precision::Int8 ? Precision::BFloat16 : precision)
    {
        for (const Block& block : model->visual->transformer->blocks) {
            m_blocks.emplace_back(block, m_config, precision, torch::dtype(m_type).device(device));
        }
    }

    [[nodiscard]] VisionOutput run(const Tensor& pixels, PatchPath path) const
    {
        const auto [rows, columns] = patchGrid(pixels, m_config);
        std::vector<const FrozenBlock*> blocks;
        for (const FrozenBlock& block : m_blocks) {
            blocks.push_back(&block);
        }
        const PatchStreams streams =
            runStreams(blocks, embed(pixels.to(m_device), rows, columns), path, {rows, columns});
        return {.global = m_ends->global(streams.normal.to(torch::kFloat32)),
                .lastHidden = {},
                .tokens = streams.dense.slice(1, m_ends->firstPatch()),
                .rows = rows,
                .columns = columns};
    }

    [[nodiscard]] Precision precision() const { return m_precision; }

private:
    /// The patch convolution as one matrix product: its stride is its size.
    [[nodiscard]] Tensor embed(const Tensor& pixels, std::int64_t rows, std::int64_t columns) const
    {
        const std::int64_t side = m_config.patchSize;
        const Tensor patches = pixels.to(m_type)
                                   .view({pixels.size(0), 3, rows, side, columns, side})
                                   .permute({0, 2, 4, 1, 3, 5})
                                   .reshape({pixels.size(0), rows * columns, 3 * side * side});
        return m_ends->embed(m_patches(patches).to(torch::kFloat32), rows, columns).to(m_type);
    }

    VisionConfig m_config;
    std::shared_ptr<VisionTowerImpl> m_ends;
    Precision m_precision;
    torch::Device m_device;
    torch::Dtype m_type;
    PackedLinear m_patches;
    std::vector<FrozenBlock> m_blocks;
};

ClipEncoder::ClipEncoder(ClipModel& model, const EncoderOptions& options)
{
    const torch::NoGradGuard noGrad;
    const Precision precision = resolved(options);
    const torch::Device device(options.device);
    // Blocks are packed where their weights lie; a copy leaves the caller's model in place.
    ClipModel source = model;
    if (device != model->visual->conv1->weight.device()) {
        source = ClipModel(model->config());
        auto from = model->named_parameters();
        for (auto& parameter : source->named_parameters()) {
            parameter.value().set_data(from[parameter.key()].detach().to(device));
        }
    }
    m_tower = std::make_unique<const Tower>(source, device, precision);
}

ClipEncoder::~ClipEncoder() = default;
ClipEncoder::ClipEncoder(ClipEncoder&&) noexcept = default;
ClipEncoder& ClipEncoder::operator=(ClipEncoder&&) noexcept = default;

VisionOutput ClipEncoder::encodeImage(const Tensor& pixels, PatchPath path) const
{
    const torch::NoGradGuard noGrad;
    return m_tower->run(pixels.contiguous(), path);
}

Precision ClipEncoder::precision() const
{
    return m_tower->precision();
}

} // namespace tagalign::model::clip
