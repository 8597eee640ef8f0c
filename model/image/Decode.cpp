#include "model/image/Decode.h"

#include "model/Error.h"
#include "model/image/ContentHash.h"
#include "model/image/ImageBytes.h"
#include "model/image/JpegDecoder.h"

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include <unistd.h>

#include <atomic>
#include <fstream>

namespace tagalign::model::image {

namespace {

/// 8-bit RGB from whatever OpenCV decoded: 1, 3 (BGR) or 4 (BGRA) channels of 8 or 16 bits.
cv::Mat toRgb(cv::Mat pixels)
{
    if (pixels.depth() == CV_16U) {
        cv::Mat high(pixels.size(), CV_8UC(pixels.channels()));
        for (int y = 0; y < pixels.rows; ++y) {
            const auto* from = pixels.ptr<std::uint16_t>(y);
            auto* to = high.ptr<std::uint8_t>(y);
            for (int i = 0; i < pixels.cols * pixels.channels(); ++i) {
                to[i] = static_cast<std::uint8_t>(from[i] >> 8U);
            }
        }
        pixels = high;
    }
    if (pixels.depth() != CV_8U) {
        throw FormatError("floating point samples are not supported; save it with 8 bits");
    }
    cv::Mat rgb;
    switch (pixels.channels()) {
    case 1:
        cv::cvtColor(pixels, rgb, cv::COLOR_GRAY2RGB);
        return rgb;
    case 3:
        cv::cvtColor(pixels, rgb, cv::COLOR_BGR2RGB);
        return rgb;
    case 4:
        cv::cvtColor(pixels, rgb, cv::COLOR_BGRA2RGB);
        return rgb;
    default:
        throw FormatError(std::to_string(pixels.channels()) + " channels are not supported");
    }
}

RgbImage toImage(const cv::Mat& rgb)
{
    RgbImage image{rgb.cols, rgb.rows, {}};
    image.bytes.resize(std::size_t(rgb.cols) * rgb.rows * 3);
    rgb.copyTo(cv::Mat(rgb.rows, rgb.cols, CV_8UC3, image.bytes.data()));
    return image;
}

RgbImage decodeOther(std::string_view bytes, const std::string& name)
{
    const cv::Mat raw(1, static_cast<int>(bytes.size()), CV_8U, const_cast<char*>(bytes.data()));
    cv::Mat pixels;
    try {
        pixels = cv::imdecode(raw, cv::IMREAD_UNCHANGED);
    } catch (const cv::Exception&) {
        pixels.release(); // told below like every other failure
    }
    if (pixels.empty()) {
        throw FormatError("truncated or damaged " + name);
    }
    return toImage(toRgb(pixels));
}

RgbImage upright(RgbImage image, int orientation)
{
    if (orientation == 1) {
        return image;
    }
    cv::Mat pixels(image.height, image.width, CV_8UC3, image.bytes.data());
    cv::Mat turned = pixels;
    if (orientation >= 5) {
        cv::transpose(pixels, turned);
    }
    constexpr int kAroundX = 0;
    constexpr int kAroundY = 1;
    constexpr int kAroundBoth = -1;
    cv::Mat result = turned;
    if (orientation == 2 || orientation == 6) {
        cv::flip(turned, result, kAroundY);
    } else if (orientation == 3 || orientation == 7) {
        cv::flip(turned, result, kAroundBoth);
    } else if (orientation == 4 || orientation == 8) {
        cv::flip(turned, result, kAroundX);
    }
    return toImage(result);
}

RgbImage decode(const std::filesystem::path& file, std::string_view bytes)
{
    const ImageHeader header = checkedHeader(file, bytes);
    try {
        if (header.format == ImageFormat::Jpeg) {
            return upright(decodeJpeg(bytes), header.orientation);
        }
        RgbImage image = decodeOther(bytes, formatName(header.format));
        // OpenCV's TIFF reader has turned the picture already.
        const bool isTurned = header.format == ImageFormat::Tiff;
        return upright(std::move(image), isTurned ? 1 : header.orientation);
    } catch (const FormatError& error) {
        throw FormatError(file.string() + ": " + error.what());
    }
}

} // namespace

RgbImage decodeImage(const std::filesystem::path& file)
{
    return decode(file, readBytes(file));
}

RgbImage decodeImage(const std::filesystem::path& file, const std::string& hash)
{
    const std::string bytes = readBytes(file);
    if (contentHash(bytes) != hash) {
        throw Error(file.string() + ": changed since it was imported; import it again");
    }
    return decode(file, bytes);
}

void writeWhole(const std::filesystem::path& file, std::string_view bytes)
{
    static std::atomic<unsigned> counter{0};
    std::filesystem::path temporary = file;
    temporary += "." + std::to_string(getpid()) + "." + std::to_string(++counter) + ".tmp";
    std::error_code error;
    if (file.has_parent_path()) {
        std::filesystem::create_directories(file.parent_path(), error);
    }
    std::ofstream stream(temporary, std::ios::binary);
    stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    stream.close();
    if (stream) {
        std::filesystem::rename(temporary, file, error);
    }
    if (!stream || error) {
        std::filesystem::remove(temporary, error);
        throw Error(file.string() + ": cannot be written; check free space and permissions");
    }
}

} // namespace tagalign::model::image
