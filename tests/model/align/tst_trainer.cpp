#include "model/align/Batches.h"
#include "model/align/TrainBench.h"
#include "model/align/TrainRun.h"
#include "model/clip/Device.h"
#include "tests/model/MessageOf.h"
#include "tests/model/align/SyntheticData.h"

#include <nlohmann/json.hpp>

#include <QTemporaryDir>
#include <QtTest>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <set>

using namespace tagalign::model;
using namespace tagalign::model::align;
using tagalign::test::messageOf;
using tagalign::tests::syntheticData;
using tagalign::tests::SyntheticSize;

namespace {

namespace fs = std::filesystem;

TrainerSettings quickSettings()
{
    TrainerSettings settings;
    settings.epochs = 4;
    settings.batchSize = 16;
    settings.learningRate = 1e-2;
    return settings;
}

Trainer makeTrainer(const TrainingData& data, const TrainerSettings& settings,
                    HeadKind kind = HeadKind::Adapter)
{
    return Trainer(makeHead(kind, data.projection, settings.seed), data, settings, torch::kCPU);
}

std::vector<std::string> linesOf(const fs::path& file)
{
    std::ifstream stream(file);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);)
        lines.push_back(line);
    return lines;
}

std::string bytesOf(const fs::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

bool sameWeights(Head& a, Head& b)
{
    const auto left = a.parameters();
    const auto right = b.parameters();
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](const auto& x, const auto& y) { return torch::equal(x, y); });
}

/// Stops at the given call.
OnStep stopAt(int epoch, int step)
{
    return [=](const StepReport& report) {
        return report.epoch == epoch && report.step == step ? Next::Stop : Next::Continue;
    };
}

} // namespace

class TestTrainer : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;

    [[nodiscard]] RunPlan plan(const char* name = "run", const std::string& key = "k") const
    {
        RunPlan plan;
        plan.folder = fs::path(m_folder->path().toStdString()) / name;
        plan.info.checkpoint = "tower";
        plan.key = key;
        return plan;
    }

private Q_SLOTS:

    void initTestCase() { (void)clip::loadCuda(); } // before the first seed

    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        QVERIFY(m_folder->isValid());
    }

    void batchesHoldEveryImageOnce()
    {
        const auto batches = shuffledBatches(65, 32, 3, 1);
        QCOMPARE(batches.size(), std::size_t(3));
        std::multiset<std::int64_t> seen;
        for (const auto& batch : batches) {
            QVERIFY(batch.size() >= 21 && batch.size() <= 22); // no tiny last batch
            seen.insert(batch.begin(), batch.end());
        }
        QCOMPARE(seen.size(), std::size_t(65));
        QCOMPARE(std::set(seen.begin(), seen.end()).size(), std::size_t(65));
        QVERIFY(shuffledBatches(65, 32, 3, 1) == batches);
        QVERIFY(shuffledBatches(65, 32, 3, 2) != batches);
        QVERIFY(shuffledBatches(65, 32, 4, 1) != batches);
        QVERIFY(shuffledBatches(0, 32, 3, 1).empty());
    }

    void everyCaptionIsDrawnInTime()
    {
        SampleSet set;
        set.samples.resize(2);
        set.samples[0].captions = {4, 5, 6};
        std::set<std::int64_t> drawn;
        for (int epoch = 1; epoch <= 40; ++epoch) {
            const auto captions = drawCaptions(set, {0, 1}, 9, epoch);
            drawn.insert(captions[0]);
            QCOMPARE(captions[1], std::int64_t(-1)); // it has none
        }
        QVERIFY(drawn == std::set<std::int64_t>({4, 5, 6}));
        QCOMPARE(drawCaptions(set, {0}, 9, 0)[0], std::int64_t(4));
    }

    void chunksKeepToOneGridAndTheBudget()
    {
        SampleSet set;
        set.samples.resize(7);
        for (std::size_t i = 0; i < 7; ++i) {
            set.samples[i].rows = i % 2 == 0 ? 2 : 3;
            set.samples[i].columns = 5;
        }
        Indices batch{0, 1, 2, 3, 4, 5, 6};
        const auto chunks = chunksOf(set, batch, 1.0, 31.0); // three images of 10, two of 15
        QVERIFY(batch == Indices({0, 2, 4, 6, 1, 3, 5}));
        QVERIFY(chunks == std::vector<Indices>({{0, 2, 4}, {6}, {1, 3}, {5}}));
        QCOMPARE(chunksOf(set, batch, 1e9, 1.0).size(), std::size_t(7)); // one at a time
    }

    void trainingLearnsTheTask_data()
    {
        QTest::addColumn<int>("kind");
        QTest::addColumn<int>("pooling");
        QTest::addColumn<int>("objective");
        for (const HeadKind kind : kHeadKinds)
            QTest::newRow(nameOf(kind).c_str())
                << int(kind) << int(TagPooling::LogSumExp) << int(TagObjective::Softmax);
        for (const TagPooling pooling : {TagPooling::Mean, TagPooling::TopK})
            QTest::newRow(("adapter, " + nameOf(pooling)).c_str())
                << int(HeadKind::Adapter) << int(pooling) << int(TagObjective::Softmax);
        for (const TagObjective objective : {TagObjective::Sigmoid, TagObjective::Asymmetric})
            QTest::newRow(("adapter, " + nameOf(objective)).c_str())
                << int(HeadKind::Adapter) << int(TagPooling::LogSumExp) << int(objective);
    }

    void trainingLearnsTheTask()
    {
        QFETCH(int, kind);
        QFETCH(int, pooling);
        QFETCH(int, objective);
        auto settings = quickSettings();
        settings.objective = TagObjective(objective);
        settings.epochs = 20;
        settings.learningRate = 3e-2;
        settings.pullWeight = 0.1;
        settings.pooling = TagPooling(pooling);
        auto trainer = makeTrainer(syntheticData({}, 1), settings, HeadKind(kind));
        const auto before = trainer.validate({});
        const EpochReport first = trainer.runEpoch({});
        EpochReport last;
        while (trainer.epoch() < settings.epochs)
            last = trainer.runEpoch({});
        QVERIFY(last.train.total < 0.7 * first.train.total);
        QVERIFY(last.train.objects < first.train.objects);
        QVERIFY(last.train.attributes < first.train.attributes);
        QVERIFY(last.validation.total < before.validation.total);
        QVERIFY(before.tagMap() && last.tagMap());
        QVERIFY(*last.tagMap() > *before.tagMap() + 0.1);
        QVERIFY(before.validation.pull < 1e-6); // the start is the frozen model
        QVERIFY(last.validation.pull > 1e-3);
        QVERIFY(last.tagTemperature >= 0.0099 && last.tagTemperature != before.tagTemperature);
    }

    void jointSoftmaxIsThePapersLoss()
    {
        auto data = syntheticData({}, 1);
        auto settings = quickSettings();
        settings.groups = TagGroups::Joint;
        settings.pooling = TagPooling::Mean;
        settings.captionShare = 1.0;
        settings.batchSize = 64; // one batch: the mean over images is the official one
        auto trainer = makeTrainer(data, settings);
        const LossParts found = trainer.validate({}).validation;
        std::vector<torch::Tensor> means, texts;
        for (const Sample& sample : data.validation.samples) {
            means.push_back(project(sample.tokens.to(torch::kFloat32), data.projection).mean(0));
            texts.push_back(data.captionEmbeddings[sample.captions.front()]);
        }
        const auto patches = torch::stack(means).unsqueeze(1);
        const auto scale = torch::full({}, 1.0 / settings.startTemperature);
        const auto expected =
            tagLoss(poolTags(patches, data.tagEmbeddings, TagPooling::Mean, 1.0),
                    data.validation.targets, torch::zeros_like(data.validation.unknown), scale);
        QVERIFY(std::abs(found.objects + found.attributes - expected.item<double>()) < 1e-5);
        QVERIFY(found.objects > 0.0 && found.attributes > 0.0);
        // Two images that share a caption are no negatives of each other.
        std::vector<std::int64_t> ids;
        for (const Sample& sample : data.validation.samples)
            ids.push_back(sample.captions.front());
        const auto caption = infoNce(patches.squeeze(1), torch::stack(texts), scale,
                                     torch::tensor(ids, torch::kInt64));
        QVERIFY(std::abs(found.caption - caption.item<double>()) < 1e-5);
    }

    void trainingEndsWhereNothingBetterComes()
    {
        auto settings = quickSettings();
        settings.epochs = 20;
        settings.patience = 3;
        settings.learningRate = 1e-12; // nothing moves
        auto trainer = makeTrainer(syntheticData({}, 3), settings);
        const auto outcome = runTraining(trainer, plan(), {});
        QCOMPARE(outcome.bestEpoch, 1);
        QCOMPARE(outcome.epochs.size(), std::size_t(4));
        auto again = makeTrainer(syntheticData({}, 3), settings);
        QCOMPARE(
            runTraining(again, plan(), [](const StepReport&) { return Next::Stop; }).epochs.size(),
            std::size_t(4)); // over: only read
    }

    void pullKeepsTheHeadNearer()
    {
        const auto distance = [](double weight) {
            auto settings = quickSettings();
            settings.pullWeight = weight;
            auto trainer = makeTrainer(syntheticData({}, 1), settings);
            EpochReport report;
            while (trainer.epoch() < settings.epochs)
                report = trainer.runEpoch({});
            return report.validation.pull;
        };
        QVERIFY(distance(50.0) < 0.5 * distance(0.0));
    }

    void unusedLossHasNoInfluence()
    {
        auto settings = quickSettings();
        settings.objectWeight = 0.0;
        const auto data = syntheticData({}, 1);
        auto changed = data;
        changed.train.targets = data.train.targets.clone();
        changed.train.targets.slice(1, 0, 6).copy_(data.train.targets.slice(1, 0, 6).flip(0));
        auto one = makeTrainer(data, settings);
        auto two = makeTrainer(changed, settings);
        (void)one.runEpoch({});
        (void)two.runEpoch({});
        QVERIFY(sameWeights(one.head(), two.head()));
    }

    void sameSeedSameBits()
    {
        const auto data = syntheticData({}, 2);
        const auto trained = [&data](std::uint64_t seed) {
            auto settings = quickSettings();
            settings.seed = seed;
            auto head = makeHead(HeadKind::GatedConv, data.projection, 1);
            Trainer trainer(head, data, settings, torch::kCPU);
            (void)trainer.runEpoch({});
            (void)trainer.runEpoch({});
            return head;
        };
        const auto head = trained(1);
        QVERIFY(sameWeights(*head, *trained(1)));
        QVERIFY(!sameWeights(*head, *trained(2)));
    }

    void interruptedRunEndsInTheSameBits_data()
    {
        QTest::addColumn<int>("kind");
        QTest::addColumn<int>("objective");
        for (const HeadKind kind : kHeadKinds)
            QTest::newRow(nameOf(kind).c_str()) << int(kind) << int(TagObjective::Softmax);
        QTest::newRow("with a bias") << int(HeadKind::Adapter) << int(TagObjective::Sigmoid);
    }

    void interruptedRunEndsInTheSameBits()
    {
        QFETCH(int, kind);
        QFETCH(int, objective);
        const auto data = syntheticData({}, 3);
        auto settings = quickSettings();
        settings.objective = TagObjective(objective);
        auto whole = makeTrainer(data, settings, HeadKind(kind));
        const auto expected = runTraining(whole, plan("whole"), {});
        QCOMPARE(expected.epochs.size(), std::size_t(4));

        for (const auto& [epoch, step] : {std::pair{1, 1}, {3, 2}, {3, 3}}) { // 3 steps an epoch
            auto part = makeTrainer(data, settings, HeadKind(kind));
            QVERIFY_EXCEPTION_THROWN(runTraining(part, plan("part"), stopAt(epoch, step)),
                                     Cancelled);
        }
        auto rest = makeTrainer(data, settings, HeadKind(kind));
        const auto found = runTraining(rest, plan("part"), {});
        QCOMPARE(found.epochs.size(), expected.epochs.size());
        QCOMPARE(found.bestEpoch, expected.bestEpoch);
        QCOMPARE(bytesOf(found.head), bytesOf(expected.head));
        QVERIFY(!bytesOf(found.head).empty());
        for (std::size_t i = 0; i < expected.epochs.size(); ++i) {
            QCOMPARE(found.epochs[i].train.total, expected.epochs[i].train.total);
            QCOMPARE(found.epochs[i].validation.total, expected.epochs[i].validation.total);
        }
        QVERIFY(sameWeights(rest.head(), whole.head()));
    }

    void finishedRunIsOnlyRead()
    {
        const auto data = syntheticData({}, 3);
        auto first = makeTrainer(data, quickSettings());
        const auto expected = runTraining(first, plan(), {});
        auto second = makeTrainer(data, quickSettings());
        int calls = 0;
        const auto found = runTraining(second, plan(), [&calls](const StepReport&) {
            ++calls;
            return Next::Continue;
        });
        QCOMPARE(calls, 0);
        QCOMPARE(found.bestEpoch, expected.bestEpoch);
        QCOMPARE(found.epochs.size(), expected.epochs.size());
        QVERIFY(fs::file_size(plan().folder / "checkpoint.safetensors") < 10'000);
    }

    void filesOfARunTellItsStory()
    {
        auto trainer = makeTrainer(syntheticData({}, 3), quickSettings());
        const auto outcome = runTraining(trainer, plan(), {});
        const auto lines = linesOf(plan().folder / "metrics.jsonl");
        QCOMPARE(lines.size(), std::size_t(4));
        double best = -1.0;
        int bestEpoch = 0;
        for (const auto& line : lines) {
            const auto json = nlohmann::json::parse(line);
            const double map = 0.5 * (json.at("object_map").get<double>() +
                                      json.at("attribute_map").get<double>());
            if (map > best) {
                best = map;
                bestEpoch = json.at("epoch");
                QVERIFY(json.at("best").get<bool>());
            } else {
                QVERIFY(!json.at("best").get<bool>());
            }
        }
        QCOMPARE(outcome.bestEpoch, bestEpoch);
        QVERIFY(outcome.start.hasValidation);
        const auto loaded = loadHead(outcome.head, {24, 12, "tower"});
        QCOMPARE(int(loaded.head->kind()), int(HeadKind::Adapter));
        for (const auto& entry : fs::directory_iterator(plan().folder))
            QVERIFY(entry.path().extension() != ".part");
    }

    void otherRunInTheFolderIsRefused()
    {
        const auto data = syntheticData({}, 3);
        auto first = makeTrainer(data, quickSettings());
        (void)runTraining(first, plan(), {});
        const auto head = bytesOf(plan().folder / "head.safetensors");
        auto other = makeTrainer(data, quickSettings());
        const auto message =
            messageOf([&] { (void)runTraining(other, plan("run", "another key"), {}); });
        QVERIFY(message.contains("other settings or data"));
        QCOMPARE(bytesOf(plan().folder / "head.safetensors"), head);
    }

    void lostHeadIsNoticed()
    {
        const auto data = syntheticData({}, 3);
        auto first = makeTrainer(data, quickSettings());
        (void)runTraining(first, plan(), {});
        fs::remove(plan().folder / "head.safetensors");
        QVERIFY(messageOf([&] { requireContinuable(plan()); }).contains("head is gone"));
    }

    void damagedCheckpointIsRefused()
    {
        const auto data = syntheticData({}, 3);
        auto first = makeTrainer(data, quickSettings());
        QVERIFY_EXCEPTION_THROWN(runTraining(first, plan(), stopAt(2, 1)), Cancelled);
        const auto file = plan().folder / "checkpoint.safetensors";
        const auto whole = bytesOf(file);
        std::ofstream(file, std::ios::binary) << whole.substr(0, whole.size() / 2);
        auto second = makeTrainer(data, quickSettings());
        const auto message = messageOf([&] { (void)runTraining(second, plan(), {}); });
        QVERIFY(message.contains("checkpoint.safetensors"));
    }

    void foreignMomentsAreRefused()
    {
        auto trainer = makeTrainer(syntheticData({}, 3), quickSettings());
        (void)trainer.runEpoch({});
        auto state = trainer.state();
        const auto refusal = [&](const std::string& name, const torch::Tensor& tensor) {
            const auto tensorOf = [&](const std::string& wanted) {
                const auto found = std::find_if(state.begin(), state.end(), [&](const auto& each) {
                    return each.first == wanted;
                });
                return wanted == name ? tensor
                                      : (found == state.end() ? torch::Tensor() : found->second);
            };
            return messageOf([&] { trainer.restore(1, tensorOf); });
        };
        const auto integers =
            trainer.head().named_parameters()["down.bias"].detach().to(torch::kInt32);
        QVERIFY(refusal("", {}).isEmpty());
        QVERIFY(refusal("head.down.bias", integers).contains("head.down.bias"));
        QVERIFY(refusal("adam.step.head.down.bias", torch::ones({2}, torch::kInt64))
                    .contains("adam.step.head.down.bias"));
    }

    void notANumberStopsAndKeepsTheBestHead()
    {
        auto settings = quickSettings();
        auto trainer = makeTrainer(syntheticData({}, 3), settings);
        const auto poison = [&trainer](const StepReport& report) {
            if (report.ended != nullptr && report.epoch == 2) {
                torch::NoGradGuard noGrad;
                trainer.head().parameters().front().fill_(std::nan(""));
            }
            return Next::Continue;
        };
        const auto message = messageOf([&] { (void)runTraining(trainer, plan(), poison); });
        QVERIFY2(message.contains("epoch 3, step 1"), qPrintable(message));
        QVERIFY(message.contains("is kept"));
        const auto loaded = loadHead(plan().folder / "head.safetensors");
        for (const auto& parameter : loaded.head->parameters())
            QVERIFY(parameter.isfinite().all().item<bool>());
        QCOMPARE(linesOf(plan().folder / "metrics.jsonl").size(), std::size_t(2));
    }

    void badFeaturesStopBeforeAnyHead()
    {
        auto data = syntheticData({}, 3);
        data.train.samples[5].tokens = torch::full_like(data.train.samples[5].tokens, std::nan(""));
        auto trainer = makeTrainer(data, quickSettings());
        const auto message = messageOf([&] { (void)runTraining(trainer, plan(), {}); });
        QVERIFY(message.contains("epoch 1"));
        QVERIFY(message.contains("no head yet"));
        QVERIFY(!fs::exists(plan().folder / "head.safetensors"));
    }

    void withoutValidationTheLastEpochCounts()
    {
        auto trainer = makeTrainer(syntheticData({.validation = 0}, 3), quickSettings());
        const auto outcome = runTraining(trainer, plan(), {});
        QCOMPARE(outcome.bestEpoch, 4);
        QVERIFY(!outcome.epochs.back().hasValidation);
        QVERIFY(!outcome.epochs.back().tagMap());
    }

    void picturesOfDifferentShapesShareABatch()
    {
        auto data = syntheticData({}, 3);
        for (std::size_t i = 0; i < data.train.samples.size(); i += 3) {
            auto& sample = data.train.samples[i];
            sample.tokens = sample.tokens.slice(0, 0, 10);
            sample.rows = 2;
            sample.columns = 5;
        }
        auto trainer = makeTrainer(data, quickSettings(), HeadKind::GatedConv);
        const auto first = trainer.runEpoch({});
        (void)trainer.runEpoch({});
        QVERIFY(trainer.runEpoch({}).train.total < first.train.total);
    }

    void imagesWithoutCaptionsOrTagsAreNoTrouble()
    {
        auto data = syntheticData({}, 3);
        for (auto& sample : data.train.samples)
            sample.captions.clear();
        data.train.targets = torch::zeros_like(data.train.targets);
        auto trainer = makeTrainer(data, quickSettings());
        const auto report = trainer.runEpoch({});
        QCOMPARE(report.train.caption, 0.0);
        QCOMPARE(report.train.objects, 0.0);
        QVERIFY(std::isfinite(report.train.total));
    }

    void refusesUnusableSettings_data()
    {
        QTest::addColumn<QString>("name");
        for (const char* name : {"epochs", "batch size", "learning rate", "gradient clip", "kappa",
                                 "pull weight", "start temperature", "patience", "caption share"})
            QTest::newRow(name) << QString(name);
    }

    void refusesUnusableSettings()
    {
        QFETCH(QString, name);
        TrainerSettings settings;
        if (name == "epochs")
            settings.epochs = 0;
        else if (name == "batch size")
            settings.batchSize = 1;
        else if (name == "learning rate")
            settings.learningRate = std::nan("");
        else if (name == "gradient clip")
            settings.clipNorm = 0.0;
        else if (name == "kappa")
            settings.kappa = -1.0;
        else if (name == "pull weight")
            settings.pullWeight = -0.5;
        else if (name == "patience")
            settings.patience = -1;
        else if (name == "caption share")
            settings.captionShare = 1.01;
        else
            settings.startTemperature = 0.0;
        const auto data = syntheticData({}, 3);
        QVERIFY_EXCEPTION_THROWN(makeTrainer(data, settings), RangeError);
        QVERIFY(messageOf([&] { makeTrainer(data, settings); }).contains(name));
    }

    void refusesUnusableData()
    {
        const auto whole = syntheticData({}, 3);
        auto one = whole;
        one.train.samples.resize(1);
        QVERIFY(messageOf([&] { makeTrainer(one, quickSettings()); }).contains("at least 2"));
        auto narrow = whole;
        narrow.train.samples[3].tokens = torch::zeros({16, 23});
        QVERIFY_EXCEPTION_THROWN(makeTrainer(narrow, quickSettings()), ShapeError);
        auto tags = whole;
        tags.train.targets = torch::zeros({48, 3});
        QVERIFY_EXCEPTION_THROWN(makeTrainer(tags, quickSettings()), ShapeError);
        const auto other = syntheticData({.width = 32}, 3);
        QVERIFY_EXCEPTION_THROWN(Trainer(makeHead(HeadKind::Adapter, other.projection, 1), whole,
                                         quickSettings(), torch::kCPU),
                                 ShapeError);
    }

    void gpuLearnsTheSame_data()
    {
        QTest::addColumn<int>("kind");
        QTest::addColumn<bool>("isBFloat16");
        for (const HeadKind kind : kHeadKinds) {
            for (const bool isBFloat16 : {false, true})
                QTest::addRow("%s %s", nameOf(kind).c_str(), isBFloat16 ? "bf16" : "fp32")
                    << int(kind) << isBFloat16;
        }
    }

    void gpuLearnsTheSame()
    {
        QFETCH(int, kind);
        QFETCH(bool, isBFloat16);
        if (!clip::loadCuda().isUsable)
            QSKIP(clip::loadCuda().reason.c_str());
        const auto data = syntheticData({}, 3);
        const auto settings = quickSettings();
        const auto trainerOn = [&](torch::Device device, torch::Dtype type) {
            return Trainer(makeHead(HeadKind(kind), data.projection, settings.seed), data, settings,
                           device, type);
        };
        auto cpu = trainerOn(torch::kCPU, torch::kFloat32);
        auto gpu = trainerOn(torch::kCUDA, isBFloat16 ? torch::kBFloat16 : torch::kFloat32);
        QVERIFY(gpu.validate({}).validation.pull < 1e-6); // the start is the frozen model here too
        EpochReport expected, found;
        while (gpu.epoch() < settings.epochs) {
            expected = cpu.runEpoch({});
            found = gpu.runEpoch({});
        }
        const double tolerance = isBFloat16 ? 0.05 : 0.005;
        QVERIFY(std::abs(found.train.total / expected.train.total - 1.0) < tolerance);
        QVERIFY(std::abs(found.validation.total / expected.validation.total - 1.0) < tolerance);
        QVERIFY(std::abs(*found.tagMap() - *expected.tagMap()) < (isBFloat16 ? 0.05 : 0.01));
        for (const auto& [name, tensor] : gpu.state())
            QVERIFY2(tensor.is_cpu() && tensor.isfinite().all().item<bool>(), name.c_str());
    }

    void gpuRunGoesOnAfterItsLastEpoch()
    {
        if (!clip::loadCuda().isUsable)
            QSKIP(clip::loadCuda().reason.c_str());
        const auto data = syntheticData({}, 3);
        const auto trainer = [&] {
            return Trainer(makeHead(HeadKind::GatedConv, data.projection, 1), data, quickSettings(),
                           torch::kCUDA, torch::kBFloat16);
        };
        auto whole = trainer();
        (void)whole.runEpoch({});
        const auto state = whole.state();
        auto resumed = trainer();
        resumed.restore(1, [&state](const std::string& name) {
            for (const auto& [key, tensor] : state) {
                if (key == name)
                    return tensor;
            }
            return torch::Tensor();
        });
        const double expected = whole.runEpoch({}).train.total;
        QVERIFY(std::abs(resumed.runEpoch({}).train.total / expected - 1.0) < 0.01);
    }

    void benchTrainsEveryHead()
    {
        const auto rates = stepRates({.tokenWidth = 16,
                                      .embeddingWidth = 8,
                                      .gridSide = 3,
                                      .objects = 5,
                                      .attributes = 4,
                                      .batchSize = 4,
                                      .steps = 2,
                                      .epochs = 1});
        QCOMPARE(rates.size(), kHeadKinds.size());
        for (const StepRate& rate : rates)
            QVERIFY(rate.stepsPerSecond > 0.0 && rate.flopsPerSecond > 0.0);
        QVERIFY_EXCEPTION_THROWN((void)stepRates({.steps = 0}), RangeError);
        QVERIFY_EXCEPTION_THROWN((void)stepRates({.objects = 2}), RangeError);
    }
};

QTEST_APPLESS_MAIN(TestTrainer)
#include "tst_trainer.moc"
