#include "model/Error.h"
#include "model/dataset/DatasetReader.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <filesystem>

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
    void splitsAreRead();
    void sidecarTextsAreRead();
    void bareFolderHasNoCaptions();
    void pathsOutsideTheFolderAreRefused();
    void sidecarLinksStayInTheFolder();
    void listLinksStayInTheFolder();
    void overlongSidecarIsNoCaption();
    void badLinksAreListed();
    void projectsInTheFolderAreNoData();
    void brokenListInAFolderIsTold();
    void brokenListAloneIsTold();
    void allListsOfAFormAreRead();
    void foreignListsAreOneProblemEach();
    void cocoAsPublished();
    void cocoListApartByNameSaysWhatToDo();
    void flickrAsPublished();
    void kaggleCaptionsAreRead();
    void namesAreFoundOnceOrNotAtAll();
    void listsAmongPicturesMeanThose();
    void unreadableSourcesSayWhy_data();
    void unreadableSourcesSayWhy();
    void stopIsObeyed();
    void realPairsAreAllRead();

private:
    void write(const QString& name, const QByteArray& content);
    [[nodiscard]] Dataset read(const QString& name = {}) const;

    std::unique_ptr<QTemporaryDir> m_folder;
};

namespace {

QString problemsOf(const Dataset& dataset)
{
    QStringList lines;
    for (const auto& problem : dataset.problems) {
        lines.append(QString::fromStdString(problem.where + ": " + problem.message));
    }
    return lines.join('\n');
}

bool isTold(const Dataset& dataset, const std::string& where, const std::string& words)
{
    return std::any_of(dataset.problems.begin(), dataset.problems.end(), [&](const auto& problem) {
        return problem.where == where && problem.message.find(words) != std::string::npos;
    });
}

} // namespace

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
    write("a.jpg", "x");
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
    for (const dataset::PairRecord& record : found.records) {
        QCOMPARE(record.split, record.captions[0] == "one" ? dataset::GivenSplit::Train
                                                           : dataset::GivenSplit::Test);
    }
}

void TestDatasetReader::splitsAreRead()
{
    write("captions.jsonl", "{\"file_name\": \"a.jpg\", \"split\": \"Test\"}\n"
                            "{\"file_name\": \"b.jpg\", \"split\": \"val\"}\n"
                            "{\"file_name\": \"c.jpg\", \"split\": 3}\n"
                            "{\"file_name\": \"d.jpg\", \"split\": \"holdout\"}\n"
                            "{\"file_name\": \"b.jpg\", \"split\": \"train\"}\n");
    const Dataset found = read();
    QCOMPARE(found.records.size(), std::size_t(4));
    QCOMPARE(found.records[0].split, dataset::GivenSplit::Test);
    QCOMPARE(found.records[1].split, dataset::GivenSplit::Validation); // the stricter of two
    QCOMPARE(found.records[2].split, dataset::GivenSplit::None);
    QCOMPARE(found.records[3].split, dataset::GivenSplit::None);
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
    QVERIFY2(isTold(found, "link", "link to a folder"), qPrintable(problemsOf(found)));
    for (int line = 1; line <= 4; ++line) {
        const std::string where = "captions.jsonl, line " + std::to_string(line);
        QVERIFY2(isTold(found, where, "leaves"), qPrintable(problemsOf(found)));
    }
}

void TestDatasetReader::sidecarLinksStayInTheFolder()
{
    const QTemporaryDir elsewhere;
    QFile secret(elsewhere.filePath("id_rsa"));
    QVERIFY(secret.open(QIODevice::WriteOnly) && secret.write("secret") == 6);
    secret.close();
    write("a.png", "x");
    write("b.png", "x");
    write("words", "inside");
    QVERIFY(QFile::link(secret.fileName(), m_folder->filePath("a.txt")));
    QVERIFY(QFile::link(m_folder->filePath("words"), m_folder->filePath("b.txt")));
    QVERIFY(QFile::link("/etc/hostname", m_folder->filePath("c.png")));
    const Dataset found = read();
    QCOMPARE(found.records.size(), std::size_t(2));
    QVERIFY(found.records[0].captions.empty());
    QCOMPARE(found.records[1].captions, std::vector<std::string>({"inside"}));
    QVERIFY2(isTold(found, "a.txt", "leaves"), qPrintable(problemsOf(found)));
    QVERIFY2(isTold(found, "c.png", "leaves"), qPrintable(problemsOf(found)));
}

void TestDatasetReader::listLinksStayInTheFolder()
{
    const QTemporaryDir elsewhere;
    QFile list(elsewhere.filePath("list.csv"));
    QVERIFY(list.open(QIODevice::WriteOnly) && list.write("file,caption\na.png,secret\n") > 0);
    list.close();
    write("a.png", "x");
    QVERIFY(QFile::link(list.fileName(), m_folder->filePath("list.csv")));
    const Dataset found = read();
    QCOMPARE(found.format, std::string("image folder"));
    QVERIFY2(isTold(found, "list.csv", "leaves"), qPrintable(problemsOf(found)));
    // Named by the user, it is read, and speaks of the pictures beside the link.
    const Dataset named = read("list.csv");
    QCOMPARE(named.records.at(0).captions.at(0), std::string("secret"));
    QVERIFY(std::filesystem::exists(named.records.at(0).file));
}

void TestDatasetReader::overlongSidecarIsNoCaption()
{
    write("a.png", "x");
    write("a.txt", QByteArray(1 << 20, 'x'));
    write("b.png", "x");
    write("b.txt", QByteArray((1 << 20) + 1, 'x'));
    const Dataset found = read();
    QCOMPARE(found.records[0].captions.size(), std::size_t(1));
    QVERIFY(found.records[1].captions.empty());
    QVERIFY2(isTold(found, "b.txt", "1 MiB"), qPrintable(problemsOf(found)));
}

void TestDatasetReader::badLinksAreListed()
{
    write("z/a.png", "x");
    QVERIFY(QFile::link(m_folder->filePath("loop.png"), m_folder->filePath("loop.png")));
    QVERIFY(QFile::link("nowhere.png", m_folder->filePath("z/dangling.png")));
    QVERIFY(QFile::link(m_folder->path(), m_folder->filePath("z/up")));
    const Dataset found = read();
    QCOMPARE(found.records.size(), std::size_t(1));
    QCOMPARE(found.problems.size(), std::size_t(3));
    QVERIFY2(isTold(found, "loop.png", "leads to no file"), qPrintable(problemsOf(found)));
    QVERIFY2(isTold(found, "z/dangling.png", "leads to no file"), qPrintable(problemsOf(found)));
    QVERIFY2(isTold(found, "z/up", "link to a folder"), qPrintable(problemsOf(found)));
}

void TestDatasetReader::projectsInTheFolderAreNoData()
{
    write("a.png", "x");
    write("pilot.tagalign/thumbnails/ab/abcd.jpg", "x");
    write("pilot.tagalign/notes.csv", "file,caption\na.png,one\n");
    const Dataset found = read();
    QCOMPARE(found.format, std::string("image folder"));
    QCOMPARE(found.records.size(), std::size_t(1));
}

void TestDatasetReader::brokenListInAFolderIsTold()
{
    write("a.png", "x");
    write("captions.csv", "file,caption\na.png,\"open\n");
    write("coco.json", "{\"images\": [], \"annotations\": [{\"caption\": ");
    const Dataset found = read();
    QCOMPARE(found.format, std::string("image folder"));
    QCOMPARE(found.records.size(), std::size_t(1));
    QVERIFY2(isTold(found, "captions.csv", "never closed"), qPrintable(problemsOf(found)));
    QVERIFY2(isTold(found, "coco.json", "not a COCO file"), qPrintable(problemsOf(found)));
}

void TestDatasetReader::brokenListAloneIsTold()
{
    write("captions.csv", "file,caption\na.png,\"open\n");
    QString message;
    try {
        (void)read();
    } catch (const FormatError& error) {
        message = error.what();
    }
    QVERIFY2(message.contains("captions.csv") && message.contains("never closed"),
             qPrintable(message));
}

void TestDatasetReader::allListsOfAFormAreRead()
{
    write("train.csv", "file,caption\na.png,one\n");
    write("val.csv", "file,caption\nb.png,two\nc.png,\"open\n");
    write("sizes.csv", "width,height\n1,2\n");
    const Dataset found = read();
    QCOMPARE(found.format, std::string("CSV"));
    QCOMPARE(found.records.size(), std::size_t(2));
    QCOMPARE(found.records[1].captions.at(0), std::string("two"));
    QVERIFY2(isTold(found, "val.csv", "never closed"), qPrintable(problemsOf(found)));
    QVERIFY2(isTold(found, "sizes.csv", "names no column"), qPrintable(problemsOf(found)));
}

void TestDatasetReader::foreignListsAreOneProblemEach()
{
    write("a.png", "x");
    write("log.jsonl", QByteArray("{\"time\": 1}\n").repeated(1000));
    write("files.csv", "file,width\na.png,3\n"); // pictures, but no word about them
    write("words/list.tsv", "file\tcaption\na.png\tone\n");
    const Dataset found = read();
    QCOMPARE(found.format, std::string("TSV"));
    QCOMPARE(found.problems.size(), std::size_t(1));
    QVERIFY2(isTold(found, "log.jsonl", "none of its 1000 entries"), qPrintable(problemsOf(found)));
    QVERIFY(std::filesystem::exists(found.records.at(0).file));
}

void TestDatasetReader::cocoAsPublished()
{
    write("annotations/captions_val2017.json",
          R"({"images": [{"id": 7, "file_name": "0007.jpg"}],
              "annotations": [{"image_id": 7, "caption": "seven"}]})");
    write("annotations/captions_train2017.json",
          R"({"images": [{"id": 8, "file_name": "0008.jpg"}],
              "annotations": [{"image_id": 8, "caption": "eight"}]})");
    write("annotations/instances_val2017.json",
          R"({"images": [{"id": 7, "file_name": "0007.jpg"}],
              "annotations": [{"image_id": 7, "bbox": [0, 0, 1, 1]}]})");
    write("train2017/0008.jpg", "x");
    write("val2017/0007.jpg", "x");
    const Dataset found = read();
    QCOMPARE(found.format, std::string("COCO captions"));
    QCOMPARE(found.records.size(), std::size_t(2));
    QVERIFY2(found.problems.empty(), qPrintable(problemsOf(found)));
    for (const auto& record : found.records) {
        QVERIFY2(std::filesystem::exists(record.file), record.file.c_str());
        QCOMPARE(record.captions.size(), std::size_t(1));
    }
}

void TestDatasetReader::cocoListApartByNameSaysWhatToDo()
{
    write("annotations/captions.json", R"({"images": [{"id": 7, "file_name": "0007.jpg"}],
              "annotations": [{"image_id": 7, "caption": "seven"}]})");
    write("val2017/0007.jpg", "x");
    const Dataset found = read("annotations/captions.json");
    QVERIFY2(isTold(found, "captions.json", "the folder that holds both"),
             qPrintable(problemsOf(found)));
}

void TestDatasetReader::flickrAsPublished()
{
    write("Flickr8k_text/Flickr8k.token.txt", "a.jpg#0\tThe dogs ran\na.jpg#1\ttwo\n");
    write("Flickr8k_text/Flickr8k.lemma.token.txt", "a.jpg#0\tthe dog run\n");
    write("Flickr8k_text/Flickr_8k.trainImages.txt", "a.jpg\n");
    write("Flicker8k_Dataset/a.jpg", "x");
    const Dataset found = read();
    QCOMPARE(found.format, std::string("Flickr captions"));
    QCOMPARE(found.records.size(), std::size_t(1));
    QCOMPARE(found.records[0].captions, std::vector<std::string>({"The dogs ran", "two"}));
    QVERIFY(std::filesystem::exists(found.records[0].file));
}

void TestDatasetReader::kaggleCaptionsAreRead()
{
    write("captions.txt", "image,caption\na.jpg,\"A dog , and a cat\"\na.jpg,two\n");
    write("Images/a.jpg", "x");
    for (const QString& name : {QString(), QString("captions.txt")}) {
        const Dataset found = read(name);
        QCOMPARE(found.format, std::string("CSV"));
        QCOMPARE(found.records.size(), std::size_t(1));
        QCOMPARE(found.records[0].captions, std::vector<std::string>({"A dog , and a cat", "two"}));
        QVERIFY(std::filesystem::exists(found.records[0].file));
    }
}

void TestDatasetReader::namesAreFoundOnceOrNotAtAll()
{
    const QTemporaryDir elsewhere;
    QFile outside(elsewhere.filePath("out.jpg"));
    QVERIFY(outside.open(QIODevice::WriteOnly));
    write("x/twice.jpg", "x");
    write("y/twice.jpg", "x");
    write("x/deep/in.jpg", "x");
    QVERIFY(QFile::link(outside.fileName(), m_folder->filePath("x/out.jpg")));
    write("captions.jsonl", "{\"file_name\": \"twice.jpg\", \"caption\": \"1\"}\n"
                            "{\"file_name\": \"y/twice.jpg\", \"caption\": \"2\"}\n"
                            "{\"file_name\": \"deep/in.jpg\", \"caption\": \"3\"}\n"
                            "{\"file_name\": \"eep/in.jpg\", \"caption\": \"4\"}\n"
                            "{\"file_name\": \"out.jpg\", \"caption\": \"5\"}\n"
                            "{\"file_name\": \"../../x/deep/in.jpg\", \"caption\": \"6\"}\n");
    const Dataset found = read();
    QVERIFY2(isTold(found, "captions.jsonl, line 1", "x/twice.jpg or y/twice.jpg"),
             qPrintable(problemsOf(found)));
    QVERIFY2(isTold(found, "captions.jsonl, line 5", "leaves"), qPrintable(problemsOf(found)));
    QVERIFY2(isTold(found, "captions.jsonl, line 6", "leaves"), qPrintable(problemsOf(found)));
    QCOMPARE(found.records.size(), std::size_t(3));
    QVERIFY(std::filesystem::exists(found.records[0].file));
    QVERIFY(std::filesystem::exists(found.records[1].file));
    QVERIFY(!std::filesystem::exists(found.records[2].file)); // half a name is no name
}

void TestDatasetReader::listsAmongPicturesMeanThose()
{
    // "2.jpg" of train is missing; the one of val has another caption.
    write("train/captions.csv", "file,caption\n1.jpg,one\n2.jpg,two\n");
    write("train/1.jpg", "x");
    write("val/captions.csv", "file,caption\n2.jpg,another two\n");
    write("val/2.jpg", "x");
    const Dataset found = read();
    QCOMPARE(found.records.size(), std::size_t(3));
    QVERIFY(!std::filesystem::exists(found.records[1].file));
    QCOMPARE(found.records[2].captions, std::vector<std::string>({"another two"}));
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
    QTest::newRow("cut captions") << "a.json" << QByteArray("{\"images\": [{\"caption\": ")
                                  << "not a COCO file";
    QTest::newRow("outlines") << "a.json"
                              << QByteArray(R"({"images": [], "annotations": [{"bbox": [1]}]})")
                              << "not a COCO file of captions";
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
