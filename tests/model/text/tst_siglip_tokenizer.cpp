#include "model/Error.h"
#include "model/text/SigLipTokenizer.h"
#include "model/text/UnigramModel.h"

#include "GoldenTexts.h"
#include "tests/model/MessageOf.h"

#include <QElapsedTimer>
#include <QFile>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>

namespace model = tagalign::model;
namespace fs = std::filesystem;
using model::text::SigLipTokenizer;
using model::text::UnigramModel;
using tagalign::test::messageOf;

namespace {

constexpr std::size_t kContext = 64;

const fs::path kGolden = fs::path(TAGALIGN_SOURCE_DIR) / "tests/data/text/siglip";

std::string readAll(const fs::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

void writeAll(const fs::path& file, const std::string& bytes)
{
    std::ofstream(file, std::ios::binary) << bytes;
}

/// A field of a protocol buffer: a text or message.
std::string field(int number, const std::string& bytes)
{
    std::string result(1, char(number << 3 | 2));
    for (std::size_t left = bytes.size();; left >>= 7U) {
        result += char(left < 0x80 ? left : (left & 0x7FU) | 0x80U);
        if (left < 0x80) {
            return result + bytes;
        }
    }
}

/// A field of a protocol buffer: a small number.
std::string field(int number, int value)
{
    std::string tag(1, char((number << 3 & 0x7F) | (number > 15 ? 0x80 : 0)));
    if (number > 15) {
        tag += char(number >> 4);
    }
    return tag + char(value);
}

/// A piece of kind 1 normal, 2 unknown, 3 control, 4 user defined.
std::string piece(const std::string& text, float score, int kind)
{
    std::string number(4, '\0');
    std::memcpy(number.data(), &score, 4);
    return field(1, field(1, text) + std::string("\x15") + number + field(3, kind));
}

const std::string kMarks = piece("</s>", 0.0F, 3) + piece("<unk>", 0.0F, 2);

/// @return what is wrong, if anything.
QString differences(const SigLipTokenizer& tokenizer, const nlohmann::json& rows)
{
    for (const auto& row : rows) {
        auto expected = row["ids"].get<std::vector<std::int64_t>>();
        expected.resize(kContext, 1); // padding
        const auto text = row["text"].get<std::string>();
        if (tokenizer.tokenize(text, kContext) != expected) {
            return QString::fromStdString("other ids: " + row.dump());
        }
    }
    return {};
}

} // namespace

/// The tokenizer against ids that SiglipTokenizer gave (tests/golden/tokenizer.py).
class TestSigLipTokenizer : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void oddTextsGiveTheIdsOfTransformers_data()
    {
        QTest::addColumn<QString>("row");
        int number = 0;
        for (const auto& row : nlohmann::json::parse(readAll(kGolden / "odd.json"))) {
            QTest::addRow("%d: %.40s", number++, row["text"].get<std::string>().c_str())
                << QString::fromStdString(row.dump());
        }
    }

    void oddTextsGiveTheIdsOfTransformers()
    {
        QFETCH(QString, row);
        const auto rows = nlohmann::json::array({nlohmann::json::parse(row.toStdString())});
        QCOMPARE(differences(m_tokenizer, rows), QString());
    }

    void captionsGiveTheIdsOfTransformers()
    {
        if (!QFile::exists(TAGALIGN_SHARED_DATA "/captions_only.jsonl.gz")) {
            QSKIP("needs captions_only.jsonl.gz in ../shared/data");
        }
        const std::string expected = readAll(kGolden / "captions.bin");
        const auto texts = tagalign::test::captions(expected.size() / 4);
        QCOMPARE(texts.size() * 4, expected.size());
        QElapsedTimer timer;
        timer.start();
        for (std::size_t i = 0; i < texts.size(); ++i) {
            std::uint32_t hash = 0;
            std::memcpy(&hash, expected.data() + i * 4, 4);
            QVERIFY2(tagalign::test::hashOf(m_tokenizer.tokenize(texts[i], kContext)) == hash,
                     texts[i].c_str());
        }
        qInfo("%zu captions, %.0f captions/s", texts.size(),
              double(texts.size()) * 1e3 / double(std::max<qint64>(timer.elapsed(), 1)));
    }

    /// SentencePiece's whole table of characters, more pieces, random Unicode.
    void widerVocabularyGivesTheIdsOfTransformers()
    {
        const QString python = qEnvironmentVariable("TAGALIGN_PEER_PYTHON");
        if (python.isEmpty() || !qEnvironmentVariableIsSet("TAGALIGN_FULL")) {
            QSKIP("runs in the full test, with TAGALIGN_PEER_PYTHON naming a Python with "
                  "transformers and sentencepiece");
        }
        if (!QFile::exists(TAGALIGN_SHARED_DATA "/captions_only.jsonl.gz")) {
            QSKIP("the captions of the shared photos are not there");
        }
        const QTemporaryDir folder;
        QProcess peer;
        peer.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        peer.start(python, {QStringLiteral(TAGALIGN_SOURCE_DIR "/tests/golden/tokenizer.py"),
                            QStringLiteral("siglip-wide"), QStringLiteral(TAGALIGN_SHARED_DATA),
                            folder.path()});
        QVERIFY(peer.waitForFinished(280'000));
        QCOMPARE(peer.exitCode(), 0);
        const fs::path path = folder.path().toStdString();
        const auto rows = nlohmann::json::parse(readAll(path / "texts.json"));
        QVERIFY(rows.size() >= 10000);
        QCOMPARE(differences(SigLipTokenizer::load(path), rows), QString());
    }

    void contextIsFilledAndCut()
    {
        using Ids = std::vector<std::int64_t>;
        QCOMPARE(m_tokenizer.endOfText(), 1);
        QCOMPARE(m_tokenizer.vocabularySize(), std::size_t(400));
        QCOMPARE(m_tokenizer.highestId(), 399);
        QCOMPARE(m_tokenizer.tokenize("", 3), (Ids{1, 1, 1}));
        const Ids whole = m_tokenizer.tokenize("a dog on a red sofa", 20);
        const Ids cut = m_tokenizer.tokenize("a dog on a red sofa", 4);
        QCOMPARE(cut, (Ids{whole[0], whole[1], whole[2], 1}));
        QCOMPARE(m_tokenizer.tokenize("a", 1), (Ids{1}));
        QVERIFY_EXCEPTION_THROWN((void)m_tokenizer.tokenize("a", 0), model::RangeError);
    }

    void settingsOfTheCheckpointCount()
    {
        const QTemporaryDir folder;
        const fs::path path = folder.path().toStdString();
        fs::copy(kGolden / "spiece.model", path);
        const auto lower = SigLipTokenizer::load(path).encode("a dog"); // without any settings
        QCOMPARE(SigLipTokenizer::load(path).encode("A DOG"), lower);
        writeAll(path / "tokenizer_config.json",
                 R"({"do_lower_case": false, "pad_token": {"content": "<pad>"}})");
        const SigLipTokenizer exact = SigLipTokenizer::load(path);
        QVERIFY(exact.encode("A DOG") != lower);
        QCOMPARE(exact.tokenize("", 3), (std::vector<std::int64_t>{1, 0, 0}));
    }

    /// A model made by hand, with scores that are easy to add up.
    void mostProbableSegmentationWins()
    {
        const QTemporaryDir folder;
        const fs::path file = fs::path(folder.path().toStdString()) / "spiece.model";
        writeAll(file, kMarks + piece("\u2581", -3.0F, 1) + piece("a", -2.0F, 1) +
                           piece("b", -2.0F, 1) + piece("ab", -3.5F, 1) +
                           piece("\u2581a", -3.0F, 1) + piece("cc", -50.0F, 4));
        const UnigramModel unigram = UnigramModel::load(file);
        using Ids = std::vector<std::int64_t>;
        QCOMPARE(unigram.encode("ab"), (Ids{6, 4}));         // -3 -2 beats -3 -3.5
        QCOMPARE(unigram.encode("aab"), (Ids{6, 5}));        // -3 -3.5 beats -3 -2 -2
        QCOMPARE(unigram.encode("xyz"), (Ids{2, 1}));        // unknown characters are one
        QCOMPARE(unigram.encode("accx"), (Ids{6, 7, 1}));    // the user's piece always
        QCOMPARE(unigram.encode("  a  b "), (Ids{6, 2, 4})); // single blanks
        QCOMPARE(unigram.encode(""), Ids());
        QCOMPARE(*unigram.idOf("</s>"), 0);
        QVERIFY(!unigram.idOf("nothing").has_value());
    }

    void malformedModelsAreRefused_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QString>("reason");
        const auto row = [](const char* name, const std::string& bytes, const char* reason) {
            QTest::newRow(name) << QByteArray(bytes.data(), qsizetype(bytes.size())) << reason;
        };
        const std::string good = readAll(kGolden / "spiece.model");
        row("empty", "", "no piece for unknown characters");
        row("a text", "<!DOCTYPE html><html>not found</html>", "cut off or damaged");
        row("cut off", good.substr(0, good.size() / 2), "cut off or damaged");
        row("a page behind it", good + "<html>", "cut off or damaged");
        row("piece twice", kMarks + piece("a", -1.0F, 1) + piece("a", -2.0F, 1), "there twice");
        row("empty piece", kMarks + piece("", -1.0F, 1), "a piece is empty");
        row("score", kMarks + piece("a", std::numeric_limits<float>::quiet_NaN(), 1),
            "its score is no number");
        row("without unknown", piece("</s>", 0.0F, 3), "no piece for unknown characters");
        row("BPE", kMarks + field(2, field(3, 2)), "of another kind than SigLIP's");
        row("byte fallback", kMarks + field(2, field(35, 1)), "of another kind than SigLIP's");
        row("table of characters", kMarks + field(3, field(2, std::string("\x10\0\0\0abcd", 8))),
            "table of characters is cut off");
        row("without end mark", piece("<unk>", 0.0F, 2), "has no piece \"</s>\"");
    }

    void malformedModelsAreRefused()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(QString, reason);
        const QTemporaryDir folder;
        const fs::path path = folder.path().toStdString();
        writeAll(path / "spiece.model", bytes.toStdString());
        const QString message = messageOf([&] { (void)SigLipTokenizer::load(path); });
        QVERIFY2(message.contains("spiece.model: ") && message.contains(reason),
                 qPrintable(message));
        QVERIFY2(message.contains("download the file again") || message.contains("put the"),
                 qPrintable(message));
    }

    void otherTokenizersAreRefused()
    {
        const QTemporaryDir folder;
        const fs::path path = folder.path().toStdString();
        QVERIFY(messageOf([&] {
                    (void)SigLipTokenizer::load(path);
                }).contains("spiece.model: cannot be read; download it"));
        writeAll(path / "tokenizer_config.json", R"({"tokenizer_class": "GemmaTokenizer"})");
        const QString message = messageOf([&] { (void)SigLipTokenizer::load(path); });
        QVERIFY2(message.contains("\"GemmaTokenizer\", a tokenizer this program does not know"),
                 qPrintable(message));
        writeAll(path / "tokenizer_config.json", "[1");
        QVERIFY(messageOf([&] { (void)SigLipTokenizer::load(path); }).contains("no JSON object"));
    }

    /// Whatever a file holds, it is read or refused.
    void damagedModelsAreReadOrRefused()
    {
        const QTemporaryDir folder;
        const fs::path path = folder.path().toStdString();
        const std::string good = readAll(kGolden / "spiece.model");
        std::mt19937 random(7);
        int read = 0;
        for (int i = 0; i < 1000; ++i) {
            std::string bytes = good;
            for (int k = 0; k < 4; ++k) { // half of them in the tables behind the pieces
                const std::size_t first = i % 2 == 0 ? 0 : bytes.size() * 9 / 10;
                bytes[first + random() % (bytes.size() - first)] = char(random());
            }
            writeAll(path / "spiece.model", bytes);
            const QString message = messageOf([&] {
                const SigLipTokenizer tokenizer = SigLipTokenizer::load(path);
                QCOMPARE(tokenizer.tokenize("ＦＵＬＬ ﬁsh navyblue 🍎 dog", kContext).size(),
                         kContext);
                ++read;
            });
            QVERIFY2(message.isEmpty() || message.contains("spiece.model"), qPrintable(message));
        }
        QVERIFY(read > 100 && read < 1000);
    }

private:
    const SigLipTokenizer m_tokenizer = SigLipTokenizer::load(kGolden);
};

QTEST_GUILESS_MAIN(TestSigLipTokenizer)
#include "tst_siglip_tokenizer.moc"
