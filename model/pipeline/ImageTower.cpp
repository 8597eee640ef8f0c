#include "model/pipeline/ImageTower.h"

#include "model/Error.h"
#include "model/clip/Device.h"

namespace tagalign::model::pipeline {

namespace {

torch::Dtype typeFor(Precision precision, const torch::Device& device)
{
    switch (precision) {
    case Precision::Automatic:
        return device.is_cuda() || clip::cpuHasBFloat16() ? torch::kBFloat16 : torch::kFloat;
    case Precision::Float32:
        return torch::kFloat;
    case Precision::BFloat16:
        return torch::kBFloat16;
    case Precision::Int8:
        throw Error("int8 encoding is not available; choose automatic, float32 or bfloat16");
    }
    return torch::kFloat;
}

/// A copy in another type, so that the model given stays what it is.
clip::VisionTower copyOf(clip::ClipModel& model, const torch::Device& device, torch::Dtype type)
{
    const torch::NoGradGuard guard;
    clip::VisionTower tower(model->config().vision, model->config().embedDim);
    const auto from = model->visual->named_parameters();
    for (auto& parameter : tower->named_parameters()) {
        parameter.value().copy_(from[parameter.key()]);
    }
    tower->to(device, type);
    tower->eval();
    return tower;
}

} // namespace

struct ImageTower::Impl
{
    clip::ClipConfig config;
    clip::PatchPath path;
    torch::Device device;
    torch::Dtype type;
    clip::VisionTower tower;
};

ImageTower::ImageTower(const std::filesystem::path& checkpoint, clip::PatchPath path,
                       Precision precision)
    : ImageTower(clip::loadClip(checkpoint), path, precision)
{
}

ImageTower::ImageTower(clip::ClipModel model, clip::PatchPath path, Precision precision)
{
    const torch::Device device(clip::resolveDevice("auto"));
    const torch::Dtype type = typeFor(precision, device);
    m_impl = std::make_unique<Impl>(
        Impl{model->config(), path, device, type, copyOf(model, device, type)});
}

ImageTower::~ImageTower() = default;

std::vector<tensor_io::ImageFeatures> ImageTower::encode(const torch::Tensor& pixels)
{
    const torch::InferenceMode guard;
    const clip::VisionOutput output =
        m_impl->tower->forward(pixels.to(m_impl->device, m_impl->type), m_impl->path);
    const torch::Tensor tokens = output.tokens.to(torch::kCPU);
    const torch::Tensor global = output.global.to(torch::kCPU);
    std::vector<tensor_io::ImageFeatures> features;
    for (std::int64_t i = 0; i < pixels.size(0); ++i) {
        features.push_back({tokens[i], global[i], output.rows, output.columns});
    }
    return features;
}

int ImageTower::imageSize() const
{
    return static_cast<int>(m_impl->config.vision.imageSize);
}

int ImageTower::patchSize() const
{
    return static_cast<int>(m_impl->config.vision.patchSize);
}

image::Normalisation ImageTower::normalisation() const
{
    return {m_impl->config.mean, m_impl->config.deviation};
}

std::string ImageTower::description() const
{
    return std::string(m_impl->device.is_cuda() ? "GPU" : "CPU") +
           (m_impl->type == torch::kBFloat16 ? ", bf16" : ", fp32");
}

} // namespace tagalign::model::pipeline
