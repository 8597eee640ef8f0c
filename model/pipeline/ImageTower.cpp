#include "model/pipeline/ImageTower.h"

#include "model/clip/ClipEncoder.h"
#include "model/clip/Device.h"

namespace tagalign::model::pipeline {

namespace {

clip::Precision encoderPrecision(Precision precision)
{
    switch (precision) {
    case Precision::Automatic:
        return clip::Precision::Automatic;
    case Precision::Float32:
        return clip::Precision::Float32;
    case Precision::BFloat16:
        return clip::Precision::BFloat16;
    case Precision::Int8:
        return clip::Precision::Int8;
    }
    return clip::Precision::Automatic;
}

std::string nameOf(clip::Precision precision)
{
    switch (precision) {
    case clip::Precision::BFloat16:
        return "bf16";
    case clip::Precision::Int8:
        return "int8";
    default:
        return "fp32";
    }
}

} // namespace

torch::Tensor squarePixels(const image::RgbImage& image, const clip::ClipConfig& config)
{
    const int size = int(config.vision.imageSize);
    const image::Normalisation normalisation{config.mean, config.deviation};
    const torch::Tensor pixels = config.framing == clip::Framing::Squash
                                     ? image::preprocessSquash(image, size, normalisation)
                                     : image::preprocessCrop(image, size, normalisation);
    const std::int64_t side = config.vision.gridSide() * config.vision.patchSize;
    return pixels.slice(1, 0, side).slice(2, 0, side);
}

struct ImageTower::Impl
{
    clip::ClipConfig config;
    clip::PatchPath path;
    std::string device;
    clip::ClipEncoder encoder;
};

ImageTower::ImageTower(const std::filesystem::path& checkpoint, clip::PatchPath path,
                       Precision precision)
    : ImageTower(clip::loadClip(checkpoint), path, precision)
{
}

ImageTower::ImageTower(clip::ClipModel model, clip::PatchPath path, Precision precision)
{
    const std::string device = clip::resolveDevice("auto");
    m_impl = std::make_unique<Impl>(
        Impl{model->config(), path, device,
             clip::ClipEncoder(model, {encoderPrecision(precision), device})});
}

ImageTower::~ImageTower() = default;

std::vector<tensor_io::ImageFeatures> ImageTower::encode(const torch::Tensor& pixels)
{
    return encode(pixels, m_impl->path);
}

std::vector<tensor_io::ImageFeatures> ImageTower::encode(const torch::Tensor& pixels,
                                                         clip::PatchPath path)
{
    const torch::InferenceMode guard;
    const clip::VisionOutput output = m_impl->encoder.encodeImage(pixels, path);
    const torch::Tensor tokens = output.tokens.cpu().to(torch::kFloat32);
    const torch::Tensor globals = output.global.cpu();
    std::vector<tensor_io::ImageFeatures> features;
    for (std::int64_t i = 0; i < pixels.size(0); ++i) {
        features.push_back({tokens[i], globals[i], output.rows, output.columns});
    }
    return features;
}

bool ImageTower::isOnGpu() const
{
    return m_impl->device != "cpu";
}

int ImageTower::usualBatchSize() const
{
    return clip::usualBatchSize(m_impl->device);
}

const clip::ClipConfig& ImageTower::config() const
{
    return m_impl->config;
}

std::string ImageTower::description() const
{
    return (isOnGpu() ? "GPU, " : "CPU, ") + nameOf(m_impl->encoder.precision());
}

} // namespace tagalign::model::pipeline
