#include "model/image/IndexMask.h"
#include "tests/model/MessageOf.h"

#include <QFile>
#include <QImage>
#include <QTemporaryDir>
#include <QTest>

using namespace tagalign::model::image;
using tagalign::test::messageOf;

class TestIndexMask : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;

    /// Pixel (x, y) has the label 3 x + y.
    static QImage labels(QImage::Format format)
    {
        QImage image(5, 3, format);
        for (int i = 0; i < 256 && format == QImage::Format_Indexed8; ++i) {
            image.setColorCount(256);
            image.setColor(i, qRgb(255 - i, i * 7 % 256, 40));
        }
        for (int y = 0; y < 3; ++y) {
            for (int x = 0; x < 5; ++x) {
                image.scanLine(y)[x] = uchar(3 * x + y);
            }
        }
        return image;
    }

    [[nodiscard]] std::filesystem::path saved(const QImage& image, const char* name)
    {
        const QString file = m_folder.filePath(name);
        return image.save(file) ? file.toStdString() : std::string();
    }

    [[nodiscard]] QString refusalOf(const std::filesystem::path& file) const
    {
        return messageOf([&file] { (void)decodeIndexMask(file); })
            .remove(m_folder.path() + QLatin1Char('/'));
    }

private Q_SLOTS:

    void labelsAreReadAsStored_data()
    {
        QTest::addColumn<int>("format");
        QTest::newRow("grey") << int(QImage::Format_Grayscale8);
        QTest::newRow("palette") << int(QImage::Format_Indexed8); // as Pascal VOC's
    }

    void labelsAreReadAsStored()
    {
        QFETCH(int, format);
        const IndexMask mask = decodeIndexMask(saved(labels(QImage::Format(format)), "mask.png"));
        QCOMPARE(mask.width, 5);
        QCOMPARE(mask.height, 3);
        QCOMPARE(mask.labels,
                 (std::vector<std::uint16_t>{0, 3, 6, 9, 12, 1, 4, 7, 10, 13, 2, 5, 8, 11, 14}));
    }

    void sixteenBitsKeepBothBytes()
    {
        QImage image(2, 1, QImage::Format_Grayscale16);
        auto* row = reinterpret_cast<quint16*>(image.scanLine(0));
        row[0] = 300;
        row[1] = 65535;
        QCOMPARE(decodeIndexMask(saved(image, "wide.png")).labels,
                 (std::vector<std::uint16_t>{300, 65535}));
    }

    void bitsArePackedOut()
    {
        QImage image(10, 2, QImage::Format_Mono);
        image.setColorTable({qRgb(0, 0, 0), qRgb(255, 255, 255)});
        image.fill(0);
        image.setPixel(9, 1, 1);
        const IndexMask mask = decodeIndexMask(saved(image, "bits.png"));
        QCOMPARE(mask.labels.size(), std::size_t(20));
        QCOMPARE(mask.labels[19], std::uint16_t(1));
        QCOMPARE(std::count(mask.labels.begin(), mask.labels.end(), 0), 19);
    }

    void whatIsNoMaskIsRefusedByName()
    {
        QImage colours(4, 4, QImage::Format_RGB32);
        colours.fill(Qt::red);
        QCOMPARE(refusalOf(saved(colours, "colours.png")),
                 QString("colours.png: holds colours; a mask has one channel, grey or a palette, "
                         "with a label for each pixel"));
        QVERIFY(refusalOf(saved(colours, "photo.jpg"))
                    .startsWith("photo.jpg: a mask has to be a "
                                "PNG, this is a JPEG;"));
        QCOMPARE(refusalOf(m_folder.filePath("none.png").toStdString()),
                 QString("none.png: the file does not exist"));
    }

    void damageIsFound_data()
    {
        QTest::addColumn<bool>("isCut");
        QTest::newRow("truncated") << true;
        QTest::newRow("a byte changed") << false;
    }

    void damageIsFound()
    {
        QFETCH(bool, isCut);
        QImage image(64, 64, QImage::Format_Grayscale8);
        for (int y = 0; y < 64; ++y) {
            for (int x = 0; x < 64; ++x) {
                image.scanLine(y)[x] = uchar(x * y * 31);
            }
        }
        const std::filesystem::path name = saved(image, "whole.png");
        QFile file(QString::fromStdString(name.string()));
        QVERIFY(file.open(QIODevice::ReadWrite));
        if (isCut) {
            QVERIFY(file.resize(file.size() / 2));
        } else {
            QVERIFY(file.seek(file.size() / 2) && file.write("?!?") == 3);
        }
        file.close();
        QVERIFY2(refusalOf(name).startsWith("whole.png: truncated or damaged PNG ("),
                 qPrintable(refusalOf(name)));
    }
};

QTEST_APPLESS_MAIN(TestIndexMask)
#include "tst_index_mask.moc"
