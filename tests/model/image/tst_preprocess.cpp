#include "model/Error.h"
#include "model/image/Decode.h"
#include "model/image/Preprocess.h"
#include "model/image/Resize.h"

#include <nlohmann/json.hpp>

#include <QDir>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <cstring>
#include <fstream>

using namespace tagalign::model;
using namespace tagalign::model::image;

namespace {

constexpr int kSide = 224;
constexpr std::size_t kSamples = 256;
// In steps of 1/255: what issue and design promise against Pillow + the CLIP image processor.
constexpr double kMeanTolerance = 0.5;
constexpr int kMaxTolerance = 2;
// Pillow 13 begins with the rows where a squashed picture loses more of its height than of its
// width; older ones always begin with the columns, as here. Clipping between the passes shows.
constexpr int kMaxSquashedTolerance = 16;

std::string readAll(const std::filesystem::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

std::filesystem::path data(const std::string& name)
{
    return std::filesystem::path(TAGALIGN_SOURCE_DIR) / "tests/data/image" / name;
}

std::uint64_t fnv1a(const QByteArray& text)
{
    std::uint64_t value = 0xCBF29CE484222325ULL;
    for (const char byte : text) {
        value = (value ^ static_cast<unsigned char>(byte)) * 0x100000001B3ULL;
    }
    return value;
}

RgbImage squashed(const RgbImage& image, int side)
{
    return resizeBicubic(image, {side, side});
}

/// Mean and maximum of |seen - expected|, in steps of 1/255.
struct Difference
{
    std::uint64_t sum = 0;
    std::uint64_t count = 0;
    int maximum = 0;

    void add(std::uint8_t seen, char expected)
    {
        const int step = std::abs(int(seen) - int(static_cast<unsigned char>(expected)));
        sum += std::uint64_t(step);
        maximum = std::max(maximum, step);
        ++count;
    }

    [[nodiscard]] double mean() const { return double(sum) / double(count); }
};

QStringList photos()
{
    return QDir(QStringLiteral(TAGALIGN_SHARED_DATA "/pairs"))
        .entryList({QStringLiteral("*.jpg")}, QDir::Files, QDir::Name);
}

std::filesystem::path photoPath(const QString& name)
{
    return std::filesystem::path(TAGALIGN_SHARED_DATA) / "pairs" / name.toStdString();
}

} // namespace

class TestPreprocess : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void oddImagesMatchPillow_data()
    {
        QTest::addColumn<int>("index");
        const auto list = nlohmann::json::parse(readAll(data("odd.json")));
        for (std::size_t i = 0; i < list["images"].size(); ++i) {
            QTest::newRow(list["images"][i].get<std::string>().c_str()) << int(i);
        }
    }

    void oddImagesMatchPillow()
    {
        QFETCH(int, index);
        const auto list = nlohmann::json::parse(readAll(data("odd.json")));
        const RgbImage image = decodeImage(data("odd/" + list["images"][index].get<std::string>()));
        const int side = list["side"];
        const int squashedSide = list["squashed_side"];
        const std::tuple<RgbImage, const char*, int> views[] = {
            {cropForClip(image, side), "odd.bin", kMaxTolerance},
            {squashed(image, squashedSide), "squashed.bin", kMaxSquashedTolerance}};
        for (const auto& [view, file, tolerance] : views) {
            const std::string golden = readAll(data(file));
            const std::size_t size = golden.size() / list["images"].size();
            QCOMPARE(view.bytes.size(), size);
            Difference difference;
            for (std::size_t i = 0; i < size; ++i) {
                difference.add(view.bytes[i], golden[index * size + i]);
            }
            qInfo("%s: mean %.5f, max %d of 255", file, difference.mean(), difference.maximum);
            QVERIFY(difference.mean() <= kMeanTolerance);
            QVERIFY(difference.maximum <= tolerance);
        }
    }

    void sampledPixelsOfThePhotos()
    {
        const QStringList names = photos();
        if (names.isEmpty()) {
            QSKIP("the shared photos are not there: " TAGALIGN_SHARED_DATA "/pairs");
        }
        const std::string golden = readAll(data("photos.bin"));
        const std::size_t record = 8 + kSamples * 3;
        QCOMPARE(std::size_t(names.size()) * record, golden.size());
        Difference all;
        double worstMean = 0.0;
        for (int i = 0; i < names.size(); ++i) {
            const char* expected = golden.data() + std::size_t(i) * record;
            std::uint64_t state = 0;
            std::memcpy(&state, expected, 8);
            QCOMPARE(fnv1a(names[i].toUtf8()), state);
            const RgbImage crop = cropForClip(decodeImage(photoPath(names[i])), kSide);
            Difference one;
            for (std::size_t sample = 0; sample < kSamples; ++sample) {
                state = state * 6364136223846793005ULL + 1442695040888963407ULL;
                const std::size_t place = (state >> 33U) % (kSide * kSide) * 3;
                for (std::size_t channel = 0; channel < 3; ++channel) {
                    const char value = expected[8 + sample * 3 + channel];
                    one.add(crop.bytes[place + channel], value);
                    all.add(crop.bytes[place + channel], value);
                }
            }
            worstMean = std::max(worstMean, one.mean());
        }
        qInfo("%lld photos: mean %.6f, worst photo's mean %.6f, max %d of 255",
              static_cast<long long>(names.size()), all.mean(), worstMean, all.maximum);
        QVERIFY(worstMean <= kMeanTolerance);
        QVERIFY(all.maximum <= kMaxTolerance);
    }

    void everyPixelOfThePhotos_data()
    {
        QTest::addColumn<bool>("isSquashed");
        QTest::newRow("CLIP") << false;
        QTest::newRow("SigLIP") << true;
    }

    void everyPixelOfThePhotos()
    {
        QFETCH(bool, isSquashed);
        const QString python = qEnvironmentVariable("TAGALIGN_PEER_PYTHON");
        const QStringList names = photos();
        if (names.isEmpty()) {
            QSKIP("the shared photos are not there: " TAGALIGN_SHARED_DATA "/pairs");
        }
        if (python.isEmpty()) {
            QSKIP("TAGALIGN_PEER_PYTHON names no Python with pillow and transformers");
        }
        QTemporaryDir folder;
        const QString out = folder.filePath(QStringLiteral("full.bin"));
        QProcess peer;
        peer.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        peer.start(python, {QStringLiteral(TAGALIGN_SOURCE_DIR "/tests/golden/image.py"),
                            isSquashed ? QStringLiteral("--squash") : QStringLiteral("--full"),
                            QStringLiteral(TAGALIGN_SHARED_DATA "/pairs"), out});
        QVERIFY(peer.waitForFinished(280'000));
        QCOMPARE(peer.exitCode(), 0);
        const std::string golden = readAll(out.toStdString());
        const std::size_t size = std::size_t(kSide) * kSide * 3;
        QCOMPARE(golden.size(), size * std::size_t(names.size()));
        Difference all;
        for (int i = 0; i < names.size(); ++i) {
            const RgbImage photo = decodeImage(photoPath(names[i]));
            const RgbImage view = isSquashed ? squashed(photo, kSide) : cropForClip(photo, kSide);
            Difference one;
            for (std::size_t k = 0; k < size; ++k) {
                one.add(view.bytes[k], golden[std::size_t(i) * size + k]);
                all.add(view.bytes[k], golden[std::size_t(i) * size + k]);
            }
            QVERIFY2(one.mean() <= kMeanTolerance, qPrintable(names[i]));
        }
        qInfo("every pixel of %lld photos: mean %.6f, max %d of 255",
              static_cast<long long>(names.size()), all.mean(), all.maximum);
        QVERIFY(all.maximum <= (isSquashed ? kMaxSquashedTolerance : kMaxTolerance));
    }

    void tensorIsNormalisedChannelFirst()
    {
        const RgbImage image{2, 2, {255, 0, 51, 255, 0, 51, 255, 0, 51, 255, 0, 51}};
        const Normalisation normalisation{{0.5, 0.25, 0.2}, {0.5, 0.25, 0.1}};
        const float expected[] = {1.0F, -1.0F, 0.0F}; // (v / 255 - mean) / deviation
        for (const torch::Tensor& pixels :
             {preprocessCrop(image, 4, normalisation), preprocessSquash(image, 4, normalisation)}) {
            QCOMPARE(pixels.sizes().vec(), (std::vector<std::int64_t>{3, 4, 4}));
            for (int channel = 0; channel < 3; ++channel) {
                QVERIFY(((pixels[channel] - expected[channel]).abs().max().item<float>()) < 1e-6F);
            }
        }
    }

    void wholePictureKeepsAspectInPatches_data()
    {
        QTest::addColumn<int>("width");
        QTest::addColumn<int>("height");
        QTest::addColumn<int>("patch");
        QTest::addColumn<int>("expectedWidth");
        QTest::addColumn<int>("expectedHeight");
        QTest::newRow("square") << 300 << 300 << 16 << 224 << 224;
        QTest::newRow("wide") << 384 << 256 << 16 << 336 << 224;
        QTest::newRow("tall") << 256 << 384 << 32 << 224 << 352; // 336 is 10.5 patches
        QTest::newRow("small") << 4 << 4 << 14 << 224 << 224;
        QTest::newRow("strip") << 1 << 1000 << 16 << 224 << 896; // squeezed to kMaxAspect
    }

    void wholePictureKeepsAspectInPatches()
    {
        QFETCH(int, width);
        QFETCH(int, height);
        QFETCH(int, patch);
        QFETCH(int, expectedWidth);
        QFETCH(int, expectedHeight);
        const RgbImage image{width, height,
                             std::vector<std::uint8_t>(std::size_t(width) * height * 3, 90)};
        const torch::Tensor whole =
            preprocessWhole(image, kSide, patch, {{0.0, 0.0, 0.0}, {1.0, 1.0, 1.0}});
        QCOMPARE(whole.size(2), std::int64_t(expectedWidth));
        QCOMPARE(whole.size(1), std::int64_t(expectedHeight));
        // A flat picture stays flat at every size: the weights of each output sum to 1.
        QVERIFY((whole - 90.0 / 255.0).abs().max().item<float>() < 1e-6F);
    }

    void refusesWrongSizes()
    {
        const RgbImage image{2, 2, std::vector<std::uint8_t>(12)};
        QVERIFY_EXCEPTION_THROWN(cropForClip(image, 0), RangeError);
        QVERIFY_EXCEPTION_THROWN((void)preprocessSquash(image, 0, {}), RangeError);
        QVERIFY_EXCEPTION_THROWN(cropForClip({2, 2, {}}, 8), ShapeError);
        QVERIFY_EXCEPTION_THROWN(cropForClip({0, 0, {}}, 8), ShapeError);
        QVERIFY_EXCEPTION_THROWN(resizeBicubic(image, {8, 0}), RangeError);
        QVERIFY_EXCEPTION_THROWN((void)wholeSize(4, 4, 224, 0), RangeError);
    }
};

QTEST_GUILESS_MAIN(TestPreprocess)
#include "tst_preprocess.moc"
