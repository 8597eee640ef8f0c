#include "model/dataset/SegmentationSet.h"
#include "tests/model/MessageOf.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <filesystem>

using namespace tagalign::model::dataset;
using tagalign::test::messageOf;

namespace fs = std::filesystem;

class TestSegmentationSet : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<QTemporaryDir> m_folder;

    void write(const QString& name, const QByteArray& bytes = "x") const
    {
        const QString path = m_folder->filePath(name);
        QVERIFY(QDir().mkpath(QFileInfo(path).path()));
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly));
        QCOMPARE(file.write(bytes), qint64(bytes.size()));
    }

    [[nodiscard]] SegmentationSet set() const
    {
        return readSegmentationSet(m_folder->path().toStdString());
    }

    [[nodiscard]] QString refusal() const
    {
        return messageOf([this] { (void)set(); }).remove(m_folder->path() + QLatin1Char('/'));
    }

    static QString told(const RecordProblem& problem)
    {
        return QString::fromStdString(problem.where + ": " + problem.message);
    }

private Q_SLOTS:

    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void indexAndClassesAreRead()
    {
        write("images/a.jpg");
        write("masks/a.png");
        write("classes.json", R"({"ignore": 254, "classes": [
            {"index": 7, "name": "dog-other", "label": "dog, hound ,,"},
            {"index": 2, "name": "cat"}]})");
        write("index.jsonl", "{\"image\": \"images/a.jpg\", \"mask\": \"masks/a.png\"}\n\n");
        const SegmentationSet read = set();
        QCOMPARE(read.images.size(), std::size_t(1));
        QCOMPARE(QString::fromStdString(read.images[0].name), QString("images/a.jpg"));
        QVERIFY(
            fs::equivalent(read.images[0].mask, m_folder->filePath("masks/a.png").toStdString()));
        QCOMPARE(read.ignored, std::uint16_t(254));
        QCOMPARE(read.classes.size(), std::size_t(2)); // by their mask values
        QCOMPARE(read.classes[0].names, std::vector<std::string>{"cat"});
        QCOMPARE(read.classes[1].names, (std::vector<std::string>{"dog", "hound"}));
        QCOMPARE(read.classOf(7), std::optional<std::size_t>(1));
        QVERIFY(!read.classOf(3));
        QVERIFY(read.problems.empty());
    }

    void plainFoldersPairEqualStems()
    {
        write("images/a.jpg");
        write("images/deep/b.png");
        write("images/c.webp");
        write("images/notes.txt");
        write("masks/a.png");
        write("masks/deep/b.png");
        write("classes.txt", "\xEF\xBB\xBF"
                             "background\r\nscratch,scrape\n\xE5\x82\xB7\n\n");
        const SegmentationSet read = set();
        QCOMPARE(read.images.size(), std::size_t(2));
        QCOMPARE(QString::fromStdString(read.images[1].name), QString("images/deep/b.png"));
        QCOMPARE(read.classes.size(), std::size_t(3));
        QCOMPARE(QString::fromStdString(read.classes[0].label), QString("background"));
        QCOMPARE(QString::fromStdString(read.classes[2].label), QString("傷"));
        QCOMPARE(read.ignored, std::uint16_t(255));
        QCOMPARE(read.problems.size(), std::size_t(1));
        QCOMPARE(told(read.problems[0]),
                 QString("images/c.webp: \"masks/c.png\" does not exist; left out."));
    }

    void moreThan255ClassesMoveTheIgnoreValue()
    {
        write("images/a.jpg");
        write("masks/a.png");
        QByteArray lines;
        for (int i = 0; i < 300; ++i) {
            lines += "class " + QByteArray::number(i) + '\n';
        }
        write("classes.txt", lines);
        QCOMPARE(set().ignored, std::uint16_t(65535));
    }

    void badRowsAreNamedAndTheRestGoesOn()
    {
        write("images/a.jpg");
        write("masks/a.png");
        write("classes.json", R"(["cat", "dog"])");
        write("index.jsonl", R"(not json
{"mask": "masks/a.png"}
{"image": "images/a.jpg", "boxes": []}
{"image": "images/b.jpg", "mask": "masks/a.png"}
{"image": "../a.jpg", "mask": "masks/a.png"}
{"image": "images/a.jpg", "mask": "/etc/hostname"}
{"image": "images/a.jpg", "mask": "masks"}
{"image": "images/a.jpg", "mask": "masks/a.png"}
)");
        const SegmentationSet read = set();
        QCOMPARE(read.images.size(), std::size_t(1));
        const QStringList expected{
            "index.jsonl, line 1: is not a JSON object; left out.",
            "index.jsonl, line 2: has no \"image\"; left out.",
            "images/a.jpg: has no mask (index.jsonl, line 3); left out.",
            "index.jsonl, line 4: \"images/b.jpg\" does not exist; left out.",
            "index.jsonl, line 5: \"../a.jpg\" leaves the set's folder; left out.",
            "index.jsonl, line 6: \"/etc/hostname\" leaves the set's folder; left out.",
            "index.jsonl, line 7: \"masks\" does not exist; left out."};
        QCOMPARE(read.problems.size(), std::size_t(expected.size()));
        for (int i = 0; i < expected.size(); ++i) {
            QCOMPARE(told(read.problems[std::size_t(i)]), expected.at(i));
        }
    }

    void aLinkThatLeadsOutsideIsRefused()
    {
        QTemporaryDir outside;
        QFile secret(outside.filePath("secret.png"));
        QVERIFY(secret.open(QIODevice::WriteOnly));
        write("images/a.jpg");
        QVERIFY(QDir(m_folder->path()).mkpath("masks"));
        QVERIFY(QFile::link(secret.fileName(), m_folder->filePath("masks/a.png")));
        write("classes.txt", "cat\n");
        QVERIFY2(refusal().contains("\"masks/a.png\" leaves the set's folder"),
                 qPrintable(refusal()));
    }

    void badClassesAreRefused_data()
    {
        QTest::addColumn<QByteArray>("classes");
        QTest::addColumn<QString>("said");
        QTest::newRow("no json") << QByteArray("{") << "is not JSON with a list of classes";
        QTest::newRow("empty") << QByteArray("[]") << "names no class";
        QTest::newRow("no label") << QByteArray(R"(["cat", {"index": 1}])")
                                  << "entry 2 is neither a label nor";
        QTest::newRow("text for an index")
            << QByteArray(R"([{"index": "1", "label": "cat"}])") << "entry 1 is neither";
        QTest::newRow("blank") << QByteArray(R"(["cat", " , "])") << "class 1 has no name";
        QTest::newRow("twice")
            << QByteArray(R"([{"index": 1, "label": "cat"}, {"index": 1, "label": "dog"}])")
            << "the index 1 is given to \"cat\" and to \"dog\"";
        QTest::newRow("too high") << QByteArray(R"([{"index": 65536, "label": "cat"}])")
                                  << "the index 65536 of \"cat\" is outside";
        QTest::newRow("ignored") << QByteArray(R"({"ignore": 0, "classes": ["cat"]})")
                                 << "\"cat\" has the index that is ignored, 0";
        QTest::newRow("ignore is no number")
            << QByteArray(R"({"ignore": "no", "classes": ["cat"]})")
            << "\"ignore\" has to be from 0 to 65535";
    }

    void badClassesAreRefused()
    {
        QFETCH(QByteArray, classes);
        QFETCH(QString, said);
        write("images/a.jpg");
        write("masks/a.png");
        write("classes.json", classes);
        QVERIFY2(refusal().startsWith("classes.json: " + said), qPrintable(refusal()));
    }

    void foldersThatHoldNoSetAreRefused()
    {
        QVERIFY(
            messageOf([this] { (void)set(); }).contains("neither classes.json nor classes.txt"));
        QVERIFY(messageOf([] { (void)readSegmentationSet("/nowhere"); }).contains("is no folder"));
        write("classes.txt", "cat\n");
        QVERIFY(messageOf([this] { (void)set(); }).contains("looked for index.jsonl"));
    }

    void sharedSetsAreRead()
    {
        const fs::path shared = TAGALIGN_SHARED_DATA;
        if (!fs::exists(shared / "segmentation/index.jsonl")) {
            QSKIP("the shared photos are not there");
        }
        const SegmentationSet photos = readSegmentationSet(shared / "segmentation");
        QCOMPARE(photos.images.size(), std::size_t(70));
        QCOMPARE(photos.classes.size(), std::size_t(133));
        QVERIFY(photos.problems.empty());
        const SegmentationSet defects = readSegmentationSet(shared / "defects");
        QCOMPARE(defects.images.size(), std::size_t(80));
        QCOMPARE(defects.problems.size(), std::size_t(40)); // the boards have boxes, no masks
        QCOMPARE(QString::fromStdString(defects.classes[1].label), QString("defect"));
    }
};

QTEST_APPLESS_MAIN(TestSegmentationSet)
#include "tst_segmentation_set.moc"
