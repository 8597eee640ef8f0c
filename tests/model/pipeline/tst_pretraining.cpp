#include "model/pipeline/Pretraining.h"

#include "model/Error.h"
#include "model/clip/ClipConfig.h"
#include "model/clip/ClipWeights.h"

#include <QTemporaryDir>
#include <QtTest>

using namespace tagalign::model;
using namespace tagalign::model::pipeline;

namespace {

/// Dark and light pictures, told apart by their captions.
PretrainBatch batchOf(int count, int side)
{
    PretrainBatch batch;
    batch.prompts = {"dark", "light"};
    for (int i = 0; i < count; ++i) {
        const bool isLight = i % 2 == 1;
        batch.rgb.insert(batch.rgb.end(), std::size_t(side) * std::size_t(side) * 3,
                         isLight ? 220 : 30);
        batch.captions.emplace_back(isLight ? "a light picture" : "a dark picture");
        batch.classes.push_back({isLight ? 1 : 0});
    }
    return batch;
}

PretrainSettings tiny()
{
    PretrainSettings settings;
    settings.samples = 16;
    settings.batchSize = 4;
    settings.stages = {{0.5, 16}, {0.5, 24}};
    settings.merges = 200;
    return settings;
}

} // namespace

/// Training the small CLIP from scratch: stages, what is written, going on, stopping.
class TestPretraining : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void stagesFollowTheirShares();
    void checkpointHasTheLastSize();
    void halfOfThePatchesTeachToo();
    void goesOnFromItsOwnCheckpoint();
    void otherShapesAreRefused();
    void stopIsObeyed();

private:
    [[nodiscard]] std::filesystem::path folder(const char* name) const
    {
        return m_folder.filePath(name).toStdString();
    }

    /// Losses of each step.
    std::vector<double> train(const PretrainSettings& settings, const std::filesystem::path& to,
                              std::vector<std::size_t>* stages = nullptr) const;

    QTemporaryDir m_folder;
};

std::vector<double> TestPretraining::train(const PretrainSettings& settings,
                                           const std::filesystem::path& to,
                                           std::vector<std::size_t>* stages) const
{
    std::vector<double> losses;
    pretrainClip(
        settings,
        [&](int count, std::size_t stage) {
            if (stages != nullptr) {
                stages->push_back(stage);
            }
            return batchOf(count, settings.stages[stage].side);
        },
        to,
        [&](const PretrainEvent& event) {
            losses.push_back(event.classLoss);
            return Next::Continue;
        });
    return losses;
}

void TestPretraining::stagesFollowTheirShares()
{
    std::vector<std::size_t> stages;
    const auto losses = train(tiny(), folder("stages"), &stages);
    QCOMPARE(stages, std::vector<std::size_t>({0, 0, 1, 1}));
    QCOMPARE(losses.size(), std::size_t(4));
}

void TestPretraining::checkpointHasTheLastSize()
{
    (void)train(tiny(), folder("written"));
    QCOMPARE(clip::readClipConfig(folder("written")).vision.imageSize, 24);
    const auto accuracy = zeroShotAccuracy(folder("written"), batchOf(4, 24).rgb, 24,
                                           {"a dark picture", "a light picture"}, {0, 1, 0, 1});
    QVERIFY(accuracy.top1 >= 0.0 && accuracy.top5 == 1.0);
}

void TestPretraining::halfOfThePatchesTeachToo()
{
    PretrainSettings settings = tiny();
    settings.samples = 160;
    settings.stages = {{1.0, 32, 0.5}};
    const auto half = train(settings, folder("half"));
    QVERIFY(half.back() < half.front());
    settings.stages.front().kept = 1.0;
    const auto all = train(settings, folder("all"));
    QCOMPARE(half.size(), all.size());
    QVERIFY(half.front() != all.front()); // it really saw less
}

void TestPretraining::goesOnFromItsOwnCheckpoint()
{
    PretrainSettings settings = tiny();
    settings.samples = 160;
    settings.stages = {{1.0, 16}};
    const auto first = train(settings, folder("first"));
    QVERIFY(first.back() < first.front()); // dark and light are easy
    settings.samples = 4;
    settings.learningRate = 0.0;
    settings.from = folder("first");
    (void)train(settings, folder("second"));
    const auto prompts = std::vector<std::string>{"a dark picture", "a light picture"};
    const auto rgb = batchOf(4, 16).rgb;
    const std::vector<std::size_t> labels{0, 1, 0, 1};
    QCOMPARE(zeroShotAccuracy(folder("second"), rgb, 16, prompts, labels).top1,
             zeroShotAccuracy(folder("first"), rgb, 16, prompts, labels).top1);
}

void TestPretraining::otherShapesAreRefused()
{
    PretrainSettings settings = tiny();
    (void)train(settings, folder("small"));
    settings.from = folder("small");
    settings.stages = {{1.0, 32}};
    QVERIFY_EXCEPTION_THROWN((void)train(settings, folder("large")), Error);
    settings.from = folder("nowhere");
    QVERIFY_EXCEPTION_THROWN((void)train(settings, folder("untouched")), Error);
    QVERIFY(!std::filesystem::exists(folder("untouched")));
}

void TestPretraining::stopIsObeyed()
{
    const PretrainSettings settings = tiny();
    QVERIFY_EXCEPTION_THROWN(pretrainClip(
                                 settings,
                                 [&](int count, std::size_t stage) {
                                     return batchOf(count, settings.stages[stage].side);
                                 },
                                 folder("stopped"),
                                 [](const PretrainEvent&) { return Next::Stop; }),
                             Cancelled);
}

QTEST_GUILESS_MAIN(TestPretraining)
#include "tst_pretraining.moc"
