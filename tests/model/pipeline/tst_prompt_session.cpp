#include "ShiftedHead.h"
#include "TinyCheckpoint.h"

#include "model/Error.h"
#include "model/align/HeadFile.h"
#include "model/image/Decode.h"
#include "model/image/Preprocess.h"
#include "model/pipeline/Encoding.h"
#include "model/pipeline/HeatmapFile.h"
#include "model/pipeline/PromptSession.h"
#include "model/pipeline/StoreKey.h"
#include "model/tensor_io/FeatureStore.h"
#include "model/tensor_io/SafetensorsFile.h"

#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <fstream>

using namespace tagalign;
using namespace tagalign::model;
using namespace tagalign::model::pipeline;

namespace {

constexpr int kImages = 4;

torch::Tensor unit(const torch::Tensor& vectors)
{
    return vectors / vectors.norm(2, -1, true);
}

bool areClose(const std::vector<float>& left, const std::vector<float>& right, float tolerance)
{
    return left.size() == right.size() &&
           std::equal(left.begin(), left.end(), right.begin(),
                      [tolerance](float a, float b) { return std::abs(a - b) <= tolerance; });
}

} // namespace

class TestPromptSession : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    ModelFiles m_model;
    std::vector<EncodeItem> m_items;
    std::vector<std::string> m_hashes;

    [[nodiscard]] std::filesystem::path path(const char* name) const
    {
        return m_folder.filePath(QString::fromUtf8(name)).toStdString();
    }

    /// A head of the tiny checkpoint. Fresh ones do what the frozen model does; `shift` moves the
    /// projection of a disturbed one away from it.
    std::filesystem::path writeHead(const char* name, double shift, const std::string& fingerprint)
    {
        return test::writeShiftedHead(m_model, path(name), shift, fingerprint);
    }

    [[nodiscard]] torch::Tensor textVector(const std::string& text) const
    {
        clip::ClipModel model = clip::loadClip(m_model.checkpoint);
        const auto tokenizer = text::ClipTokenizer::load(m_model.checkpoint);
        const torch::InferenceMode guard;
        const auto length = static_cast<std::size_t>(model->config().text.contextLength);
        const torch::Tensor ids = torch::tensor(tokenizer.tokenize(text, length), torch::kInt64);
        return unit(model->encodeText(ids.unsqueeze(0))[0]);
    }

private Q_SLOTS:

    void initTestCase()
    {
        m_model.checkpoint = path("checkpoint");
        m_model.store = path("features");
        test::writeTinyCheckpoint(m_model.checkpoint);
        for (int i = 0; i < kImages; ++i) {
            const std::string name = "picture" + std::to_string(i) + ".png";
            const auto file = test::writePicture(path("images") / name, i);
            m_items.push_back({file, test::hashOf(file)});
            m_hashes.push_back(m_items.back().contentHash);
        }
        EncodeSettings settings;
        settings.precision = Precision::Float32;
        QCOMPARE(encodeImages(m_model, m_items, settings, {}).encoded, std::size_t(kImages));
    }

    void heatmapIsTheCosineOfEveryPatchOfTheWholePicture()
    {
        PromptSession session(m_model);
        const HeatmapPair pair = session.heatmaps(m_items[0].file, m_hashes[0], "rusty bolt");
        QCOMPARE(pair.before.rows, 4); // 64 × 48 pixels: short side 32, long side 43 -> 40
        QCOMPARE(pair.before.columns, 5);
        QVERIFY(!pair.after);

        clip::ClipModel model = clip::loadClip(m_model.checkpoint);
        model->eval();
        const torch::InferenceMode guard;
        const image::Normalisation normalisation{model->config().mean, model->config().deviation};
        const torch::Tensor pixels =
            image::preprocessWhole(image::decodeImage(m_items[0].file), 32, 8, normalisation);
        const clip::VisionOutput output =
            model->encodeImage(pixels.unsqueeze(0), m_model.patchPath);
        const torch::Tensor expected = unit(model->projectTokens(output.tokens[0]))
                                           .matmul(textVector("a photo of rusty bolt"))
                                           .contiguous();
        const auto* values = expected.data_ptr<float>();
        // bf16 where the machine has it: 8 bits.
        QVERIFY(areClose(pair.before.values, {values, values + expected.numel()}, 0.03F));
    }

    void referenceFixesTheScaleForEveryPrompt()
    {
        PromptSession session(m_model);
        const HeatmapPair own = session.heatmaps(m_items[0].file, m_hashes[0], "cat");
        const auto [low, high] =
            std::minmax_element(own.before.values.begin(), own.before.values.end());
        QCOMPARE(own.low, *low); // without a reference: the map's own span
        QCOMPARE(own.high, std::max(*high, *low + 1e-4F));

        session.setReference(m_hashes, {"cat", "rusty bolt", "red apple"});
        const HeatmapPair cat = session.heatmaps(m_items[0].file, m_hashes[0], "cat");
        const HeatmapPair dog = session.heatmaps(m_items[1].file, m_hashes[1], "dog");
        QVERIFY(cat.low < cat.high);
        QCOMPARE(dog.low, cat.low);
        QCOMPARE(dog.high, cat.high);

        session.setReference({test::hashNumber(77)}, {"cat"}); // nothing stored: as without
        QCOMPARE(session.heatmaps(m_items[0].file, m_hashes[0], "cat").low, own.low);
    }

    void storedPictureIsNotReadAgain()
    {
        PromptSession first(m_model);
        const auto file = test::writePicture(path("images") / "passing.png", 9);
        const std::string hash = test::hashOf(file);
        const HeatmapPair before = first.heatmaps(file, hash, "cat");
        std::filesystem::remove(file);
        PromptSession second(m_model);
        QVERIFY(areClose(second.heatmaps(file, hash, "cat").before.values, before.before.values,
                         2e-3F)); // fp16 in the store
        try {
            (void)second.heatmaps(file, test::hashNumber(10), "cat");
            QFAIL("a missing file was taken for a picture");
        } catch (const Error& error) {
            QVERIFY(std::string(error.what()).find("passing.png") != std::string::npos);
        }
    }

    void editedPictureIsNotStoredAsItWas()
    {
        PromptSession session(m_model);
        const auto file = test::writePicture(path("images") / "edited.png", 20);
        const std::string hash = test::hashOf(file);
        test::writePicture(file, 21);
        try {
            (void)session.heatmaps(file, hash, "cat");
            QFAIL("an edited picture was taken for the imported one");
        } catch (const Error& error) {
            QVERIFY(QString(error.what()).contains("edited.png: changed since it was imported"));
        }
    }

    void heatmapsComeBackFromTheirFile()
    {
        const Heatmap before{2, 3, {0.1F, 0.2F, 0.3F, 0.4F, 0.5F, 0.6F}};
        const Heatmap after{2, 3, {0.6F, 0.5F, 0.4F, 0.3F, 0.2F, 0.1F}};
        const auto file = path("maps.safetensors");
        writeHeatmaps(file, {{"x/a.png", {before, after}}, {"x/b.png", {after, {}}}},
                      {{"query", "cat"}});
        const tensor_io::SafetensorsFile read(file);
        QCOMPARE(read.names(),
                 (std::vector<std::string>{"after/a.png", "before/a.png", "before/b.png"}));
        QVERIFY(torch::equal(read.tensor("after/a.png"),
                             torch::tensor({{0.6F, 0.5F, 0.4F}, {0.3F, 0.2F, 0.1F}})));
        QCOMPARE(read.metadata().at("query"), std::string("cat"));
        writeHeatmaps(file, {{"x/a.png", {before, {}}}, {"y/a.png", {after, {}}}}, {});
        QVERIFY(tensor_io::SafetensorsFile(file).contains("before/y/a.png"));
        QVERIFY_EXCEPTION_THROWN(
            writeHeatmaps(file, {{"a.png", {before, {}}}, {"a.png", {after, {}}}}, {}), Error);
    }

    void shortPromptsGoIntoTheTemplateAndLongOnesDoNot()
    {
        PromptSession session(m_model);
        const auto valuesFor = [&](const std::string& prompt) {
            return session.heatmaps(m_items[1].file, m_hashes[1], prompt).before.values;
        };
        QVERIFY(areClose(valuesFor("cat"), valuesFor("a photo of cat"), 0.0F));
        QVERIFY(!areClose(valuesFor("one two three four"),
                          valuesFor("a photo of one two three four"), 1e-6F));
        QVERIFY(!areClose(valuesFor("cat"), valuesFor("cracked tile"), 1e-6F));
        for (const float value : valuesFor("")) {
            QVERIFY(std::abs(value) <= 1.0001F);
        }
    }

    void freshHeadChangesNothingAndATrainedOneDoes()
    {
        PromptSession session(m_model);
        const std::string fingerprint = checkpointFingerprint(m_model.checkpoint);
        session.setHead(writeHead("fresh.safetensors", 0.0, fingerprint));
        HeatmapPair pair = session.heatmaps(m_items[2].file, m_hashes[2], "cat");
        QVERIFY(pair.after.has_value());
        QCOMPARE(pair.after->rows, pair.before.rows);
        QVERIFY(areClose(pair.before.values, pair.after->values, 1e-5F));
        session.setHead(writeHead("moved.safetensors", 0.1, fingerprint));
        pair = session.heatmaps(m_items[2].file, m_hashes[2], "cat");
        QVERIFY(!areClose(pair.before.values, pair.after->values, 1e-3F));
        session.setHead({});
        QVERIFY(!session.heatmaps(m_items[2].file, m_hashes[2], "cat").after);
    }

    void refusedHeadKeepsTheOldOne()
    {
        PromptSession session(m_model);
        const std::string fingerprint = checkpointFingerprint(m_model.checkpoint);
        session.setHead(writeHead("moved.safetensors", 0.1, fingerprint));
        const auto before = session.heatmaps(m_items[0].file, m_hashes[0], "cat").after->values;
        std::ofstream(path("broken.safetensors")) << "no head";
        QVERIFY_EXCEPTION_THROWN(session.setHead(path("broken.safetensors")), Error);
        QVERIFY_EXCEPTION_THROWN(session.setHead(path("missing.safetensors")), Error);
        const auto foreign = writeHead("foreign.safetensors", 0.2, std::string(32, '0'));
        QVERIFY_EXCEPTION_THROWN(session.setHead(foreign), Error);
        QCOMPARE(session.heatmaps(m_items[0].file, m_hashes[0], "cat").after->values, before);
    }

    void searchRanksByCosineAndLeavesOutWhatIsNotStored()
    {
        PromptSession session(m_model);
        std::vector<std::string> hashes = m_hashes;
        hashes.insert(hashes.begin() + 1, test::hashNumber(4711));
        const std::vector<SearchHit> hits = session.search(hashes, "cat", false, 10);
        QCOMPARE(hits.size(), std::size_t(kImages));
        const tensor_io::FeatureStore store(m_model.store, storeKey(m_model));
        const torch::Tensor text = textVector("a photo of cat");
        for (std::size_t i = 0; i < hits.size(); ++i) {
            QVERIFY(hits[i].image != 1);
            QVERIFY(i == 0 || hits[i - 1].score >= hits[i].score);
            const auto features = store.get(hashes[hits[i].image]);
            const float expected = unit(features->global.to(torch::kFloat)).dot(text).item<float>();
            QVERIFY(std::abs(hits[i].score - expected) < 1e-5F);
        }
        QCOMPARE(session.search(hashes, "cat", false, 2).size(), std::size_t(2));
        QVERIFY(session.search({}, "cat", false, 2).empty());
    }

    void searchWithTheHeadAddsItsMeanToTheGlobalVector()
    {
        PromptSession session(m_model);
        QVERIFY_EXCEPTION_THROWN(session.search(m_hashes, "cat", true, 10), Error);
        const std::string fingerprint = checkpointFingerprint(m_model.checkpoint);
        session.setHead(writeHead("fresh.safetensors", 0.0, fingerprint));
        const std::vector<SearchHit> hits = session.search(m_hashes, "cat", true, 10);
        QCOMPARE(hits.size(), std::size_t(kImages));
        clip::ClipModel model = clip::loadClip(m_model.checkpoint);
        const torch::InferenceMode guard;
        const tensor_io::FeatureStore store(m_model.store, storeKey(m_model));
        const torch::Tensor text = textVector("a photo of cat");
        for (const SearchHit& hit : hits) {
            const auto features = store.get(m_hashes[hit.image]);
            const torch::Tensor mean =
                model->projectTokens(features->tokens.to(torch::kFloat)).mean(0);
            const torch::Tensor both = unit(unit(mean) + unit(features->global.to(torch::kFloat)));
            QVERIFY(std::abs(hit.score - both.dot(text).item<float>()) < 1e-5F);
        }
    }

    void missingCheckpointIsNamed()
    {
        ModelFiles missing = m_model;
        missing.checkpoint = path("nowhere");
        try {
            PromptSession session(missing);
            QFAIL("a missing folder was taken for a checkpoint");
        } catch (const Error& error) {
            QVERIFY(std::string(error.what()).find("nowhere") != std::string::npos);
        }
    }
};

QTEST_GUILESS_MAIN(TestPromptSession)
#include "tst_prompt_session.moc"
