#include "model/Error.h"
#include "model/image/Decode.h"
#include "model/image/HeatmapColour.h"
#include "model/image/ImageHeader.h"
#include "model/image/ImageProbe.h"

#include <QDir>
#include <QTemporaryDir>
#include <QTest>

#include <bit>
#include <cmath>
#include <fstream>
#include <limits>

using namespace tagalign::model;
using namespace tagalign::model::image;

namespace {

std::filesystem::path odd(const QString& name)
{
    return std::filesystem::path(TAGALIGN_SOURCE_DIR) / "tests/data/image/odd" / name.toStdString();
}

QByteArray bytesOf(const std::filesystem::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    return QByteArray::fromStdString(bytes);
}

QString refusalOf(const std::filesystem::path& file)
{
    try {
        (void)probeImage(file);
    } catch (const Error& error) {
        return QString::fromStdString(error.what());
    }
    return {};
}

} // namespace

class TestImage : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;

    std::filesystem::path written(const QString& name, const QByteArray& bytes)
    {
        const std::filesystem::path file = m_folder.filePath(name).toStdString();
        std::ofstream stream(file, std::ios::binary);
        stream.write(bytes.constData(), bytes.size());
        return file;
    }

private Q_SLOTS:

    void probeIsUpright_data()
    {
        QTest::addColumn<bool>("isTurned");
        QTest::newRow("orientation2.jpg") << false;
        QTest::newRow("orientation4.jpg") << false;
        QTest::newRow("orientation5.jpg") << true;
        QTest::newRow("orientation8.jpg") << true;
        QTest::newRow("orientation6.png") << true;
        QTest::newRow("orientation8.webp") << true;
        QTest::newRow("orientation6.tif") << true;
    }

    void probeIsUpright()
    {
        QFETCH(bool, isTurned);
        const ImageProbe probe = probeImage(odd(QString::fromUtf8(QTest::currentDataTag())));
        QCOMPARE(probe.width, isTurned ? 37 : 52);
        QCOMPARE(probe.height, isTurned ? 52 : 37);
    }

    void nearDuplicatesDifferInFewBits()
    {
        const std::uint64_t png = probeImage(odd("grey.png")).perceptualHash;
        const std::uint64_t jpeg = probeImage(odd("grey.jpg")).perceptualHash;
        QVERIFY(std::popcount(png ^ jpeg) <= 4);
        const std::uint64_t flipped = probeImage(odd("orientation2.jpg")).perceptualHash;
        QVERIFY(std::popcount(png ^ flipped) >= 12);
        QVERIFY(png != 0);
    }

    void cutFilesAreFound_data()
    {
        QTest::addColumn<double>("kept");
        const QStringList names{"progressive.jpg", "orientation3.jpg", "cmyk.jpg",  "palette.png",
                                "rgb16.png",       "alpha.webp",       "plain.bmp", "plain.tif"};
        for (const QString& name : names) {
            for (const double kept : {0.2, 0.6, 0.95}) {
                QTest::newRow(qPrintable(name + " " + QString::number(kept))) << kept;
            }
        }
    }

    void cutFilesAreFound()
    {
        QFETCH(double, kept);
        const QString name = QString::fromUtf8(QTest::currentDataTag()).section(' ', 0, 0);
        const QByteArray whole = bytesOf(odd(name));
        QVERIFY(!whole.isEmpty());
        const auto file = written("cut-" + name, whole.left(qsizetype(whole.size() * kept)));
        const QString refusal = refusalOf(file);
        QVERIFY2(refusal.contains("cut-" + name), "the cut file was taken for whole");
        qInfo("%s", qPrintable(refusal.section('/', -1)));
    }

    void jpegWithoutItsLastBytesIsTruncated()
    {
        const QByteArray whole = bytesOf(odd("large.jpg"));
        for (const int missing : {1, 2, 40}) {
            const QString refusal = refusalOf(written("cut.jpg", whole.chopped(missing)));
            QVERIFY2(refusal.endsWith("cut.jpg: truncated JPEG"), qPrintable(refusal));
        }
    }

    void damagedDataIsFound()
    {
        QByteArray jpeg = bytesOf(odd("large.jpg"));
        jpeg.replace(jpeg.size() / 2, 40, QByteArray(40, '\xFF').replace(20, 2, "\xFF\xD9"));
        QVERIFY(refusalOf(written("damaged.jpg", jpeg)).contains("JPEG"));
        QByteArray png = bytesOf(odd("rgb16.png"));
        png[png.size() / 2] = char(png[png.size() / 2] ^ 0x55);
        QVERIFY(refusalOf(written("damaged.png", png)).contains("truncated or damaged PNG"));
    }

    void notAnImageIsRefusedByName_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QString>("reason");
        QTest::newRow("empty.jpg") << QByteArray() << "the file is empty";
        QTest::newRow("text.jpg") << QByteArray("a cat on a mat") << "not an image";
        QTest::newRow("start.jpg") << QByteArray("\xFF\xD8\xFF") << "header is damaged";
        QTest::newRow("moving.gif") << QByteArray("GIF89a\1\0\1\0") << "GIF is not supported";
    }

    void notAnImageIsRefusedByName()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(QString, reason);
        const QString name = QString::fromUtf8(QTest::currentDataTag());
        const QString refusal = refusalOf(written(name, bytes));
        QVERIFY2(refusal.contains(name) && refusal.contains(reason), qPrintable(refusal));
    }

    void missingFileAndFolderAreRefused()
    {
        QVERIFY(refusalOf("/nowhere/photo.jpg").contains("/nowhere/photo.jpg: the file does not"));
        QVERIFY(refusalOf(m_folder.path().toStdString()).contains("not a file"));
    }

    void hugeHeadersAreRefusedUnread_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QByteArray png = bytesOf(odd("grey.png"));
        png.replace(16, 8, QByteArray::fromHex("0000ffff0000ffff"));
        QTest::newRow("huge.png") << png;
        QByteArray jpeg = bytesOf(odd("grey.jpg"));
        const qsizetype frame = jpeg.indexOf(QByteArray::fromHex("ffc0"));
        jpeg.replace(frame + 5, 4, QByteArray::fromHex("fffffffe"));
        QTest::newRow("huge.jpg") << jpeg;
        QByteArray bmp = bytesOf(odd("plain.bmp"));
        bmp.replace(18, 8, QByteArray::fromHex("ffff0000ffff0000"));
        QTest::newRow("huge.bmp") << bmp;
        QByteArray webp("RIFF\0\0\0\0WEBPVP8X\x0A\0\0\0\0\0\0\0", 24);
        QTest::newRow("huge.webp") << webp + QByteArray(6, '\xFF') + QByteArray(30, '\0');
        // Directory at byte 8: width and height as LONG, 65535 each.
        const auto tiff = [](const char* entries) {
            return QByteArray::fromHex(entries) + QByteArray(4, '\0');
        };
        QTest::newRow("huge.tif") << tiff("49492a0008000000"
                                          "0200"
                                          "0001040001000000ffff0000"
                                          "0101040001000000ffff0000");
        QTest::newRow("huge.big.tif") << tiff("4d4d002a00000008"
                                              "0002"
                                              "01000004000000010000ffff"
                                              "01010004000000010000ffff");
        // libtiff takes the first of a tag that comes twice.
        QTest::newRow("twice.tif") << tiff("49492a0008000000"
                                           "0400"
                                           "0001040001000000ffff0000"
                                           "000104000100000001000000"
                                           "0101040001000000ffff0000"
                                           "010104000100000001000000");
    }

    void hugeHeadersAreRefusedUnread()
    {
        QFETCH(QByteArray, bytes);
        const QString name = QString::fromUtf8(QTest::currentDataTag());
        const QString refusal = refusalOf(written(name, bytes));
        QVERIFY2(refusal.contains(name) && refusal.contains("limit of 200 megapixels"),
                 qPrintable(refusal));
    }

    void everyShortHeaderIsRefusedQuietly()
    {
        for (const char* name : {"orientation6.jpg", "orientation6.png", "orientation8.webp",
                                 "orientation6.tif", "plain.bmp"}) {
            const std::string whole = bytesOf(odd(name)).toStdString();
            QVERIFY(readHeader(whole).has_value());
            for (std::size_t length = 0; length < std::min<std::size_t>(whole.size(), 400);
                 ++length) {
                const auto header = readHeader(std::string_view(whole).substr(0, length));
                QVERIFY(!header || (header->orientation >= 1 && header->orientation <= 8));
            }
        }
    }

    void thumbnailIsUprightAndSmall()
    {
        const std::filesystem::path out = m_folder.filePath("new/thumb.jpg").toStdString();
        writeThumbnail(odd("orientation6.jpg"), out, 26);
        const ImageProbe probe = probeImage(out);
        QCOMPARE(probe.height, 26);
        QCOMPARE(probe.width, 18); // 37 / 52 × 26 = 18.5, rounded to even
        QCOMPARE(QDir(m_folder.filePath("new")).entryList(QDir::Files).size(), 1);
        writeThumbnail(odd("pixel.png"), out, 26); // never enlarged, and the old one is replaced
        QCOMPARE(probeImage(out).width, 1);
    }

    void failedThumbnailKeepsTheOldOne()
    {
        const std::filesystem::path out = m_folder.filePath("keep.jpg").toStdString();
        writeThumbnail(odd("large.jpg"), out, 40);
        const QByteArray before = bytesOf(out);
        QVERIFY_EXCEPTION_THROWN(writeThumbnail("/nowhere/photo.jpg", out, 40), Error);
        QVERIFY_EXCEPTION_THROWN(writeThumbnail(odd("large.jpg"), out, 0), RangeError);
        QCOMPARE(bytesOf(out), before);
        QVERIFY_EXCEPTION_THROWN(writeThumbnail(odd("large.jpg"), "/proc/thumb.jpg", 40), Error);
    }

    void heatmapHasTheMapsEndsAtTheScalesEnds()
    {
        const RgbaImage map =
            colourHeatmap({-2.0F, 0.0F, 1.0F, 9.0F}, 1, 4, 4, 1, 0.0F, 1.0F, ColourMap::Viridis);
        const std::vector<std::uint8_t> low(map.bytes.begin(), map.bytes.begin() + 4);
        QCOMPARE(low, (std::vector<std::uint8_t>{68, 1, 84, 255}));
        QVERIFY(std::equal(low.begin(), low.end(), map.bytes.begin() + 4)); // clamped
        const std::vector<std::uint8_t> high(map.bytes.begin() + 8, map.bytes.begin() + 12);
        QVERIFY(high[0] > 240 && high[1] > 220 && high[2] < 60); // viridis' yellow
        QVERIFY(std::equal(high.begin(), high.end(), map.bytes.begin() + 12));
    }

    void heatmapIsBilinearBetweenPatchCentres()
    {
        const RgbaImage map =
            colourHeatmap({-1.0F, 1.0F}, 1, 2, 4, 1, -1.0F, 1.0F, ColourMap::Diverging);
        // Pixel centres lie at -1, -0.5, 0.5, 1 between the two patch centres.
        QVERIFY(map.bytes[0] < map.bytes[4] && map.bytes[2] > map.bytes[0]);
        QVERIFY(map.bytes[8] > map.bytes[10]);
        const RgbaImage middle =
            colourHeatmap({0.0F}, 1, 1, 1, 1, -1.0F, 1.0F, ColourMap::Diverging);
        QVERIFY(middle.bytes[0] > 240 && middle.bytes[1] > 240 && middle.bytes[2] > 240);
    }

    void missingValuesAreTransparent()
    {
        const float nan = std::numeric_limits<float>::quiet_NaN();
        const RgbaImage map = colourHeatmap({nan}, 1, 1, 2, 2, 0.0F, 1.0F, ColourMap::Inferno);
        QCOMPARE(int(map.bytes[3]), 0);
        const RgbImage picture{2, 2, std::vector<std::uint8_t>(12, 77)};
        QCOMPARE(int(blendOver(picture, map, 1.0F).bytes[0]), 77);
    }

    void blendGoesFromPictureToHeatmap()
    {
        const RgbImage picture{1, 1, {100, 100, 100}};
        const RgbaImage heat{1, 1, {200, 0, 100, 255}};
        QCOMPARE(blendOver(picture, heat, 0.0F).bytes,
                 (std::vector<std::uint8_t>{100, 100, 100, 255}));
        QCOMPARE(blendOver(picture, heat, 0.5F).bytes,
                 (std::vector<std::uint8_t>{150, 50, 100, 255}));
    }

    void wrongHeatmapsAreRefused()
    {
        QVERIFY_EXCEPTION_THROWN(colourHeatmap({1.0F}, 1, 2, 4, 4, 0, 1, ColourMap::Viridis),
                                 ShapeError);
        QVERIFY_EXCEPTION_THROWN(colourHeatmap({1.0F}, 1, 1, 4, 4, 1, 1, ColourMap::Viridis),
                                 RangeError);
        QVERIFY_EXCEPTION_THROWN(colourHeatmap({1.0F}, 1, 1, 0, 4, 0, 1, ColourMap::Viridis),
                                 RangeError);
        const RgbImage picture{1, 1, {1, 2, 3}};
        QVERIFY_EXCEPTION_THROWN(blendOver(picture, {2, 1, std::vector<std::uint8_t>(8)}, 0.5F),
                                 ShapeError);
        QVERIFY_EXCEPTION_THROWN(blendOver(picture, {1, 1, {1, 2, 3, 4}}, 1.5F), RangeError);
    }

    void beforeAndAfterComeBackFromThePng()
    {
        const RgbaImage left{1, 1, {10, 20, 30, 255}};
        const RgbaImage right{2, 3, std::vector<std::uint8_t>(24, 255)};
        const RgbaImage both = sideBySide({left, right}, 4);
        QCOMPARE(both.width, 7);
        QCOMPARE(both.height, 3);
        const std::filesystem::path file = m_folder.filePath("both.png").toStdString();
        writePng(file, both);
        const RgbImage read = decodeImage(file);
        QCOMPARE(read.width, 7);
        // The shorter one is centred: row 1, column 0.
        QCOMPARE(std::vector<std::uint8_t>(read.bytes.begin() + 21, read.bytes.begin() + 24),
                 (std::vector<std::uint8_t>{10, 20, 30}));
        QCOMPARE(int(read.bytes[0]), 255);
        QVERIFY_EXCEPTION_THROWN(writePng("/proc/both.png", both), Error);
    }

    void rowsAreStackedFromTheLeft()
    {
        const RgbaImage narrow{1, 1, {10, 20, 30, 255}};
        const RgbaImage wide{2, 2, std::vector<std::uint8_t>(16, 7)};
        const RgbaImage all = stacked({narrow, wide}, 1);
        QCOMPARE(all.width, 2);
        QCOMPARE(all.height, 4);
        QCOMPARE(int(all.bytes[0]), 10);
        QCOMPARE(int(all.bytes[4]), 255);           // beside the narrow one
        QCOMPARE(int(all.bytes[2 * 4]), 255);       // the gap
        QCOMPARE(int(all.bytes[2 * 2 * 4]), 7);     // row 2
        QCOMPARE(int(all.bytes[4 * 2 * 4 - 1]), 7); // the last byte
    }
};

QTEST_GUILESS_MAIN(TestImage)
#include "tst_image.moc"
