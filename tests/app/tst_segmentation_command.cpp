#include <QDir>
#include <QFile>
#include <QImage>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QPainter>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

/// `tagalign evaluate --segmentation` on the demo model, as a script would call it.
class TestSegmentationCommand : public QObject
{
    Q_OBJECT

private:
    static constexpr const char* kClasses = "background\napple,red apple\ncar\ndog\n";

    QTemporaryDir m_folder;

    struct Answer
    {
        int code = -1;
        QString out;
        QString said; ///< on standard error

        [[nodiscard]] QJsonObject json() const
        {
            return QJsonDocument::fromJson(out.toUtf8()).object();
        }
    };

    [[nodiscard]] QString path(const QString& name) const { return m_folder.filePath(name); }

    static Answer run(const QStringList& arguments)
    {
        QProcess program;
        program.start(TAGALIGN_PROGRAM, QStringList{"evaluate"} + arguments);
        if (!program.waitForFinished(240'000)) {
            return {};
        }
        return {program.exitCode(), QString::fromUtf8(program.readAllStandardOutput()),
                QString::fromUtf8(program.readAllStandardError())};
    }

    void write(const QString& name, const QByteArray& bytes) const
    {
        QFile file(path(name));
        QVERIFY(file.open(QIODevice::WriteOnly));
        QCOMPARE(file.write(bytes), qint64(bytes.size()));
    }

    /// On the made set, at the size that the demo model was trained on.
    [[nodiscard]] Answer measured(const QStringList& more = {}) const
    {
        return run(QStringList{"--segmentation", path("set"), "--scales", "96", "--window", "96"} +
                   more);
    }

    /// Mean IoU of all classes but the background, with these labels.
    [[nodiscard]] double meanIouAs(const QByteArray& classes) const
    {
        QFile file(path("set/classes.txt"));
        if (!file.open(QIODevice::WriteOnly) || file.write(classes) != classes.size()) {
            return -1.0;
        }
        file.close();
        const QJsonArray rows = measured({"--json"}).json()["rows"].toArray();
        const QJsonArray iou = rows[0].toObject()["before"].toObject()["iou"].toArray();
        return (iou[1].toDouble() + iou[2].toDouble() + iou[3].toDouble()) / 3.0;
    }

    /// Two drawings of the demo's own font on white, and a mask of their shapes.
    void compose(const QString& name, const QString& left, int leftLabel, const QString& right,
                 int rightLabel) const
    {
        QImage picture(192, 96, QImage::Format_RGB32);
        QImage mask(picture.size(), QImage::Format_Grayscale8);
        picture.fill(Qt::white);
        mask.fill(0);
        const auto draw = [&](const QRect& box, const QString& glyph, int label) {
            QImage layer(picture.size(), QImage::Format_ARGB32_Premultiplied);
            layer.fill(Qt::transparent);
            QPainter painter(&layer);
            QFont font(QStringLiteral("Noto Color Emoji"));
            font.setPixelSize(72);
            painter.setFont(font);
            painter.drawText(box, Qt::AlignCenter, glyph);
            painter.end();
            QPainter(&picture).drawImage(0, 0, layer);
            for (int y = 0; y < layer.height(); ++y) {
                for (int x = 0; x < layer.width(); ++x) {
                    if (qAlpha(layer.pixel(x, y)) > 127) {
                        mask.scanLine(y)[x] = uchar(label);
                    }
                }
            }
        };
        draw({6, 8, 84, 80}, left, leftLabel);
        draw({102, 8, 84, 80}, right, rightLabel);
        QVERIFY(picture.save(path("set/images/" + name)) && mask.save(path("set/masks/" + name)));
    }

private Q_SLOTS:

    void initTestCase()
    {
        QVERIFY(QDir(m_folder.path()).mkpath("set/images"));
        QVERIFY(QDir(m_folder.path()).mkpath("set/masks"));
        write("set/classes.txt", kClasses);
        const QString apple = QStringLiteral("🍎");
        const QString car = QStringLiteral("🚗");
        const QString dog = QStringLiteral("🐶");
        compose("a.png", apple, 1, car, 2);
        compose("b.png", car, 2, dog, 3);
        compose("c.png", dog, 3, apple, 1);
        compose("d.png", apple, 1, dog, 3);
    }

    void tableShowsEveryWayOfLooking()
    {
        const Answer answer = measured({"--paths", "self,neighbour"});
        QVERIFY2(answer.code == 0, qPrintable(answer.said));
        QVERIFY(answer.out.startsWith("4 images, 4 of 4 classes in their masks, "
                                      "background: background;"));
        QVERIFY(answer.out.contains("self-value 96 "));
        QVERIFY(answer.out.contains("neighbour 96 "));
        QVERIFY(answer.out.contains("against the first"));
        QVERIFY(answer.out.contains("pixel accuracy"));
        QVERIFY(answer.out.contains("worst: "));
    }

    void jsonHoldsEveryFigure()
    {
        const Answer answer = measured({"--background", "none", "--json"});
        QVERIFY2(answer.code == 0, qPrintable(answer.said));
        const QJsonObject json = answer.json();
        QCOMPARE(json["images"].toInt(), 4);
        QVERIFY(json["background"].isNull());
        QCOMPARE(json["classes"].toArray().size(), 4);
        QCOMPARE(json["classes"][1].toObject()["label"].toString(), QString("apple,red apple"));
        QCOMPARE(json["classes"][1].toObject()["images"].toInt(), 3);
        const QJsonObject before = json["rows"][0].toObject()["before"].toObject();
        const QJsonArray iou = before["iou"].toArray();
        QCOMPARE(iou.size(), 4);
        double mean = 0.0;
        for (const auto& of : iou) {
            mean += of.toDouble() / 4.0;
        }
        QVERIFY(qAbs(before["miou"].toDouble() - mean) < 1e-12);
        QVERIFY(before["miou_interval"][0].toDouble() <= before["miou"].toDouble());
        QVERIFY(before["miou_interval"][1].toDouble() >= before["miou"].toDouble());
    }

    void theNamesDecide()
    {
        const double right = meanIouAs(kClasses);
        const double wrong = meanIouAs("background\ncar\ndog\napple,red apple\n");
        write("set/classes.txt", kClasses);
        QVERIFY2(right > 3.0 * wrong, qPrintable(QString("%1 %2").arg(right).arg(wrong)));
    }

    void resultsRepeat() { QCOMPARE(measured({"--json"}).json(), measured({"--json"}).json()); }

    void scalesAreMeasuredAloneAndTogether()
    {
        const Answer answer = run({"--segmentation", path("set"), "--scales", "96,192", "--window",
                                   "96", "--stride", "48", "--limit", "2", "--json"});
        QVERIFY2(answer.code == 0, qPrintable(answer.said));
        const QJsonArray rows = answer.json()["rows"].toArray();
        QCOMPARE(rows.size(), 3);
        QCOMPARE(rows[2].toObject()["short_sides"].toArray(), (QJsonArray{96, 192}));
        QVERIFY(!rows[0].toObject().contains("against_first"));
        QVERIFY(rows[1].toObject().contains("against_first"));
        QCOMPARE(answer.json()["images"].toInt(), 2);
    }

    void picturesAreDrawn()
    {
        const Answer answer = measured({"--out", path("drawn"), "--limit", "1"});
        QVERIFY2(answer.code == 0, qPrintable(answer.said));
        const QStringList files = QDir(path("drawn")).entryList(QDir::Files);
        QCOMPARE(files, QStringList{"01_a.png"});
        const QImage sheet(path("drawn/01_a.png"));
        QVERIFY(sheet.width() > 3 * 192 && sheet.height() > 96);
    }

    void badRowsAreSaidAndTheRestGoesOn()
    {
        write("set/images/broken.png", "no picture");
        QVERIFY(QFile::copy(path("set/masks/a.png"), path("set/masks/broken.png")));
        write("set/images/alone.png", "x");
        const Answer answer = measured();
        QFile::remove(path("set/images/broken.png"));
        QFile::remove(path("set/images/alone.png"));
        QCOMPARE(answer.code, 0);
        QVERIFY(answer.out.startsWith("4 images"));
        QVERIFY(answer.said.contains("images/broken.png: not an image"));
        QVERIFY(answer.said.contains("\"masks/alone.png\" does not exist; left out."));
    }

    void badCallsAreRefused_data()
    {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<int>("code");
        QTest::addColumn<QString>("said");
        const QString set = path("set");
        QTest::newRow("nothing") << QStringList{} << 2 << "--project or --segmentation";
        QTest::newRow("unknown path")
            << QStringList{"--segmentation", set, "--paths", "self,best"} << 2 << "best";
        QTest::newRow("paths without a set")
            << QStringList{"--paths", "self"} << 2 << "--segmentation";
        QTest::newRow("model and project")
            << QStringList{"--segmentation", set, "--model", "x", "--project", "y"} << 2
            << "excludes";
        QTest::newRow("retention of a set")
            << QStringList{"--segmentation", set, "--retention", "x"} << 2 << "excludes";
        QTest::newRow("no set") << QStringList{"--segmentation", path("none")} << 1
                                << "is no folder";
        QTest::newRow("background")
            << QStringList{"--segmentation", set, "--background", "sky"} << 1
            << "has no class \"sky\" to be the background; its classes are background, "
               "apple,red apple, car, dog";
        QTest::newRow("stride") << QStringList{"--segmentation", set, "--window", "96",
                                               "--stride",       "97"}
                                << 1 << "leaves gaps";
        QTest::newRow("head") << QStringList{"--segmentation", set, "--head",
                                             path("set/classes.txt")}
                              << 1 << "classes.txt";
    }

    void badCallsAreRefused()
    {
        QFETCH(QStringList, arguments);
        QFETCH(int, code);
        QFETCH(QString, said);
        const Answer answer = run(arguments);
        QVERIFY2(answer.code == code && answer.said.contains(said),
                 qPrintable(QString::number(answer.code) + answer.said + answer.out));
    }

    void sharedSetsAreMeasured_data()
    {
        QTest::addColumn<QString>("set");
        QTest::addColumn<int>("classes");
        QTest::newRow("photos") << "segmentation" << 133;
        QTest::newRow("defects") << "defects" << 2;
    }

    void sharedSetsAreMeasured()
    {
        QFETCH(QString, set);
        QFETCH(int, classes);
        const QString folder = QStringLiteral(TAGALIGN_SHARED_DATA "/") + set;
        if (!QFile::exists(folder + "/index.jsonl")) {
            QSKIP("the shared photos are not there");
        }
        const Answer answer = run({"--segmentation", folder, "--scales", "192", "--window", "192",
                                   "--limit", "2", "--json"});
        QVERIFY2(answer.code == 0, qPrintable(answer.said));
        QCOMPARE(answer.json()["images"].toInt(), 2);
        QCOMPARE(answer.json()["classes"].toArray().size(), classes);
        const double accuracy =
            answer.json()["rows"][0].toObject()["before"].toObject()["pixel_accuracy"].toDouble(
                -1.0);
        QVERIFY(accuracy >= 0.0 && accuracy <= 1.0);
    }
};

QTEST_MAIN(TestSegmentationCommand)
#include "tst_segmentation_command.moc"
