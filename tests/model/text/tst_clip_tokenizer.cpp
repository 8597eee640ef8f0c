#include "model/Error.h"
#include "model/text/ClipTokenizer.h"

#include "GoldenTexts.h"
#include "tests/model/MessageOf.h"

#include <nlohmann/json.hpp>

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
using tagalign::test::captions;
using tagalign::test::hashOf;
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
    void cutOffMergesAreRefused();
    void tokenizerJsonGivesTheIdsOfTransformers();
    void tokenizerJsonAloneIsRead_data();
    void tokenizerJsonAloneIsRead();
    void tokenizerJsonOfAnotherKindIsRefused_data();
    void tokenizerJsonOfAnotherKindIsRefused();
    void fullDiskIsTold();
    void folderWithoutVocabularyGetsOpenAis();

private:
    const ClipTokenizer m_tokenizer = ClipTokenizer::openAi();
};

using tagalign::test::messageOf;

namespace {

QByteArray golden(const char* name)
{
    QFile file(QStringLiteral(TAGALIGN_SOURCE_DIR "/tests/data/text/") + QLatin1String(name));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

using Path = std::filesystem::path;

nlohmann::json jsonOf(const Path& file)
{
    std::ifstream stream(file);
    return nlohmann::json::parse(stream);
}

std::vector<std::string> mergesIn(const Path& folder)
{
    std::ifstream stream(folder / "merges.txt");
    std::vector<std::string> merges;
    std::string line;
    std::getline(stream, line); // the version
    while (std::getline(stream, line)) {
        merges.push_back(line);
    }
    return merges;
}

/// A vocabulary of 60 merges as `transformers` 5 saves it, in one file.
nlohmann::json smallTokenizerJson()
{
    const QTemporaryDir folder;
    const Path path = folder.path().toStdString();
    ClipTokenizer::writeVocabulary(path, 60, 32);
    nlohmann::json vocabulary = jsonOf(path / "vocab.json");
    nlohmann::json added = nlohmann::json::array();
    for (const char* mark : {"<|startoftext|>", "<|endoftext|>"}) {
        added.push_back({{"id", vocabulary.at(mark)}, {"content", mark}, {"special", true}});
        vocabulary.erase(mark);
    }
    return {
        {"version", "1.0"},
        {"added_tokens", added},
        {"normalizer",
         {{"type", "Sequence"}, {"normalizers", {{{"type", "NFC"}}, {{"type", "Lowercase"}}}}}},
        {"pre_tokenizer",
         {{"type", "Sequence"}, {"pretokenizers", {{{"type", "Split"}}, {{"type", "ByteLevel"}}}}}},
        {"model",
         {{"type", "BPE"},
          {"end_of_word_suffix", "</w>"},
          {"vocab", vocabulary},
          {"merges", mergesIn(path)}}}};
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
    QCOMPARE(small.highestId(), 2513);
    QCOMPARE(small.endOfText(), 2513);
    // The first merges are the same, so a frequent word has the same id.
    QCOMPARE(small.encode("the cat"), m_tokenizer.encode("the cat"));
    QVERIFY(small.encode("photograph").size() > m_tokenizer.encode("photograph").size());
    QVERIFY_EXCEPTION_THROWN(ClipTokenizer::writeVocabulary(path, 50000, 32), model::RangeError);
    const auto config = jsonOf(path / "tokenizer_config.json");
    QCOMPARE(config.at("model_max_length").get<int>(), 32);
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

void TestClipTokenizer::cutOffMergesAreRefused()
{
    const QTemporaryDir folder;
    const Path path = folder.path().toStdString();
    ClipTokenizer::writeVocabulary(path, 300, 32);
    const std::vector<std::string> merges = mergesIn(path);
    QCOMPARE(merges.size(), std::size_t(300));
    for (const std::size_t kept : {299, 150, 0}) {
        std::ofstream file(path / "merges.txt", std::ios::trunc);
        file << "#version: 0.2\n";
        for (std::size_t i = 0; i < kept; ++i) {
            file << merges[i] << '\n';
        }
        file.close();
        const QString message = messageOf([&] { (void)ClipTokenizer::load(path); });
        QVERIFY2(message.contains("merges.txt: no merge makes the token"), qPrintable(message));
        QVERIFY2(message.contains("cut off"), qPrintable(message));
    }
    std::filesystem::remove(path / "merges.txt");
    QVERIFY(messageOf([&] { (void)ClipTokenizer::load(path); }).contains("merges.txt: cannot be"));
}

void TestClipTokenizer::tokenizerJsonGivesTheIdsOfTransformers()
{
    const Path folder = TAGALIGN_SOURCE_DIR "/tests/data/text/small";
    const ClipTokenizer tokenizer = ClipTokenizer::load(folder);
    QCOMPARE(tokenizer.vocabularySize(), std::size_t(574));
    for (const auto& row : jsonOf(folder / "ids.json")) {
        QCOMPARE(tokenizer.encode(row.at("text").get<std::string>()),
                 row.at("ids").get<std::vector<std::int64_t>>());
    }
}

void TestClipTokenizer::tokenizerJsonAloneIsRead_data()
{
    QTest::addColumn<bool>("asPairs");
    QTest::newRow("merges are texts, as older files have them") << false;
    QTest::newRow("merges are pairs") << true;
}

void TestClipTokenizer::tokenizerJsonAloneIsRead()
{
    QFETCH(bool, asPairs);
    nlohmann::json tokenizer = smallTokenizerJson();
    for (nlohmann::json& merge : tokenizer["model"]["merges"]) {
        const auto text = merge.get<std::string>();
        if (asPairs) {
            merge = {text.substr(0, text.find(' ')), text.substr(text.find(' ') + 1)};
        }
    }
    const QTemporaryDir folder;
    const Path path = folder.path().toStdString();
    std::ofstream(path / "tokenizer.json") << tokenizer.dump();
    const ClipTokenizer found = ClipTokenizer::load(path);
    QCOMPARE(found.vocabularySize(), std::size_t(512 + 60 + 2));
    QCOMPARE(found.startOfText(), 572);
    QCOMPARE(found.endOfText(), 573);
    ClipTokenizer::writeVocabulary(path, 60, 32); // two files go before the one
    QCOMPARE(found.encode("Pears in the sun, 3 €"),
             ClipTokenizer::load(path).encode("Pears in the sun, 3 €"));
}

void TestClipTokenizer::tokenizerJsonOfAnotherKindIsRefused_data()
{
    QTest::addColumn<QByteArray>("patch");
    QTest::addColumn<QString>("reason");
    const QString kind = QStringLiteral("is no byte-level BPE tokenizer as CLIP has it");
    QTest::newRow("word pieces") << QByteArray(R"({"model": {"type": "WordPiece"}})") << kind;
    QTest::newRow("GPT-2's") << QByteArray(R"({"model": {"end_of_word_suffix": null}})") << kind;
    QTest::newRow("not of bytes") << QByteArray(R"({"pre_tokenizer": {"type": "Whitespace",
                                                    "pretokenizers": null}})")
                                  << kind;
    QTest::newRow("keeps capitals")
        << QByteArray(R"({"normalizer": {"type": "NFC", "normalizers": null}})") << kind;
    QTest::newRow("no model") << QByteArray(R"({"model": null})") << kind;
    QTest::newRow("no vocabulary")
        << QByteArray(R"({"model": {"vocab": null}})") << "is not a JSON object of tokens and ids";
    QTest::newRow("no merges") << QByteArray(R"({"model": {"merges": null}})")
                               << "no merge makes the token";
    QTest::newRow("merge of three")
        << QByteArray(R"({"model": {"merges": ["a b c"]}})") << "merge 1 is not a pair";
    QTest::newRow("merge of numbers")
        << QByteArray(R"({"model": {"merges": [[1, 2]]}})") << "merge 1 is not a pair";
    QTest::newRow("no marks") << QByteArray(R"({"added_tokens": null})") << "has no token <|start";
    QTest::newRow("id is text") << QByteArray(
                                       R"({"added_tokens": [{"content": "<|x|>", "id": "1"}]})")
                                << "is not a whole number";
}

void TestClipTokenizer::tokenizerJsonOfAnotherKindIsRefused()
{
    QFETCH(QByteArray, patch);
    QFETCH(QString, reason);
    nlohmann::json tokenizer = smallTokenizerJson();
    tokenizer.merge_patch(nlohmann::json::parse(patch.toStdString()));
    const QTemporaryDir folder;
    const Path path = folder.path().toStdString();
    std::ofstream(path / "tokenizer.json") << tokenizer.dump();
    const QString message = messageOf([&] { (void)ClipTokenizer::load(path); });
    QVERIFY2(message.contains("tokenizer.json: ") && message.contains(reason), qPrintable(message));
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
    const Path foreign = Path(folder.path().toStdString()) / "spiece.model";
    std::ofstream(foreign) << "pieces";
    QVERIFY(messageOf([&] {
                (void)ClipTokenizer::load(foreign.parent_path());
            }).contains("spiece.model: belongs to another kind of tokenizer"));
    std::filesystem::remove(foreign);
    QCOMPARE(ClipTokenizer::load(folder.path().toStdString()).vocabularySize(), std::size_t(49408));
}

QTEST_GUILESS_MAIN(TestClipTokenizer)
#include "tst_clip_tokenizer.moc"
