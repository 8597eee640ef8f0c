#include <QDir>
#include <QFile>
#include <QImage>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>
#include <QtEndian>

/// The terminal's heatmap verb on the demo model, as a script would call it.
class TestHeatmapCommand : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;

    [[nodiscard]] QString path(const QString& name) const { return m_folder.filePath(name); }

    /// @return the exit code; what it said on standard error goes into `said`.
    int run(const QStringList& arguments, QString* said = nullptr) const
    {
        QProcess program;
        program.start(TAGALIGN_PROGRAM, QStringList{"heatmap", "--query", "red cup"} + arguments);
        if (!program.waitForFinished(120'000)) {
            return -1;
        }
        if (said != nullptr) {
            *said = QString::fromUtf8(program.readAllStandardError());
        }
        return program.exitCode();
    }

    /// A safetensors file is an 8-byte length, then JSON, then the values.
    [[nodiscard]] static QJsonObject headerOf(const QString& name)
    {
        QFile file(name);
        if (!file.open(QIODevice::ReadOnly)) {
            return {};
        }
        const qint64 size = qFromLittleEndian<qint64>(file.read(8).constData());
        return QJsonDocument::fromJson(file.read(size)).object();
    }

private Q_SLOTS:

    void initTestCase()
    {
        const auto write = [this](const char* name, int width, int height) {
            QImage image(width, height, QImage::Format_RGB32);
            image.fill(QColor(200, 60, 40));
            return image.save(path(name));
        };
        QVERIFY(write("wide.png", 80, 60));
        QVERIFY(write("high.png", 60, 90));
    }

    void pictureHasARowForEachImage()
    {
        QCOMPARE(run({path("wide.png"), path("high.png"), "--out", path("out.png")}), 0);
        QCOMPARE(QImage(path("out.png")).size(), QSize(80, 60 + 8 + 90));
    }

    void valuesGoByTheNamesOfTheFiles()
    {
        QCOMPARE(run({path("wide.png"), path("high.png"), "--out", path("out.safetensors")}), 0);
        const QJsonObject header = headerOf(path("out.safetensors"));
        QCOMPARE(header.keys(),
                 QStringList({"__metadata__", "before/high.png", "before/wide.png"}));
        QCOMPARE(header["__metadata__"].toObject()["query"].toString(), QString("red cup"));
        QVERIFY(!header["__metadata__"].toObject()["model"].toString().isEmpty());
        QVERIFY(header["__metadata__"].toObject().contains("head"));
        QCOMPARE(header["before/wide.png"].toObject()["dtype"].toString(), QString("F32"));
    }

    void otherEndingsAreRefusedInOneSentence()
    {
        QString said;
        QCOMPARE(run({path("wide.png"), "--out", path("out.jpg")}, &said), 2);
        QVERIFY2(said.contains("out.jpg must end in .png or .safetensors."), qPrintable(said));
        QVERIFY(!QFile::exists(path("out.jpg")));
    }

    void missingPictureIsNamed()
    {
        QString said;
        QCOMPARE(run({path("none.png"), "--out", path("none-out.png")}, &said), 1);
        QVERIFY2(said.contains("none.png"), qPrintable(said));
    }
};

QTEST_GUILESS_MAIN(TestHeatmapCommand)
#include "tst_heatmap_command.moc"
