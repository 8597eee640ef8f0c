#pragma once

#include "model/clip/ClipModel.h"
#include "model/clip/Device.h"
#include "model/text/ClipTokenizer.h"

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

#include <QCryptographicHash>
#include <QFile>

#include <filesystem>
#include <string>

/// Checkpoints and pictures small enough to be made anew by every test.
namespace tagalign::test {

constexpr std::int64_t kMerges = 200;

/// 32-pixel images in 8-pixel patches, 6 blocks of width 32, embeddings of width 16.
inline model::clip::ClipConfig tinyConfig()
{
    model::clip::ClipConfig config;
    config.vision.width = 32;
    config.vision.layers = 6;
    config.vision.heads = 2;
    config.vision.mlpWidth = 64;
    config.vision.patchSize = 8;
    config.vision.imageSize = 32;
    config.text.vocabularySize = 2 * 256 + kMerges + 2; // bytes, bytes at word ends, marks
    config.text.width = 32;
    config.text.layers = 2;
    config.text.heads = 2;
    config.text.mlpWidth = 64;
    config.embedDim = 16;
    return config;
}

/// A published-format folder with random weights, the same for the same seed.
inline void writeTinyCheckpoint(const std::filesystem::path& folder, std::uint64_t seed = 1)
{
    (void)model::clip::loadCuda(); // before the seed
    torch::manual_seed(seed);
    model::clip::ClipModel model(tinyConfig());
    std::filesystem::create_directories(folder);
    model::clip::saveClip(model, folder, torch::kFloat);
    model::text::ClipTokenizer::writeVocabulary(folder, kMerges,
                                                std::size_t(tinyConfig().text.contextLength));
}

/// A noisy picture of one colour, different for each number.
inline std::filesystem::path writePicture(const std::filesystem::path& file, int number,
                                          int width = 64, int height = 48)
{
    cv::Mat pixels(height, width, CV_8UC3);
    cv::RNG random(static_cast<std::uint64_t>(number) + 1);
    random.fill(pixels, cv::RNG::UNIFORM, number * 7 % 100, 120 + number * 11 % 130);
    std::filesystem::create_directories(file.parent_path());
    cv::imwrite(file.string(), pixels);
    return file;
}

/// The sha256 of a file, as an import takes it.
inline std::string hashOf(const std::filesystem::path& file)
{
    QFile stream(QString::fromStdString(file.string()));
    QCryptographicHash hash(QCryptographicHash::Sha256);
    const bool isRead = stream.open(QIODevice::ReadOnly) && hash.addData(&stream);
    return isRead ? hash.result().toHex().toStdString() : std::string();
}

/// 64 hex digits, like a sha256.
inline std::string hashNumber(int number)
{
    std::string digits = std::to_string(number);
    return std::string(64 - digits.size(), 'a') + digits;
}

} // namespace tagalign::test
