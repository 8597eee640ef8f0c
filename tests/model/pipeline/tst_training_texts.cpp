#include "model/Error.h"
#include "model/align/Losses.h"
#include "model/pipeline/StoreKey.h"
#include "model/pipeline/TextEmbedding.h"
#include "model/text/ClipTokenizer.h"

#include "TinyCheckpoint.h"

#include <QTemporaryDir>
#include <QtTest>

#include <fstream>
#include <memory>
#include <set>

using namespace tagalign::model;
using namespace tagalign::model::pipeline;

namespace {

namespace fs = std::filesystem;
using Keep = TextEmbedding::Keep;

} // namespace

class TestTrainingTexts : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    ModelFiles m_model;

    [[nodiscard]] fs::path cacheFile() const
    {
        return m_model.store / ("texts-" + textKey(m_model.checkpoint) + ".safetensors");
    }

private Q_SLOTS:

    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        const fs::path root = m_folder->path().toStdString();
        m_model = {root / "checkpoint", root / "features", clip::PatchPath::SelfValue};
        tagalign::test::writeTinyCheckpoint(m_model.checkpoint);
    }

    void tagsSpeakInSentences()
    {
        const auto apple = promptsOf({"apple", tags::TagKind::Object, 1.0, {}});
        QCOMPARE(apple.front(), std::string("a photo of an apple."));
        const auto red = promptsOf({"red", tags::TagKind::Attribute, 1.0, {}});
        QCOMPARE(red.front(), std::string("a photo of something red."));
        QCOMPARE(red.size(), apple.size());
    }

    void batchedAndCutTextsEqualSingleOnes()
    {
        const std::vector<std::string> texts = {
            "a dog", "two old men sit on a bench in front of a yellow house with a broken window",
            "", "a dog", "red"};
        TextEmbedding embedding(m_model);
        const auto found = embedding.texts(texts, Keep::InMemory, {});
        QCOMPARE(found.size(0), 5);
        const auto tokenizer = text::ClipTokenizer::load(m_model.checkpoint);
        const auto length = std::size_t(embedding.clip()->config().text.contextLength);
        torch::NoGradGuard noGrad;
        for (std::size_t i = 0; i < texts.size(); ++i) {
            const auto ids =
                torch::tensor(tokenizer.tokenize(texts[i], length), torch::kInt64).unsqueeze(0);
            const auto expected = align::normalised(embedding.clip()->encodeText(ids))[0];
            // fp32 sums in another order
            QVERIFY(torch::allclose(found[std::int64_t(i)], expected, 0.0, 1e-5));
        }
        QVERIFY(torch::equal(found[0], found[3]));
        QVERIFY(!torch::allclose(found[0], found[4], 0.0, 1e-3));
        QVERIFY(!fs::exists(cacheFile()));
    }

    void tagsAreMeansOfTheirSentences()
    {
        TextEmbedding embedding(m_model);
        const auto tags = embedding.tags(
            {{"dog", tags::TagKind::Object, 1.0, {}}, {"red", tags::TagKind::Attribute, 3.0, {}}},
            {});
        QCOMPARE(tags.size(0), 2);
        const auto rows = embedding.texts(promptsOf({"red", tags::TagKind::Attribute, 1.0, {}}),
                                          Keep::InMemory, {});
        QVERIFY(torch::allclose(tags[1], align::normalised(rows.mean(0)), 0.0, 1e-6));
        QVERIFY(torch::allclose(tags.norm(2, 1), torch::ones({2}), 0.0, 1e-5));
        QCOMPARE(embedding.tags({}, {}).size(0), 0);
    }

    void tagsMayHaveTemplatesOfTheirOwn()
    {
        const PilotTag red{"red", tags::TagKind::Attribute, 1.0, {"a photo of a {} thing"}};
        QCOMPARE(promptsOf(red), std::vector<std::string>{"a photo of a red thing"});
        int encoded = 0;
        const auto count = [&encoded](const Progress& progress) {
            encoded = int(progress.total);
            return Next::Continue;
        };
        TextEmbedding embedding(m_model);
        const auto tags = embedding.tags({red, {"dog", tags::TagKind::Object, 1.0, {}}}, count);
        QCOMPARE(encoded, 1 + 4); // the second has the four standard ones
        const auto alone = embedding.texts({"a photo of a red thing"}, Keep::InMemory, {});
        QVERIFY(torch::allclose(tags[0], alone[0], 0.0, 1e-6));
        encoded = 0;
        TextEmbedding again(m_model); // by text: what was asked once is kept
        QVERIFY(torch::equal(again.tags({red}, count)[0], tags[0]));
        QCOMPARE(encoded, 0);
    }

    void textsAreKeptOnDisk()
    {
        int encoded = 0;
        const auto count = [&encoded](const Progress&) {
            ++encoded;
            return Next::Continue;
        };
        const std::vector<std::string> texts = {"one", "another \xff one"};
        torch::Tensor first;
        {
            TextEmbedding embedding(m_model);
            first = embedding.texts(texts, Keep::OnDisk, count);
        }
        QVERIFY(encoded > 0);
        QVERIFY(fs::exists(cacheFile()));
        encoded = 0;
        TextEmbedding again(m_model);
        QVERIFY(torch::equal(again.texts(texts, Keep::OnDisk, count), first));
        QCOMPARE(encoded, 0);
    }

    void anotherVocabularyIsAnotherCache()
    {
        torch::Tensor first;
        {
            TextEmbedding embedding(m_model);
            first = embedding.texts({"the lemon"}, Keep::OnDisk, {});
        }
        const fs::path cache = cacheFile();
        const std::string images = storeKey(m_model);
        // Fewer merges fit the same tower, but give other ids.
        text::ClipTokenizer::writeVocabulary(m_model.checkpoint, 20, 77);
        QCOMPARE(storeKey(m_model), images);
        QVERIFY(cacheFile() != cache);
        TextEmbedding again(m_model);
        const auto second = again.texts({"the lemon"}, Keep::OnDisk, {});
        QVERIFY(!torch::allclose(second, first, 0.0, 1e-3));
        QVERIFY(fs::exists(cache) && fs::exists(cacheFile()));
    }

    void everyVocabularyFileCounts()
    {
        std::set<std::string> keys = {textKey(m_model.checkpoint)};
        for (const char* name : {"vocab.json", "merges.txt", "tokenizer.json"}) {
            std::ofstream(m_model.checkpoint / name, std::ios::app) << "\n";
            QVERIFY2(keys.insert(textKey(m_model.checkpoint)).second, name);
        }
        fs::remove(m_model.checkpoint / "merges.txt");
        QVERIFY(keys.insert(textKey(m_model.checkpoint)).second);
    }

    void foreignVocabularyIsRefused()
    {
        text::ClipTokenizer::writeVocabulary(m_model.checkpoint, 300, 77); // the tower has 200
        try {
            (void)TextEmbedding(m_model).texts({"one"}, Keep::InMemory, {});
            QFAIL("the highest id has no row");
        } catch (const FormatError& error) {
            QVERIFY2(QString(error.what()).contains("ids up to 813, but the text tower only rows"),
                     error.what());
        }
    }

    void anotherEndMarkIsRefused()
    {
        clip::ClipConfig config = tagalign::test::tinyConfig();
        config.text.endTokenId = config.text.vocabularySize - 1;
        QCOMPARE(tokenizerFor(m_model.checkpoint, config)->highestId(), *config.text.endTokenId);
        config.text.endTokenId = 2;
        QVERIFY_EXCEPTION_THROWN((void)tokenizerFor(m_model.checkpoint, config), FormatError);
    }

    void damagedCacheIsMadeAnew()
    {
        fs::create_directories(m_model.store);
        std::ofstream(cacheFile(), std::ios::binary) << "this is no safetensors file";
        TextEmbedding embedding(m_model);
        const auto rows = embedding.texts({"one"}, Keep::OnDisk, {});
        TextEmbedding again(m_model);
        QVERIFY(torch::equal(again.texts({"one"}, Keep::OnDisk, {}), rows));
        QVERIFY(fs::file_size(cacheFile()) > 40);
    }

    void stoppingKeepsWhatIsDone()
    {
        std::vector<std::string> texts;
        for (int i = 0; i < 200; ++i)
            texts.push_back("text number " + std::to_string(i));
        std::int64_t total = 0;
        {
            TextEmbedding embedding(m_model);
            QVERIFY_EXCEPTION_THROWN(
                (void)embedding.texts(texts, Keep::OnDisk,
                                      [](const Progress&) { return Next::Stop; }),
                Cancelled);
        }
        TextEmbedding again(m_model);
        (void)again.texts(texts, Keep::OnDisk, [&total](const Progress& progress) {
            total = progress.total;
            return Next::Continue;
        });
        QVERIFY(total > 0 && total < 200);
    }

    void missingCheckpointIsRefused()
    {
        m_model.checkpoint = "/nowhere";
        QVERIFY_EXCEPTION_THROWN(TextEmbedding{m_model}, Error);
    }
};

QTEST_APPLESS_MAIN(TestTrainingTexts)
#include "tst_training_texts.moc"
