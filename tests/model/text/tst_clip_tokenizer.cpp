#include "model/Error.h"
#include "model/text/ClipTokenizer.h"

#include <nlohmann/json.hpp>
#include <zlib.h>

#include <QElapsedTimer>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sys/resource.h>

using tagalign::model::text::ClipTokenizer;
namespace model = tagalign::model;

/// The tokenizer against ids that OpenCLIP gave (tests/golden/tokenizer.py).
class TestClipTokenizer : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void oddTextsGiveTheIdsOfOpenClip_data();
    void oddTextsGiveTheIdsOfOpenClip();
    void captionsGiveTheIdsOfOpenClip();
    void contextIsFilledAndCut();
    void smallVocabularyRoundTrips();
    void malformedVocabulariesAreRefused_data();
    void malformedVocabulariesAreRefused();
    void fullDiskIsTold();
    void folderWithoutVocabularyGetsOpenAis();

private:
    const ClipTokenizer m_tokenizer = ClipTokenizer::openAi();
};

namespace {

QByteArray golden(const char* name)
{
    QFile file(QStringLiteral(TAGALIGN_SOURCE_DIR "/tests/data/text/") + QLatin1String(name));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

using Path = std::filesystem::path;

QString messageOf(const std::function<void()>& action)
{
    try {
        action();
    } catch (const model::Error& error) {
        return QString::fromUtf8(error.what());
    }
    return {};
}

std::uint32_t hashOf(const std::vector<std::int64_t>& ids)
{
    std::uint32_t hash = 0x811C9DC5;
    for (const std::int64_t id : ids) {
        for (int shift = 0; shift < 32; shift += 8) {
            hash = (hash ^ (std::uint32_t(id >> shift) & 0xFFU)) * 0x01000193U;
        }
    }
    return hash;
}

std::vector<std::string> captions(std::size_t count)
{
    std::vector<std::string> found;
    const gzFile file = gzopen(TAGALIGN_SHARED_DATA "/captions_only.jsonl.gz", "rb");
    std::vector<char> line(1 << 20);
    while (found.size() < count && gzgets(file, line.data(), int(line.size())) != nullptr) {
        const auto record = nlohmann::json::parse(line.data());
        for (const auto& caption : record["captions"]) {
            found.push_back(caption.get<std::string>());
        }
    }
    gzclose(file);
    found.resize(std::min(found.size(), count));
    return found;
}

} // namespace

void TestClipTokenizer::oddTextsGiveTheIdsOfOpenClip_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QList<qint64>>("ids");
    // A wider set can be compared by hand: tests/golden/tokenizer.py .. COUNT writes random.json.
    const QByteArray wider = golden("random.json");
    for (const QByteArray& content : {golden("odd.json"), wider.isEmpty() ? "[]" : wider}) {
        int number = 0;
        for (const auto& row : nlohmann::json::parse(content.toStdString())) {
            const auto text = row["text"].get<std::string>();
            const auto ids = row["ids"].get<std::vector<qint64>>();
            QTest::addRow("%d: %.40s", number++, text.c_str())
                << QByteArray(text.data(), qsizetype(text.size()))
                << QList<qint64>(ids.begin(), ids.end());
        }
    }
}

void TestClipTokenizer::oddTextsGiveTheIdsOfOpenClip()
{
    QFETCH(QByteArray, text);
    QFETCH(QList<qint64>, ids);
    const auto found = m_tokenizer.encode(std::string_view(text.data(), std::size_t(text.size())));
    QCOMPARE(QList<qint64>(found.begin(), found.end()), ids);
}

void TestClipTokenizer::captionsGiveTheIdsOfOpenClip()
{
    if (!QFile::exists(TAGALIGN_SHARED_DATA "/captions_only.jsonl.gz")) {
        QSKIP("needs captions_only.jsonl.gz in ../shared/data");
    }
    const QByteArray expected = golden("captions.bin");
    const auto texts = captions(10000);
    QCOMPARE(qsizetype(texts.size()) * 4, expected.size());
    QElapsedTimer timer;
    timer.start();
    std::size_t tokens = 0;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const auto ids = m_tokenizer.encode(texts[i]);
        tokens += ids.size();
        std::uint32_t hash = 0;
        std::memcpy(&hash, expected.data() + i * 4, 4);
        QVERIFY2(hashOf(ids) == hash, texts[i].c_str());
    }
    qInfo("%zu captions, %.0f captions/s, %.0f tokens/s", texts.size(),
          double(texts.size()) * 1e3 / double(timer.elapsed()),
          double(tokens) * 1e3 / double(timer.elapsed()));
}

void TestClipTokenizer::contextIsFilledAndCut()
{
    const auto tokens = m_tokenizer.tokenize("a cat", 77);
    QCOMPARE(tokens.size(), std::size_t(77));
    QCOMPARE(tokens[0], 49406);
    QCOMPARE(tokens[3], 49407);
    QCOMPARE(tokens[4], 0);
    const auto cut = m_tokenizer.tokenize(std::string(500, 'x') + " cat dog bird", 5);
    QCOMPARE(cut.size(), std::size_t(5));
    QCOMPARE(cut.back(), 49407);
    QCOMPARE(m_tokenizer.tokenize("", 2), std::vector<std::int64_t>({49406, 49407}));
    QVERIFY_EXCEPTION_THROWN(m_tokenizer.tokenize("a", 1), model::RangeError);
}

void TestClipTokenizer::smallVocabularyRoundTrips()
{
    const QTemporaryDir folder;
    const std::filesystem::path path = folder.path().toStdString();
    ClipTokenizer::writeVocabulary(path, 2000, 32);
    const ClipTokenizer small = ClipTokenizer::load(path);
    QCOMPARE(small.vocabularySize(), std::size_t(2514));
    QCOMPARE(small.endOfText(), 2513);
    // The first merges are the same, so a frequent word has the same id.
    QCOMPARE(small.encode("the cat"), m_tokenizer.encode("the cat"));
    QVERIFY(small.encode("photograph").size() > m_tokenizer.encode("photograph").size());
    QVERIFY_EXCEPTION_THROWN(ClipTokenizer::writeVocabulary(path, 50000, 32), model::RangeError);
    std::ifstream config(path / "tokenizer_config.json");
    QCOMPARE(nlohmann::json::parse(config).at("model_max_length").get<int>(), 32);
}

void TestClipTokenizer::malformedVocabulariesAreRefused_data()
{
    QTest::addColumn<QByteArray>("vocabulary");
    QTest::addColumn<QByteArray>("merges");
    QTest::addColumn<QString>("reason");
    QTest::newRow("no JSON") << QByteArray("{") << QByteArray("") << "not a JSON object";
    QTest::newRow("a list") << QByteArray("[]") << QByteArray("") << "not a JSON object";
    QTest::newRow("id is text") << QByteArray(R"({"a": "1"})") << QByteArray("")
                                << "not a whole number";
    QTest::newRow("no marks") << QByteArray(R"({"a": 1})") << QByteArray("") << "has no token";
    QTest::newRow("merge of one") << QByteArray(R"({"a": 1})") << QByteArray("a\n") << "line 1";
}

void TestClipTokenizer::malformedVocabulariesAreRefused()
{
    QFETCH(QByteArray, vocabulary);
    QFETCH(QByteArray, merges);
    QFETCH(QString, reason);
    const QTemporaryDir folder;
    for (const auto& [name, content] :
         {std::pair("vocab.json", vocabulary), std::pair("merges.txt", merges)}) {
        QFile file(folder.filePath(name));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(content);
    }
    QString message;
    try {
        (void)ClipTokenizer::load(folder.path().toStdString());
    } catch (const model::FormatError& error) {
        message = error.what();
    }
    QVERIFY2(message.contains(reason), qPrintable(message));
}

/// A limit on file sizes fails a write in the middle as a full disk does.
void TestClipTokenizer::fullDiskIsTold()
{
    std::signal(SIGXFSZ, SIG_IGN);
    const QTemporaryDir folder;
    const Path path = folder.path().toStdString();
    ClipTokenizer::writeVocabulary(path, 60, 32);
    rlimit old = {};
    QCOMPARE(getrlimit(RLIMIT_FSIZE, &old), 0);
    const rlimit small = {100, old.rlim_max};
    QCOMPARE(setrlimit(RLIMIT_FSIZE, &small), 0);
    const QString message = messageOf([&] { ClipTokenizer::writeVocabulary(path, 70, 32); });
    QCOMPARE(setrlimit(RLIMIT_FSIZE, &old), 0);
    QVERIFY2(message.contains("vocab.json: cannot be written"), qPrintable(message));
    QVERIFY2(message.contains("free disk space"), qPrintable(message));
    QCOMPARE(ClipTokenizer::load(path).vocabularySize(), std::size_t(574)); // the old one is whole
}

void TestClipTokenizer::folderWithoutVocabularyGetsOpenAis()
{
    const QTemporaryDir folder;
    QCOMPARE(ClipTokenizer::load(folder.path().toStdString()).vocabularySize(), std::size_t(49408));
}

QTEST_GUILESS_MAIN(TestClipTokenizer)
#include "tst_clip_tokenizer.moc"
