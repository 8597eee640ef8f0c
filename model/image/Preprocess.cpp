#include "model/image/Preprocess.h"

namespace tagalign::model::image {

namespace {

torch::Tensor normalised(const RgbImage& image, const Normalisation& normalisation)
{
    torch::Tensor pixels = torch::empty({3, image.height, image.width});
    const std::size_t count = std::size_t(image.width) * image.height;
    for (std::size_t channel = 0; channel < 3; ++channel) {
        const auto scale = static_cast<float>(1.0 / (255.0 * normalisation.deviation[channel]));
        const auto shift =
            static_cast<float>(-normalisation.mean[channel] / normalisation.deviation[channel]);
        float* out = pixels.data_ptr<float>() + channel * count;
        const std::uint8_t* in = image.bytes.data() + channel;
        for (std::size_t i = 0; i < count; ++i) {
            out[i] = static_cast<float>(in[i * 3]) * scale + shift;
        }
    }
    return pixels;
}

} // namespace

torch::Tensor preprocessTo(const RgbImage& image, PixelSize size,
                           const Normalisation& normalisation)
{
    return normalised(resizeBicubic(image, size), normalisation);
}

torch::Tensor preprocessCrop(const RgbImage& image, int side, const Normalisation& normalisation)
{
    return normalised(cropForClip(image, side), normalisation);
}

torch::Tensor preprocessSquash(const RgbImage& image, int side, const Normalisation& normalisation)
{
    return preprocessTo(image, {side, side}, normalisation);
}

torch::Tensor preprocessWhole(const RgbImage& image, int shortSide, int patch,
                              const Normalisation& normalisation)
{
    return preprocessTo(image, wholeSize(image.width, image.height, shortSide, patch),
                        normalisation);
}

} // namespace tagalign::model::image
