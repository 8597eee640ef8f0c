#include "model/image/ImageProbe.h"

#include "model/Error.h"
#include "model/image/Decode.h"

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include <algorithm>
#include <array>

namespace tagalign::model::image {

namespace {

constexpr int kHashSide = 8;
constexpr int kHashInput = 32;

/// Sign of the lowest 8 × 8 DCT coefficients of a 32 × 32 grey copy against their median
/// (the "pHash" of Zauner 2010). Bit i is coefficient i, row-major.
std::uint64_t dctHash(const cv::Mat& rgb)
{
    cv::Mat grey;
    cv::cvtColor(rgb, grey, cv::COLOR_RGB2GRAY);
    cv::Mat small;
    cv::resize(grey, small, {kHashInput, kHashInput}, 0, 0, cv::INTER_AREA);
    small.convertTo(small, CV_32F);
    cv::Mat spectrum;
    cv::dct(small, spectrum);
    std::array<float, kHashSide * kHashSide> low{};
    for (int i = 0; i < kHashSide * kHashSide; ++i) {
        low[i] = spectrum.at<float>(i / kHashSide, i % kHashSide);
    }
    std::array<float, kHashSide* kHashSide> sorted = low;
    std::nth_element(sorted.begin(), sorted.begin() + 32, sorted.end());
    // Above rounding noise, so that every flat picture has the same hash.
    const float threshold = sorted[32] + 1e-2F;
    std::uint64_t hash = 0;
    for (int i = 0; i < kHashSide * kHashSide; ++i) {
        hash |= std::uint64_t(low[i] > threshold) << unsigned(i);
    }
    return hash;
}

} // namespace

ImageProbe probeImage(const std::filesystem::path& file)
{
    RgbImage image = decodeImage(file);
    const cv::Mat rgb(image.height, image.width, CV_8UC3, image.bytes.data());
    return {image.width, image.height, dctHash(rgb)};
}

void writeThumbnail(const std::filesystem::path& file, const std::filesystem::path& thumbnail,
                    int side)
{
    if (side < 1) {
        throw RangeError("a thumbnail's side must be at least 1 pixel, not " +
                         std::to_string(side));
    }
    RgbImage image = decodeImage(file);
    const cv::Mat rgb(image.height, image.width, CV_8UC3, image.bytes.data());
    const double scale = std::min(1.0, double(side) / std::max(image.width, image.height));
    const cv::Size size(std::max(1, cvRound(image.width * scale)),
                        std::max(1, cvRound(image.height * scale)));
    cv::Mat small;
    cv::resize(rgb, small, size, 0, 0, cv::INTER_AREA);
    cv::cvtColor(small, small, cv::COLOR_RGB2BGR);
    std::vector<std::uint8_t> bytes;
    cv::imencode(".jpg", small, bytes, {cv::IMWRITE_JPEG_QUALITY, 85});
    writeWhole(thumbnail, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

} // namespace tagalign::model::image
