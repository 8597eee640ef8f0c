#include "model/Error.h"
#include "model/dataset/DatasetReader.h"

#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <cstdio>

using namespace tagalign::model;
using dataset::Dataset;

namespace {

/// One header and its content as POSIX ustar lays them out; types: '0' file, '2' link, '3' device.
QByteArray entry(const QByteArray& name, const QByteArray& content, char type = '0',
                 const QByteArray& target = {})
{
    QByteArray header(512, '\0');
    const auto put = [&header](int offset, const QByteArray& text) {
        header.replace(offset, text.size(), text);
    };
    put(0, name);
    put(100, "0000644");
    put(124, QByteArray::number(content.size(), 8).rightJustified(11, '0'));
    put(136, "00000000000");
    put(148, "        ");
    header[156] = type;
    put(157, target);
    put(257, QByteArray("ustar\0"
                        "00",
                        8));
    int sum = 0;
    for (const char byte : header) {
        sum += static_cast<unsigned char>(byte);
    }
    put(148, QByteArray::number(sum, 8).rightJustified(6, '0') + QByteArray("\0 ", 2));
    const auto padding = (512 - content.size() % 512) % 512;
    return header + content + QByteArray(padding, '\0');
}

const QByteArray kEnd(1024, '\0');

QByteArray bytesOf(const std::filesystem::path& path)
{
    QFile file(QString::fromStdString(path.string()));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

bool isTold(const Dataset& dataset, const std::string& words)
{
    return std::any_of(dataset.problems.begin(), dataset.problems.end(), [&](const auto& problem) {
        return (problem.where + " " + problem.message).find(words) != std::string::npos;
    });
}

} // namespace

/// WebDataset shards as others write them, and as an attacker would.
class TestTarShards : public QObject
{
    Q_OBJECT

private:
    std::unique_ptr<QTemporaryDir> m_folder;

    void write(const QString& name, const QByteArray& content) const
    {
        const QString path = m_folder->filePath(name);
        QVERIFY(QDir().mkpath(QFileInfo(path).path()));
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly));
        QCOMPARE(file.write(content), content.size());
    }

    [[nodiscard]] std::filesystem::path extraction() const
    {
        return m_folder->filePath("project/images").toStdString();
    }

    [[nodiscard]] Dataset read(const QString& name) const
    {
        return dataset::readDataset(m_folder->filePath(name).toStdString(), {}, extraction());
    }

    [[nodiscard]] QStringList filesIn(const QString& name) const
    {
        QStringList files;
        QDirIterator all(m_folder->filePath(name),
                         QDir::Files | QDir::Hidden | QDir::System | QDir::NoDotAndDotDot,
                         QDirIterator::Subdirectories);
        while (all.hasNext()) {
            files.append(QDir(m_folder->filePath(name)).relativeFilePath(all.next()));
        }
        files.sort();
        return files;
    }

private Q_SLOTS:

    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void picturesComeOutWithTheirCaptions()
    {
        write("data/00000.tar", entry("./", {}, '5') + entry("./0001.jpg", "one") +
                                    entry("./0001.txt", " a red cup\n") +
                                    entry("0002.json", R"({"caption": "two", "width": 3})") +
                                    entry("0002.webp", "twotwo") + entry("0003.PNG", "three") +
                                    entry("0003.cls", "7") + entry("0004.txt", "no picture") +
                                    entry("0001.json", R"({"caption": "the text comes first"})") +
                                    kEnd);
        const Dataset found = read("data/00000.tar");
        QCOMPARE(found.format, std::string("WebDataset"));
        QCOMPARE(found.records.size(), std::size_t(3));
        QCOMPARE(found.records[0].captions, std::vector<std::string>({"a red cup"}));
        QCOMPARE(found.records[1].captions, std::vector<std::string>({"two"}));
        QVERIFY(found.records[2].captions.empty());
        QCOMPARE(found.records[0].where, std::string("00000.tar, 0001"));
        QCOMPARE(bytesOf(found.records[1].file), QByteArray("twotwo"));
        QCOMPARE(filesIn("project/images"),
                 QStringList({"00000/0001.jpg", "00000/0002.webp", "00000/0003.PNG"}));
        QCOMPARE(found.problems.size(), std::size_t(1));
        QVERIFY(isTold(found, "1 captions have no picture"));
        QCOMPARE(filesIn("data"), QStringList({"00000.tar"})); // nothing beside the user's file
    }

    void folderOfShardsIsRead()
    {
        write("data/a.tar", entry("1.jpg", "one") + entry("1.txt", "first") + kEnd);
        write("data/b.tar", entry("1.jpg", "two") + entry("1.txt", "second") + kEnd);
        write("data/c.tar", "garbage");
        const Dataset found = read("data");
        QCOMPARE(found.records.size(), std::size_t(2));
        QCOMPARE(found.records[1].captions, std::vector<std::string>({"second"}));
        QVERIFY(isTold(found, "c.tar is not a tar file"));
    }

    void hostileEntriesAreRefusedOneByOne()
    {
        const QString absolute = m_folder->filePath("absolute.jpg");
        write("data/evil.tar", entry("../up.jpg", "x") + entry("a/../../../up.jpg", "x") +
                                   entry(absolute.toUtf8(), "x") + entry("..\\up.jpg", "x") +
                                   entry("link.jpg", {}, '2', "/etc/hostname") +
                                   entry("hard.jpg", {}, '1', "/etc/hostname") +
                                   entry("device.jpg", {}, '3') + entry("pipe.jpg", {}, '6') +
                                   entry("folder", {}, '2', "/tmp") + entry("folder/in.jpg", "x") +
                                   entry("a/../ok.jpg", "fine") + kEnd);
        const Dataset found = read("data/evil.tar");
        QCOMPARE(found.records.size(), std::size_t(2));
        QCOMPARE(filesIn("project/images"), QStringList({"evil/folder/in.jpg", "evil/ok.jpg"}));
        QCOMPARE(found.problems.size(), std::size_t(9));
        QVERIFY(isTold(found, "\"../up.jpg\" leaves"));
        QVERIFY(isTold(found, "absolute.jpg\" leaves"));
        QVERIFY(isTold(found, "\"link.jpg\" is a link"));
        QVERIFY(isTold(found, "\"device.jpg\" is a link, a device"));
        QVERIFY(!QFile::exists(absolute));
        QVERIFY(!QFile::exists(m_folder->filePath("project/up.jpg")));
    }

    void shardCannotBeCalledItsParent()
    {
        write("data/...tar", entry("1.jpg", "one") + kEnd);
        QCOMPARE(read("data/...tar").records.size(), std::size_t(1));
        QCOMPARE(filesIn("project/images"), QStringList({"shard/1.jpg"}));
    }

    void truncatedShardKeepsWhatCameBefore()
    {
        const QByteArray whole = entry("1.jpg", "one") + entry("1.txt", "first") +
                                 entry("2.txt", "second") + entry("2.jpg", QByteArray(9000, 'x'));
        write("data/cut.tar", whole.left(whole.size() - 4000));
        const Dataset found = read("data/cut.tar");
        QCOMPARE(found.records.size(), std::size_t(1));
        QVERIFY(isTold(found, "cut.tar is truncated or damaged after 3 entries"));
        QCOMPARE(filesIn("project/images"), QStringList({"cut/1.jpg"}));
    }

    void nothingUnpackedBeforeIsReplaced()
    {
        write("one/s.tar", entry("1.jpg", "one") + entry("2.jpg", "same") + kEnd);
        write("two/s.tar", entry("1.jpg", "two") + entry("2.jpg", "same") + kEnd);
        const Dataset first = read("one/s.tar");
        const Dataset second = read("two/s.tar");
        QCOMPARE(bytesOf(first.records.at(0).file), QByteArray("one"));
        QCOMPARE(bytesOf(second.records.at(0).file), QByteArray("two"));
        QVERIFY(first.records.at(1).file == second.records.at(1).file);
        (void)read("one/s.tar"); // importing again adds nothing
        (void)read("two/s.tar");
        QCOMPARE(filesIn("project/images"), QStringList({"s/1-2.jpg", "s/1.jpg", "s/2.jpg"}));
    }

    void shardsNeedAProject()
    {
        write("data/a.tar", entry("1.jpg", "one") + kEnd);
        try {
            (void)dataset::readDataset(m_folder->filePath("data").toStdString(), {});
            QFAIL("unpacked without a place");
        } catch (const FormatError& error) {
            QVERIFY(QString(error.what()).contains("unpacked into a project"));
        }
        QCOMPARE(filesIn("data"), QStringList({"a.tar"}));
    }

    void picturesComeBeforeShards()
    {
        write("data/backup.tar", entry("1.jpg", "one") + kEnd);
        write("data/2.jpg", "two");
        const Dataset found = read("data");
        QCOMPARE(found.format, std::string("image folder"));
        QVERIFY(isTold(found, "backup.tar is a shard"));
    }

    void damagedShardsSayWhy_data()
    {
        QTest::addColumn<QByteArray>("content");
        QTest::newRow("empty") << QByteArray();
        QTest::newRow("text") << QByteArray("not a tar file at all");
        QTest::newRow("cut header") << entry("1.jpg", "one").left(300);
    }

    void damagedShardsSayWhy()
    {
        QFETCH(QByteArray, content);
        write("a.tar", content);
        try {
            (void)read("a.tar");
            QFAIL("read");
        } catch (const FormatError& error) {
            QVERIFY2(QString(error.what()).contains("a.tar: is not a tar file"), error.what());
        }
    }

    void stopIsObeyedAndLeavesNoHalfFile()
    {
        write("a.tar", entry("1.jpg", "one") + entry("2.jpg", QByteArray(9000, 'x')) + kEnd);
        const auto stop = [](const Progress& progress) {
            return progress.done > 0 ? Next::Stop : Next::Continue;
        };
        QVERIFY_EXCEPTION_THROWN((void)dataset::readDataset(
                                     m_folder->filePath("a.tar").toStdString(), stop, extraction()),
                                 Cancelled);
        QCOMPARE(filesIn("project/images"), QStringList({"a/1.jpg"}));
    }
};

QTEST_GUILESS_MAIN(TestTarShards)
#include "tst_tar_shards.moc"
