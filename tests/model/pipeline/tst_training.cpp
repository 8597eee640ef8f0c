#include "model/Error.h"
#include "model/align/HeadFile.h"
#include "model/clip/Device.h"
#include "model/pipeline/EvaluationScores.h"
#include "model/pipeline/StoreKey.h"
#include "model/pipeline/Training.h"
#include "model/pipeline/TrainingInput.h"
#include "model/tensor_io/FeatureStore.h"

#include "TinyCheckpoint.h"
#include "tests/model/MessageOf.h"

#include <nlohmann/json.hpp>

#include <QTemporaryDir>
#include <QtTest>

#include <algorithm>
#include <fstream>
#include <limits>
#include <memory>

using namespace tagalign::model;
using namespace tagalign::model::pipeline;
using tagalign::test::hashNumber;
using tagalign::test::messageOf;

namespace {

namespace fs = std::filesystem;

std::string bytesOf(const fs::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

nlohmann::json recordOf(const fs::path& run)
{
    return nlohmann::json::parse(bytesOf(run / "run.json"));
}

TrainSettings quickSettings()
{
    TrainSettings settings;
    settings.epochs = 3;
    settings.batchSize = 8;
    settings.device = pipeline::Device::Cpu;
    return settings;
}

/// Stops once the given epoch and step are reached.
OnTrain stopAt(int epoch, int step)
{
    return [=](const TrainEvent& event) {
        return event.epoch == epoch && event.step >= step ? Next::Stop : Next::Continue;
    };
}

} // namespace

class TestTraining : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    ModelFiles m_model;

    [[nodiscard]] fs::path path(const char* name) const
    {
        return fs::path(m_folder->path().toStdString()) / name;
    }

    void store(int number) const
    {
        const tensor_io::FeatureStore features(m_model.store, storeKey(m_model));
        const auto config = tagalign::test::tinyConfig();
        tensor_io::ImageFeatures entry;
        entry.rows = entry.columns = 4;
        entry.tokens = torch::randn({16, config.vision.width}).to(torch::kHalf);
        entry.global = torch::randn({config.embedDim}).to(torch::kHalf);
        features.put(hashNumber(number), entry);
    }

    /// 16 training and 6 validation images with features, and 2 test images without.
    [[nodiscard]] PilotData pilot() const
    {
        PilotData data;
        data.tags = {{"dog", tags::TagKind::Object, 1.0},
                     {"apple", tags::TagKind::Object, 1.0},
                     {"red", tags::TagKind::Attribute, 1.0},
                     {"old", tags::TagKind::Attribute, 2.0}};
        for (int i = 0; i < 24; ++i) {
            PilotImage image;
            image.file = "picture" + std::to_string(i) + ".jpg";
            image.contentHash = hashNumber(i);
            image.split = i < 16 ? Split::Train : i < 22 ? Split::Validation : Split::Test;
            image.captions = {i % 2 == 0 ? "a red dog" : "an old apple", "a picture"};
            image.targets = {{std::size_t(i % 2), 1.0, true}, {std::size_t(2 + i % 2), 0.9, false}};
            data.images.push_back(image);
        }
        return data;
    }

private Q_SLOTS:

    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        QVERIFY(m_folder->isValid());
        m_model = {path("checkpoint"), path("features"), clip::PatchPath::SelfValue};
        tagalign::test::writeTinyCheckpoint(m_model.checkpoint);
        for (int i = 0; i < 22; ++i)
            store(i);
    }

    void aRunLeavesHeadRecordAndMetrics_data()
    {
        QTest::addColumn<int>("head");
        for (const pipeline::HeadKind kind : align::kHeadKinds)
            QTest::newRow(nameOf(kind).c_str()) << int(kind);
    }

    void aRunLeavesHeadRecordAndMetrics()
    {
        QFETCH(int, head);
        auto settings = quickSettings();
        settings.head = pipeline::HeadKind(head);
        settings.epochs = 10;
        settings.learningRate = 2e-2; // noise features: it has to learn them by heart
        std::vector<TrainEvent> ends;
        const auto result =
            trainHead(m_model, pilot(), settings, path("run"), [&ends](const TrainEvent& event) {
                if (event.epochEnded)
                    ends.push_back(event);
                return Next::Continue;
            });
        QCOMPARE(ends.size(), std::size_t(10));
        QCOMPARE(ends.back().step, ends.back().steps);
        QCOMPARE(result.epochs.size(), std::size_t(10));
        QCOMPARE(result.trainImages, std::size_t(16));
        QVERIFY(result.bestEpoch >= 1 && result.bestEpoch <= 10);
        QVERIFY(result.epochs.back().train.objects < 0.9 * result.epochs.front().train.objects);
        QVERIFY(result.epochs.back().train.attributes <
                0.9 * result.epochs.front().train.attributes);
        QVERIFY(result.device.rfind("CPU", 0) == 0);

        const auto config = tagalign::test::tinyConfig();
        const auto loaded =
            align::loadHead(result.head, {config.vision.width, config.embedDim,
                                          checkpointFingerprint(m_model.checkpoint), "self-value"});
        QCOMPARE(int(loaded.head->kind()), head);

        const auto record = recordOf(path("run"));
        QCOMPARE(record.at("status").get<std::string>(), std::string("done"));
        QCOMPARE(record.at("data").at("train_images").get<int>(), 16);
        QCOMPARE(record.at("data").at("validation_images").get<int>(), 6);
        QCOMPARE(record.at("data").at("captions").get<int>(), 3); // different texts
        QCOMPARE(record.at("best_epoch").get<int>(), result.bestEpoch);
        QVERIFY(fs::exists(path("run") / "metrics.jsonl"));
    }

    void settingsComeBackFromJson()
    {
        TrainSettings settings = paperSettings();
        settings.tagObjective = pipeline::TagObjective::Asymmetric;
        settings.epochs = 7;
        settings.patience = 3;
        settings.learningRate = 0.0125;
        settings.seed = 99;
        settings.device = pipeline::Device::Cpu;
        QVERIFY(trainSettingsFromJson(toJson(settings)) == settings);
        QVERIFY(trainSettingsFromJson(toJson({})) == TrainSettings());
        // As earlier versions wrote them: what they did not know keeps its default.
        QVERIFY(trainSettingsFromJson(R"({"pooling": "lse", "head": "adapter"})") ==
                TrainSettings());
        for (const char* broken : {"{", "[]", "{}", R"({"head": "giant"})", R"({"epochs": "x"})"})
            QVERIFY_EXCEPTION_THROWN((void)trainSettingsFromJson(broken), FormatError);
    }

    void tooLittleMemoryHalvesTheBatch()
    {
        auto settings = quickSettings();
        settings.batchSize = 32;
        settings.epochs = 3;
        int failures = 0;
        const auto tight = [&failures](const TrainEvent& event) {
            // As a step that asks for too much, in the second epoch; steps of 16 fit.
            if (event.epoch == 2 && failures == 0) {
                ++failures;
                throw std::bad_alloc();
            }
            return Next::Continue;
        };
        const auto result = trainHead(m_model, pilot(), settings, path("run"), tight);
        QCOMPARE(result.epochs.size(), std::size_t(3)); // the first was kept
        QCOMPARE(result.cautions.size(), std::size_t(1));
        QVERIFY(result.cautions[0].find("batches of 32 images; 16 were used") != std::string::npos);
        QCOMPARE(recordOf(path("run")).at("batch_size_used").get<int>(), 16);
        // A run that ran out of memory goes on with what fitted.
        QVERIFY(trainHead(m_model, pilot(), settings, path("run"), {}).cautions.empty());
        QCOMPARE(recordOf(path("run")).at("batch_size_used").get<int>(), 16);

        const auto never = [](const TrainEvent& event) {
            return event.epoch > 0 ? throw std::bad_alloc() : Next::Continue;
        };
        QVERIFY(messageOf([&] {
                    trainHead(m_model, pilot(), settings, path("never"), never);
                }).contains("not enough memory to train with batches of 8 images"));
    }

    void titlesSayWhatIsUnusual()
    {
        QCOMPARE(titleOf({}), std::string("adapter"));
        TrainSettings settings;
        settings.head = pipeline::HeadKind::Projection;
        settings.tagObjective = pipeline::TagObjective::Sigmoid;
        settings.epochs = 6;
        QCOMPARE(titleOf(settings), std::string("projection, epochs 6, tag objective sigmoid"));
    }

    void headsKeepTheSharesThatValidationChose()
    {
        auto settings = quickSettings();
        const auto found = trainHead(m_model, pilot(), settings, path("run"), {});
        std::vector<const PilotImage*> validation;
        const PilotData data = pilot();
        for (const PilotImage& image : data.images) {
            if (image.split == pipeline::Split::Validation)
                validation.push_back(&image);
        }
        const auto info = align::loadHead(found.head).info;
        QVERIFY(info.shares == chooseShares(m_model, data.tags, validation, found.head, {}));
        settings.captionShare = 1.0; // the paper's: patches alone
        const auto paper = trainHead(m_model, pilot(), settings, path("paper"), {});
        QVERIFY(align::loadHead(paper.head).info.shares ==
                (align::ScoreShares{.objects = 1.0, .attributes = 1.0, .retrieval = 1.0}));
    }

    void testImagesAreNeverLookedAt()
    {
        // They have no features, so reading them would fail; what else is said of them changes.
        (void)trainHead(m_model, pilot(), quickSettings(), path("one"), {});
        auto changed = pilot();
        for (auto& image : changed.images) {
            if (image.split == Split::Test) {
                image.captions = {"a caption that only test images have"};
                image.targets = {{999, 7.0, true}};
            }
        }
        (void)trainHead(m_model, changed, quickSettings(), path("two"), {});
        const auto head = bytesOf(path("one") / "head.safetensors");
        QVERIFY(!head.empty());
        QVERIFY(bytesOf(path("two") / "head.safetensors") == head);
        QCOMPARE(fingerprintOf(m_model, changed), fingerprintOf(m_model, pilot()));

        // The same images as training images are missed: the check above can fail.
        for (auto& image : changed.images)
            image.split = Split::Train;
        QCOMPARE(trainHead(m_model, changed, quickSettings(), path("three"), {}).leftOut,
                 std::size_t(2));
    }

    void aPictureInTwoSplitsIsRefused_data()
    {
        QTest::addColumn<int>("place"); // of the image that gets picture 0's content
        QTest::addColumn<QString>("split");
        QTest::newRow("test") << 23 << "test";
        QTest::newRow("validation") << 18 << "validation";
    }

    /// Training pictures sneaked in among those that decide, under another name.
    void aPictureInTwoSplitsIsRefused()
    {
        QFETCH(int, place);
        QFETCH(QString, split);
        auto data = pilot();
        data.images[std::size_t(place)].contentHash = data.images[0].contentHash;
        const auto message =
            messageOf([&] { trainHead(m_model, data, quickSettings(), path("run"), {}); });
        QVERIFY2(message.contains("picture0.jpg (split \"train\")"), qPrintable(message));
        QVERIFY2(message.startsWith(QString("picture%1.jpg (split \"%2\")").arg(place).arg(split)),
                 qPrintable(message));
        QVERIFY(!fs::exists(path("run") / "head.safetensors"));
        // Twice in one split is no leak.
        data = pilot();
        data.images[1].contentHash = data.images[0].contentHash;
        QCOMPARE(trainHead(m_model, data, quickSettings(), path("twice"), {}).trainImages,
                 std::size_t(16));
    }

    void imagesWithoutFeaturesAreLeftOutAndNamed()
    {
        auto data = pilot();
        data.images[3].contentHash = hashNumber(700);  // training
        data.images[20].contentHash = hashNumber(701); // validation
        const auto result = trainHead(m_model, data, quickSettings(), path("run"), {});
        QCOMPARE(result.trainImages, std::size_t(15));
        QCOMPARE(result.leftOut, std::size_t(2));
        QCOMPARE(result.cautions.size(), std::size_t(1));
        const auto caution = QString::fromStdString(result.cautions[0]);
        QVERIFY2(caution.startsWith("2 images") && caution.contains("picture3.jpg"),
                 qPrintable(caution));
        QCOMPARE(recordOf(path("run")).at("data").at("left_out").get<int>(), 2);
        QVERIFY(trainHead(m_model, pilot(), quickSettings(), path("whole"), {}).cautions.empty());
        // With the features there after all, it is another training.
        QVERIFY(messageOf([&] {
                    trainHead(m_model, pilot(), quickSettings(), path("run"), {});
                }).contains("other settings or data"));
    }

    void tooFewImagesWithFeaturesAreRefused()
    {
        auto data = pilot();
        for (int i = 1; i < 16; ++i)
            data.images[std::size_t(i)].contentHash = hashNumber(700 + i);
        const auto message =
            messageOf([&] { trainHead(m_model, data, quickSettings(), path("run"), {}); });
        QVERIFY2(message.startsWith("picture1.jpg"), qPrintable(message));
        QVERIFY(!fs::exists(path("run") / "run.json"));
    }

    void anyFailureEndsTheRecord()
    {
        const OnTrain fail = [](const TrainEvent& event) {
            if (event.epoch == 2)
                throw std::length_error("too long");
            return Next::Continue;
        };
        QVERIFY_EXCEPTION_THROWN(trainHead(m_model, pilot(), quickSettings(), path("run"), fail),
                                 std::length_error);
        QCOMPARE(recordOf(path("run")).at("status").get<std::string>(), std::string("failed"));
        QVERIFY(!recordOf(path("run")).at("error").get<std::string>().empty());
    }

    void cancelledRunGoesOn()
    {
        const auto whole = trainHead(m_model, pilot(), quickSettings(), path("whole"), {});
        QVERIFY_EXCEPTION_THROWN(
            trainHead(m_model, pilot(), quickSettings(), path("part"), stopAt(2, 1)), Cancelled);
        QCOMPARE(recordOf(path("part")).at("status").get<std::string>(), std::string("cancelled"));
        int firstEpoch = 0;
        const auto rest = trainHead(m_model, pilot(), quickSettings(), path("part"),
                                    [&firstEpoch](const TrainEvent& event) {
                                        if (firstEpoch == 0)
                                            firstEpoch = event.epoch;
                                        return Next::Continue;
                                    });
        QCOMPARE(firstEpoch, 2);
        QCOMPARE(rest.bestEpoch, whole.bestEpoch);
        QVERIFY(bytesOf(rest.head) == bytesOf(whole.head));
        QCOMPARE(recordOf(path("part")).at("status").get<std::string>(), std::string("done"));
    }

    void stopsWhileTextsAreEmbedded()
    {
        QVERIFY_EXCEPTION_THROWN(
            trainHead(m_model, pilot(), quickSettings(), path("run"), stopAt(0, 0)), Cancelled);
        QVERIFY(!fs::exists(path("run") / "head.safetensors"));
    }

    void aRunIsNotOverwrittenByAnother()
    {
        (void)trainHead(m_model, pilot(), quickSettings(), path("run"), {});
        const auto record = bytesOf(path("run") / "run.json");
        auto other = quickSettings();
        other.learningRate = 1e-4;
        QVERIFY(messageOf([&] {
                    trainHead(m_model, pilot(), other, path("run"), {});
                }).contains("other settings or data"));
        auto changed = pilot();
        changed.images[0].targets[0].probability = 0.0;
        QVERIFY(messageOf([&] {
                    trainHead(m_model, changed, quickSettings(), path("run"), {});
                }).contains("other settings or data"));
        QVERIFY(bytesOf(path("run") / "run.json") == record);
    }

    void everyKindOfKnowledgeHasItsTarget()
    {
        PilotData data = pilot();
        data.images.resize(3);
        data.images[0].targets = {{0, 0.7, false}, {1, 0.3, false}, {3, 1.0, true}};
        data.images[1].targets = {
            {0, 0.0, true}, {0, 0.9, false}, {1, 0.3, false}, {1, 0.6, false}};
        data.images[2].targets = {{0, 0.0, true}, {0, 1.0, true}, {2, 0.2, false}, {2, 0.0, true}};
        TextEmbedding texts(m_model);
        const auto gathered = gatherTraining(m_model, data, TrainSettings(), texts, {});
        const auto expected = torch::tensor({{0.7F, 0.0F, 0.0F, 2.0F}, // weight 2 of "old"
                                             {0.0F, 0.6F, 0.0F, 0.0F},
                                             {1.0F, 0.0F, 0.0F, 0.0F}});
        QVERIFY(torch::equal(gathered.train.targets, expected));
        auto unknown = torch::zeros({3, 4}, torch::kBool);
        unknown[0][1] = true; // the only candidate nobody has looked at, below the threshold
        QVERIFY(torch::equal(gathered.train.unknown, unknown));
        QVERIFY(torch::equal(gathered.objects, torch::tensor({0, 1}, torch::kInt64)));
        QVERIFY(torch::equal(gathered.attributes, torch::tensor({2, 3}, torch::kInt64)));
        QCOMPARE(gathered.train.samples[0].captions, gathered.train.samples[2].captions);
        QVERIFY(gathered.train.samples[0].captions != gathered.train.samples[1].captions);
    }

    void rarerTagsAreLeftOut()
    {
        PilotData data = pilot();
        TextEmbedding texts(m_model);
        TrainSettings settings;
        const auto all = gatherTraining(m_model, data, settings, texts, {});
        settings.tagLimit = 1;
        const auto few = gatherTraining(m_model, data, settings, texts, {});
        for (const auto& columns : {all.objects, all.attributes}) {
            const auto counts = all.train.targets.gt(0).sum(0).index_select(0, columns);
            const auto kept = columns[counts.argmax()].item<std::int64_t>();
            for (std::int64_t i = 0; i < columns.size(0); ++i) {
                const auto column = columns[i].item<std::int64_t>();
                const auto targets = few.train.targets.select(1, column);
                if (column == kept) {
                    QVERIFY(torch::equal(targets, all.train.targets.select(1, column)));
                } else {
                    QCOMPARE(targets.sum().item<double>(), 0.0);
                    QVERIFY(few.train.unknown.select(1, column).all().item<bool>());
                }
            }
        }
        QVERIFY(torch::equal(few.validation.targets, all.validation.targets));
    }

    void unusableInputIsRefused()
    {
        const auto refused = [this](const PilotData& data, const TrainSettings& settings) {
            return messageOf([&] { trainHead(m_model, data, settings, path("run"), {}); });
        };
        auto data = pilot();
        data.images[0].targets = {{9, 1.0, true}};
        QVERIFY(refused(data, quickSettings()).contains("picture0.jpg"));
        data = pilot();
        data.tags[1].weight = 0.0;
        QVERIFY(refused(data, quickSettings()).contains("apple"));
        data = pilot();
        data.images.resize(1);
        QVERIFY(refused(data, quickSettings()).contains("at least 2"));
        auto settings = quickSettings();
        settings.confidenceThreshold = 1.5;
        QVERIFY(refused(pilot(), settings).contains("confidence threshold"));
        settings = quickSettings();
        settings.epochs = 0;
        QVERIFY(refused(pilot(), settings).contains("epochs"));
        if (!clip::loadCuda().isUsable) {
            settings = quickSettings();
            settings.device = pipeline::Device::Cuda;
            QVERIFY(refused(pilot(), settings).contains("no GPU"));
        }
        QVERIFY(!fs::exists(path("run") / "head.safetensors"));
    }
};

QTEST_APPLESS_MAIN(TestTraining)
#include "tst_training.moc"
