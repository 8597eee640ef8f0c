#include "model/Error.h"
#include "model/dataset/DatasetReader.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace tagalign::model;
using dataset::Dataset;

/// Each format as others write it, and as nobody should.
class TestDatasetReader : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void jsonLinesListBadLinesAndGoOn();
    void commaSeparatedValuesFollowTheStandard();
    void tabSeparatedValuesAreRead();
    void cocoCaptionsAreJoinedByImage();
    void flickrTokensAreRead();
    void imagefolderPrefixesItsFolders();
    void sidecarTextsAreRead();
    void bareFolderHasNoCaptions();
    void pathsOutsideTheFolderAreRefused();
    void unreadableSourcesSayWhy_data();
    void unreadableSourcesSayWhy();
    void stopIsObeyed();
    void realPairsAreAllRead();

private:
    void write(const QString& name, const QByteArray& content);
    [[nodiscard]] Dataset read(const QString& name = {}) const;

    std::unique_ptr<QTemporaryDir> m_folder;
};

void TestDatasetReader::write(const QString& name, const QByteArray& content)
{
    const QString path = m_folder->filePath(name);
    QVERIFY(QDir().mkpath(QFileInfo(path).path()));
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    QCOMPARE(file.write(content), content.size());
}

Dataset TestDatasetReader::read(const QString& name) const
{
    return dataset::readDataset(m_folder->filePath(name).toStdString(), {});
}

void TestDatasetReader::jsonLinesListBadLinesAndGoOn()
{
    write("captions.jsonl", "\xEF\xBB\xBF{\"file_name\": \"a.jpg\", \"caption\": \" one \"}\r\n"
                            "not json\n\n[1]\n{\"caption\": \"no file\"}\n"
                            "{\"file_name\": \"b.jpg\", \"captions\": [\"two\", 3, \"three\"]}\n"
                            "{\"file_name\": \"a.jpg\", \"text\": \"more \xFF\"}\n");
    const Dataset found = read();
    QCOMPARE(found.format, std::string("JSONL"));
    QCOMPARE(found.records.size(), std::size_t(2));
    QCOMPARE(found.records[0].captions, std::vector<std::string>({"one", "more \xEF\xBF\xBD"}));
    QCOMPARE(found.records[1].captions, std::vector<std::string>({"two", "three"}));
    QCOMPARE(found.problems.size(), std::size_t(3));
    QCOMPARE(found.problems[0].where, std::string("captions.jsonl, line 2"));
}

void TestDatasetReader::commaSeparatedValuesFollowTheStandard()
{
    write("list.csv",
          "Caption,Filename\r\n\"a \"\"big\"\", red\nball\",a.jpg\r\nplain,b.jpg\nshort\n");
    const Dataset found = read("list.csv");
    QCOMPARE(found.format, std::string("CSV"));
    QCOMPARE(found.records.size(), std::size_t(2));
    QCOMPARE(found.records[0].captions.at(0), std::string("a \"big\", red\nball"));
    QCOMPARE(found.records[1].file.filename().string(), std::string("b.jpg"));
    QCOMPARE(found.problems.size(), std::size_t(1));
    QCOMPARE(found.problems[0].where, std::string("list.csv, line 5"));
}

void TestDatasetReader::tabSeparatedValuesAreRead()
{
    write("list.tsv", "filepath\ttitle\nx/a.jpg\tan apple, red\n");
    const Dataset found = read();
    QCOMPARE(found.format, std::string("TSV"));
    QCOMPARE(found.records.at(0).captions.at(0), std::string("an apple, red"));
}

void TestDatasetReader::cocoCaptionsAreJoinedByImage()
{
    write("coco.json", R"({"images": [{"id": 7, "file_name": "a.jpg"}, {"id": 8}],
        "annotations": [{"image_id": 7, "caption": "one"}, {"image_id": 7, "caption": "two"},
                        {"image_id": 9, "caption": "none"}, {"image_id": 7}]})");
    const Dataset found = read();
    QCOMPARE(found.format, std::string("COCO captions"));
    QCOMPARE(found.records.size(), std::size_t(1));
    QCOMPARE(found.records[0].captions.size(), std::size_t(2));
    QCOMPARE(found.problems.size(), std::size_t(3));
}

void TestDatasetReader::flickrTokensAreRead()
{
    write("Flickr8k.token.txt", "a.jpg#0\tone\na.jpg#1\ttwo\nbad line\n");
    const Dataset found = read();
    QCOMPARE(found.format, std::string("Flickr captions"));
    QCOMPARE(found.records.at(0).captions.size(), std::size_t(2));
    QCOMPARE(found.problems.size(), std::size_t(1));
}

void TestDatasetReader::imagefolderPrefixesItsFolders()
{
    write("train/metadata.jsonl", "{\"file_name\": \"a.jpg\", \"text\": \"one\"}\n");
    write("test/metadata.jsonl", "{\"file_name\": \"a.jpg\", \"text\": \"two\"}\n");
    const Dataset found = read();
    QCOMPARE(found.format, std::string("Hugging Face imagefolder"));
    QCOMPARE(found.records.size(), std::size_t(2));
    QVERIFY(found.records[0].file != found.records[1].file);
}

void TestDatasetReader::sidecarTextsAreRead()
{
    write("b/1.JPG", "x");
    write("b/1.txt", "a red cup\n");
    write("a.png", "x");
    const Dataset found = read();
    QCOMPARE(found.format, std::string("sidecar text"));
    QCOMPARE(found.records.size(), std::size_t(2));
    QCOMPARE(found.records[1].captions, std::vector<std::string>({"a red cup"}));
}

void TestDatasetReader::bareFolderHasNoCaptions()
{
    write("a.png", "x");
    write("notes.md", "x");
    const Dataset found = read();
    QCOMPARE(found.format, std::string("image folder"));
    QCOMPARE(found.records.size(), std::size_t(1));
    QVERIFY(found.records[0].captions.empty());
}

void TestDatasetReader::pathsOutsideTheFolderAreRefused()
{
    QVERIFY(QFile::link("/etc", m_folder->filePath("link")));
    write("captions.jsonl", "{\"file_name\": \"../up.jpg\", \"caption\": \"x\"}\n"
                            "{\"file_name\": \"/etc/passwd\", \"caption\": \"x\"}\n"
                            "{\"file_name\": \"link/passwd\", \"caption\": \"x\"}\n"
                            "{\"file_name\": \"..\\\\up.jpg\", \"caption\": \"x\"}\n"
                            "{\"file_name\": \"in/../ok.jpg\", \"caption\": \"x\"}\n");
    const Dataset found = read();
    QCOMPARE(found.records.size(), std::size_t(1));
    QCOMPARE(found.records[0].file.filename().string(), std::string("ok.jpg"));
    QCOMPARE(found.problems.size(), std::size_t(4));
    QVERIFY(QString::fromStdString(found.problems[0].message).contains("leaves"));
}

void TestDatasetReader::unreadableSourcesSayWhy_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<QString>("reason");
    QTest::newRow("nothing there") << "none" << QByteArray() << "does not exist";
    QTest::newRow("empty folder") << "" << QByteArray() << "neither pictures nor";
    QTest::newRow("unknown kind") << "a.xyz" << QByteArray("x") << "does not read";
    QTest::newRow("no header") << "a.csv" << QByteArray("1,2\n") << "names no column";
    QTest::newRow("open quote") << "a.csv" << QByteArray("file,caption\na,\"b\n") << "never closed";
    QTest::newRow("no COCO") << "a.json" << QByteArray("{}") << "not a COCO file";
    QTest::newRow("cut JSON") << "a.json" << QByteArray("{\"images\": [") << "not a COCO file";
}

void TestDatasetReader::unreadableSourcesSayWhy()
{
    QFETCH(QString, name);
    QFETCH(QByteArray, content);
    QFETCH(QString, reason);
    if (!content.isEmpty()) {
        write(name, content);
    }
    QString message;
    try {
        (void)read(name);
    } catch (const Error& error) {
        message = error.what();
    }
    QVERIFY2(message.contains(reason), qPrintable(message));
}

void TestDatasetReader::stopIsObeyed()
{
    QByteArray lines;
    for (int i = 0; i < 2000; ++i) {
        lines += "{\"file_name\": \"" + QByteArray::number(i) + ".jpg\", \"caption\": \"x\"}\n";
    }
    write("captions.jsonl", lines);
    const auto stop = [](const Progress&) { return Next::Stop; };
    QVERIFY_EXCEPTION_THROWN((void)dataset::readDataset(m_folder->path().toStdString(), stop),
                             Cancelled);
}

void TestDatasetReader::realPairsAreAllRead()
{
    if (!QFile::exists(TAGALIGN_SHARED_DATA "/pairs")) {
        QSKIP("needs pairs in ../shared/data");
    }
    const Dataset found = dataset::readDataset(TAGALIGN_SHARED_DATA "/pairs", {});
    QCOMPARE(found.records.size(), std::size_t(518));
    QCOMPARE(found.problems.size(), std::size_t(0));
    std::size_t captions = 0;
    for (const auto& record : found.records) {
        captions += record.captions.size();
    }
    QCOMPARE(captions, std::size_t(518 * 5));
}

QTEST_GUILESS_MAIN(TestDatasetReader)
#include "tst_dataset_reader.moc"
