#include "model/Error.h"
#include "model/align/HeadFile.h"
#include "model/align/Losses.h"
#include "model/image/Decode.h"
#include "model/image/Preprocess.h"
#include "model/pipeline/Embeddings.h"
#include "model/pipeline/Encoding.h"
#include "model/pipeline/ImageTower.h"
#include "model/pipeline/PromptSession.h"
#include "model/pipeline/StoreKey.h"
#include "model/pipeline/TextEmbedding.h"
#include "model/pipeline/Training.h"
#include "model/pipeline/TrainingInput.h"
#include "model/tensor_io/SafetensorsFile.h"
#include "model/text/SigLipTokenizer.h"

#include "TinyCheckpoint.h"

#include <QTemporaryDir>
#include <QtTest>

#include <fstream>
#include <memory>

using namespace tagalign;
using namespace tagalign::model;
using namespace tagalign::model::pipeline;

namespace {

namespace fs = std::filesystem;

constexpr int kImages = 6;
const fs::path kData = fs::path(TAGALIGN_SOURCE_DIR) / "tests/data";

double largestDifference(const torch::Tensor& a, const torch::Tensor& b)
{
    return (a - b).abs().max().item<double>();
}

} // namespace

/// Everything that a project does with a checkpoint, with a SigLIP.
class TestSigLip : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    ModelFiles m_model;
    std::vector<EncodeItem> m_items;

    [[nodiscard]] fs::path path(const char* name) const
    {
        return fs::path(m_folder->path().toStdString()) / name;
    }

    [[nodiscard]] torch::Tensor textVector(clip::ClipModel& model, const std::string& text) const
    {
        const auto length = std::size_t(model->config().text.contextLength);
        const auto ids = text::SigLipTokenizer::load(m_model.checkpoint).tokenize(text, length);
        return align::normalised(
            model->encodeText(torch::tensor(ids, torch::kInt64).unsqueeze(0)))[0];
    }

    void encode() const
    {
        EncodeSettings settings;
        settings.precision = Precision::Float32;
        QCOMPARE(encodeImages(m_model, m_items, settings, {}).encoded, std::size_t(kImages));
    }

    [[nodiscard]] PilotData pilot() const
    {
        PilotData data;
        data.tags = {{"dog", tags::TagKind::Object, 1.0},
                     {"apple", tags::TagKind::Object, 1.0},
                     {"red", tags::TagKind::Attribute, 1.0}};
        for (int i = 0; i < kImages; ++i) {
            PilotImage image;
            image.file = m_items[std::size_t(i)].file;
            image.contentHash = m_items[std::size_t(i)].contentHash;
            image.split = i < 4 ? Split::Train : Split::Validation;
            image.captions = {i % 2 == 0 ? "a red dog" : "an old apple"};
            image.targets = {{std::size_t(i % 2), 1.0, true}, {2, 0.9, false}};
            data.images.push_back(image);
        }
        return data;
    }

private Q_SLOTS:

    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_model = {path("checkpoint"), path("features"), clip::PatchPath::SelfValue};
        fs::copy(kData / "clip/siglip-p8", m_model.checkpoint);
        for (const char* name : {"spiece.model", "tokenizer_config.json"})
            fs::copy(kData / "text/siglip" / name, m_model.checkpoint);
        m_items.clear();
        for (int i = 0; i < kImages; ++i) {
            const auto file =
                test::writePicture(path("images") / ("picture" + std::to_string(i) + ".png"), i);
            m_items.push_back({file, test::hashOf(file)});
        }
    }

    void checkNamesTheFamily()
    {
        const QString summary = QString::fromStdString(checkpointSummary(m_model.checkpoint));
        QVERIFY2(summary.startsWith("SigLIP ViT, patch 8, 32 px, image width 32 × 3 layers"),
                 qPrintable(summary));
        QVERIFY2(summary.endsWith("400 tokens"), qPrintable(summary));
    }

    void picturesAreSquashedToWholePatches()
    {
        const image::RgbImage picture = image::decodeImage(m_items[0].file); // 64 × 48
        const clip::ClipConfig config = clip::readClipConfig(m_model.checkpoint);
        QVERIFY(
            torch::equal(squarePixels(picture, config),
                         image::preprocessSquash(picture, 32, {config.mean, config.deviation})));
        const torch::Tensor uneven =
            squarePixels(picture, clip::readClipConfig(kData / "clip/siglip-p14-uneven"));
        QCOMPARE(uneven.sizes().vec(), (std::vector<std::int64_t>{3, 28, 28})); // of 40
    }

    void storedFeaturesAreTheTowers()
    {
        encode();
        const torch::InferenceMode guard;
        clip::ClipModel model = clip::loadClip(m_model.checkpoint);
        const tensor_io::FeatureStore store(m_model.store, storeKey(m_model));
        for (const EncodeItem& item : m_items) {
            const torch::Tensor pixels =
                squarePixels(image::decodeImage(item.file), model->config());
            const auto expected = model->encodeImage(pixels.unsqueeze(0), m_model.patchPath);
            const auto features = store.get(item.contentHash);
            QVERIFY(features.has_value());
            QCOMPARE(features->rows, std::int64_t(4));
            QCOMPARE(features->tokens.size(0), 16);
            // fp16 keeps 11 bits.
            QVERIFY(torch::allclose(features->tokens.to(torch::kFloat), expected.tokens[0], 2e-3,
                                    2e-3));
            QVERIFY(torch::allclose(features->global.to(torch::kFloat), expected.global[0], 2e-3,
                                    2e-3));
        }
    }

    void batchedTextsKeepTheirPadding()
    {
        const torch::NoGradGuard noGrad;
        clip::ClipModel model = clip::loadClip(m_model.checkpoint);
        const std::vector<std::string> texts = {
            "a dog", "two old men sit on a bench in front of a yellow house", "", "Apple!"};
        TextEmbedding embedding(m_model);
        const torch::Tensor rows = embedding.texts(texts, TextEmbedding::Keep::InMemory, {});
        for (std::size_t i = 0; i < texts.size(); ++i)
            QVERIFY(largestDifference(rows[std::int64_t(i)], textVector(model, texts[i])) < 1e-5);
    }

    void heatmapsOfEveryPath_data()
    {
        QTest::addColumn<int>("path");
        for (const auto path :
             {clip::PatchPath::Plain, clip::PatchPath::Value, clip::PatchPath::SelfValue,
              clip::PatchPath::SelfQueryKey, clip::PatchPath::Neighbour})
            QTest::newRow(nameOf(path).c_str()) << int(path);
    }

    void heatmapsOfEveryPath()
    {
        QFETCH(int, path);
        m_model.patchPath = clip::PatchPath(path);
        PromptSession session(m_model);
        const HeatmapPair pair =
            session.heatmaps(m_items[0].file, m_items[0].contentHash, "rusty bolt");
        QCOMPARE(pair.before.rows, 4); // 64 × 48 pixels: short side 32, long side 43 -> 40
        QCOMPARE(pair.before.columns, 5);

        const torch::InferenceMode guard;
        clip::ClipModel model = clip::loadClip(m_model.checkpoint);
        const auto& config = model->config();
        const torch::Tensor pixels = image::preprocessWhole(image::decodeImage(m_items[0].file), 32,
                                                            8, {config.mean, config.deviation});
        const auto output = model->encodeImage(pixels.unsqueeze(0), m_model.patchPath);
        const torch::Tensor expected = align::normalised(model->projectTokens(output.tokens[0]))
                                           .matmul(textVector(model, "a photo of rusty bolt"));
        // bf16 where the machine has it: 8 bits.
        QVERIFY(largestDifference(torch::tensor(pair.before.values), expected) < 0.03);
    }

    void projectionOfHeadsIsThatOfTheModel()
    {
        const torch::NoGradGuard noGrad;
        clip::ClipModel model = clip::loadClip(m_model.checkpoint);
        const torch::Tensor tokens = torch::randn({2, 5, 32}) * 4.0;
        const torch::Tensor expected = model->projectTokens(tokens);
        const double distance =
            largestDifference(align::project(tokens, projectionOf(model)), expected);
        qInfo("largest difference %.2e of %.1f", distance, expected.abs().max().item<double>());
        QVERIFY(distance < 1e-4);
    }

    void headsAreTrainedAndUsed_data()
    {
        QTest::addColumn<int>("head");
        QTest::newRow("adapter") << int(pipeline::HeadKind::Adapter);
        QTest::newRow("gated-conv") << int(pipeline::HeadKind::GatedConv);
    }

    void headsAreTrainedAndUsed()
    {
        QFETCH(int, head);
        encode();
        TrainSettings settings;
        settings.head = pipeline::HeadKind(head);
        settings.epochs = 8;
        settings.batchSize = 4;
        settings.learningRate = 1e-2;
        settings.device = pipeline::Device::Cpu;
        const TrainResult result = trainHead(m_model, pilot(), settings, path("run"), {});
        QCOMPARE(result.trainImages, std::size_t(4));
        QVERIFY(result.epochs.back().train.objects < result.epochs.front().train.objects);
        PromptSession session(m_model);
        session.setHead(result.head);
        const HeatmapPair pair =
            session.heatmaps(m_items[0].file, m_items[0].contentHash, "red dog");
        QVERIFY(pair.after.has_value());
        QCOMPARE(pair.after->values.size(), pair.before.values.size());
        const auto hits = session.search({m_items[0].contentHash}, "red dog", true, 1);
        QCOMPARE(hits.size(), std::size_t(1));
    }

    void embeddingsAreWritten()
    {
        const torch::NoGradGuard noGrad;
        writeEmbeddings(m_model.checkpoint, {m_items[0].file}, {"a dog"},
                        {.path = clip::PatchPath::Value, .withPatches = true}, path("out"));
        const tensor_io::SafetensorsFile out(path("out"));
        clip::ClipModel model = clip::loadClip(m_model.checkpoint);
        const torch::Tensor pixels =
            squarePixels(image::decodeImage(m_items[0].file), model->config());
        const auto expected = model->encodeImage(pixels.unsqueeze(0), clip::PatchPath::Value);
        QVERIFY(largestDifference(out.tensor("image_embeddings"),
                                  align::normalised(expected.global)) < 1e-5);
        QVERIFY(largestDifference(out.tensor("text_embeddings")[0], textVector(model, "a dog")) <
                1e-5);
        QCOMPARE(out.tensor("patches").sizes().vec(), (std::vector<std::int64_t>{1, 16, 32}));
    }

    void everyVocabularyFileCounts()
    {
        const std::string images = storeKey(m_model);
        std::string key = textKey(m_model.checkpoint);
        for (const char* name : {"tokenizer_config.json", "spiece.model"}) {
            std::ofstream(m_model.checkpoint / name, std::ios::app) << "\n";
            QVERIFY2(textKey(m_model.checkpoint) != key, name);
            key = textKey(m_model.checkpoint);
        }
        QCOMPARE(storeKey(m_model), images);
    }

    void foreignVocabularyIsRefused()
    {
        clip::ClipConfig config = clip::readClipConfig(m_model.checkpoint);
        config.text.vocabularySize = 60;
        try {
            (void)tokenizerFor(m_model.checkpoint, config);
            QFAIL("the highest id has no row");
        } catch (const FormatError& error) {
            QVERIFY2(QString(error.what()).contains("ids up to 399, but the text tower only rows"),
                     error.what());
        }
        fs::remove(m_model.checkpoint / "spiece.model");
        QVERIFY_EXCEPTION_THROWN((void)checkpointSummary(m_model.checkpoint), Error);
    }
};

QTEST_APPLESS_MAIN(TestSigLip)
#include "tst_siglip.moc"
