#include "TinyCheckpoint.h"

#include "model/Error.h"
#include "model/image/Decode.h"
#include "model/image/Preprocess.h"
#include "model/pipeline/BoundedQueue.h"
#include "model/pipeline/EncodeBench.h"
#include "model/pipeline/Encoding.h"
#include "model/pipeline/StoreKey.h"
#include "model/tensor_io/FeatureStore.h"

#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QTest>

#include <fstream>
#include <set>
#include <thread>

using namespace tagalign;
using namespace tagalign::model;
using namespace tagalign::model::pipeline;

namespace {

constexpr int kImages = 12;
const EncodeSettings kPlain{4, Precision::Float32, 2};

void cutInHalf(const std::filesystem::path& file)
{
    std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
}

std::vector<std::filesystem::path> entriesOf(const std::filesystem::path& store)
{
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(store)) {
        if (entry.path().extension() == ".safetensors") {
            files.push_back(entry.path());
        }
    }
    return files;
}

} // namespace

class TestEncoding : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_shared;
    std::unique_ptr<QTemporaryDir> m_folder;
    ModelFiles m_model;

    [[nodiscard]] std::filesystem::path path(const char* name) const
    {
        return m_folder->filePath(QString::fromUtf8(name)).toStdString();
    }

    [[nodiscard]] std::vector<EncodeItem> pictures(int count) const
    {
        std::vector<EncodeItem> items;
        for (int i = 0; i < count; ++i) {
            const std::string name = "picture" + std::to_string(i) + ".png";
            const auto file = test::writePicture(path("images") / name, i);
            items.push_back({file, test::hashOf(file)});
        }
        return items;
    }

private Q_SLOTS:

    void initTestCase()
    {
        m_model.checkpoint = m_shared.filePath("checkpoint").toStdString();
        test::writeTinyCheckpoint(m_model.checkpoint);
    }

    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_model.store = path("features");
        m_model.patchPath = clip::PatchPath::SelfValue;
    }

    void storedFeaturesAreTheTowers()
    {
        const std::vector<EncodeItem> items = pictures(kImages);
        const EncodeReport report = encodeImages(m_model, items, kPlain, {});
        QCOMPARE(report.encoded, std::size_t(kImages));
        QCOMPARE(report.reused, std::size_t(0));
        QVERIFY(report.problems.empty());
        QVERIFY(report.seconds > 0.0);

        clip::ClipModel model = clip::loadClip(m_model.checkpoint);
        model->eval();
        const torch::InferenceMode guard;
        const tensor_io::FeatureStore store(m_model.store, storeKey(m_model));
        const auto& vision = model->config().vision;
        for (const EncodeItem& item : items) {
            const image::Normalisation normalisation{model->config().mean,
                                                     model->config().deviation};
            const torch::Tensor pixels = image::preprocessCrop(
                image::decodeImage(item.file), int(vision.imageSize), normalisation);
            const clip::VisionOutput expected =
                model->encodeImage(pixels.unsqueeze(0), m_model.patchPath);
            const auto features = store.get(item.contentHash);
            QVERIFY(features.has_value());
            QCOMPARE(features->rows, std::int64_t(4));
            QCOMPARE(features->columns, std::int64_t(4));
            QCOMPARE(features->tokens.scalar_type(), torch::kHalf);
            // fp16 keeps 11 bits.
            QVERIFY(torch::allclose(features->tokens.to(torch::kFloat), expected.tokens[0], 2e-3,
                                    2e-3));
            QVERIFY(torch::allclose(features->global.to(torch::kFloat), expected.global[0], 2e-3,
                                    2e-3));
        }
    }

    void badImagesAreListedInOrderAndTheRestGoesOn()
    {
        std::vector<EncodeItem> items = pictures(5);
        cutInHalf(items[1].file);
        std::ofstream(items[3].file) << "not a picture";
        items[1].contentHash = test::hashOf(items[1].file);
        items[3].contentHash = test::hashOf(items[3].file);
        items.push_back({path("images") / "missing.png", test::hashNumber(77)});
        items.push_back({items[0].file, "no hash"});
        const EncodeReport report = encodeImages(m_model, items, kPlain, {});
        QCOMPARE(report.encoded, std::size_t(3));
        QCOMPARE(report.problems.size(), std::size_t(4));
        const std::vector<std::size_t> bad{1, 3, 5, 6};
        for (std::size_t i = 0; i < bad.size(); ++i) {
            const EncodeProblem& problem = report.problems[i];
            QCOMPARE(problem.file, items[bad[i]].file);
            QVERIFY(problem.message.find(problem.file.filename().string()) != std::string::npos);
        }
        QVERIFY(report.problems[0].message.find("truncated or damaged PNG") != std::string::npos);
        QVERIFY(report.problems[2].message.find("does not exist") != std::string::npos);
        // Still bad the second time, and nothing is encoded twice.
        const EncodeReport again = encodeImages(m_model, items, kPlain, {});
        QCOMPARE(again.encoded, std::size_t(0));
        QCOMPARE(again.reused, std::size_t(3));
        QCOMPARE(again.problems.size(), std::size_t(4));
    }

    void fileEditedAfterImportIsNotStoredAsItWas()
    {
        const std::vector<EncodeItem> items = pictures(3);
        test::writePicture(items[1].file, 99);
        const EncodeReport report = encodeImages(m_model, items, kPlain, {});
        QCOMPARE(report.encoded, std::size_t(2));
        QCOMPARE(report.problems.size(), std::size_t(1));
        QCOMPARE(report.problems[0].message,
                 items[1].file.string() + ": changed since it was imported; import it again");
        const tensor_io::FeatureStore store(m_model.store, storeKey(m_model));
        QVERIFY(!store.contains(items[1].contentHash));
    }

    void cancelledCallContinuesWhereItStopped()
    {
        constexpr int kMany = 40; // more than the queues hold, as those are still written
        const std::vector<EncodeItem> items = pictures(kMany);
        const EncodeSettings small{2, Precision::Float32, 2};
        QElapsedTimer sinceStop;
        const OnProgress stopAfterFour = [&](const Progress& progress) {
            if (progress.done < 4) {
                return Next::Continue;
            }
            sinceStop.start();
            return Next::Stop;
        };
        QVERIFY_EXCEPTION_THROWN(encodeImages(m_model, items, small, stopAfterFour), Cancelled);
        qInfo("%lld ms from the answer to the end", static_cast<long long>(sinceStop.elapsed()));
        QVERIFY(sinceStop.elapsed() < 1000); // goal 200 ms; machines are noisy
        const std::size_t kept = entriesOf(m_model.store).size();
        QVERIFY(kept >= 4 && kept < kMany);

        const EncodeReport report = encodeImages(m_model, items, small, {});
        QCOMPARE(report.reused, kept);
        QCOMPARE(report.encoded + report.reused, std::size_t(kMany));
    }

    void cancelBeforeTheFirstImageIsAnswered()
    {
        const OnProgress stop = [](const Progress&) { return Next::Stop; };
        QVERIFY_EXCEPTION_THROWN(encodeImages(m_model, pictures(3), kPlain, stop), Cancelled);
    }

    void halfWrittenEntryIsNotReused()
    {
        const std::vector<EncodeItem> items = pictures(4);
        (void)encodeImages(m_model, items, kPlain, {});
        const auto entries = entriesOf(m_model.store);
        QCOMPARE(entries.size(), std::size_t(4));
        cutInHalf(entries[2]);
        const EncodeReport report = encodeImages(m_model, items, kPlain, {});
        QCOMPARE(report.encoded, std::size_t(1));
        QCOMPARE(report.reused, std::size_t(3));
    }

    void sameContentIsEncodedOnce()
    {
        std::vector<EncodeItem> items = pictures(2);
        items.push_back({items[0].file, items[0].contentHash});
        const EncodeReport report = encodeImages(m_model, items, kPlain, {});
        QCOMPARE(report.encoded, std::size_t(2));
        QCOMPARE(report.reused, std::size_t(1));
    }

    void otherPathOrWeightsAreOtherFeatures()
    {
        const std::vector<EncodeItem> items = pictures(2);
        (void)encodeImages(m_model, items, kPlain, {});
        ModelFiles other = m_model;
        other.patchPath = clip::PatchPath::Plain;
        QCOMPARE(encodeImages(other, items, kPlain, {}).encoded, std::size_t(2));
        other = m_model;
        other.checkpoint = path("second");
        test::writeTinyCheckpoint(other.checkpoint, 2);
        QCOMPARE(encodeImages(other, items, kPlain, {}).encoded, std::size_t(2));
        QCOMPARE(encodeImages(m_model, items, kPlain, {}).reused, std::size_t(2));
    }

    void progressRisesToTheTotal()
    {
        std::vector<EncodeItem> items = pictures(kImages);
        cutInHalf(items[5].file); // changed, so it is a problem
        std::vector<std::int64_t> seen;
        (void)encodeImages(m_model, items, kPlain, [&seen](const Progress& progress) {
            seen.push_back(progress.done);
            return progress.total == kImages ? Next::Continue : Next::Stop;
        });
        QVERIFY(std::is_sorted(seen.begin(), seen.end()));
        QCOMPARE(seen.back(), std::int64_t(kImages));
    }

    void noImagesAreNoWork()
    {
        const EncodeReport report = encodeImages(m_model, {}, kPlain, {});
        QCOMPARE(report.encoded + report.reused, std::size_t(0));
    }

    void wrongSettingsAndPlacesAreRefused()
    {
        const std::vector<EncodeItem> items = pictures(1);
        QVERIFY_EXCEPTION_THROWN(encodeImages(m_model, items, {0}, {}), RangeError);
        QVERIFY_EXCEPTION_THROWN(encodeImages(m_model, items, {.decodeThreads = 0}, {}),
                                 RangeError);
        ModelFiles other = m_model;
        other.checkpoint = path("nowhere");
        QVERIFY_EXCEPTION_THROWN(encodeImages(other, items, kPlain, {}), Error);
        other = m_model;
        other.store = items[0].file / "store"; // below a file: cannot be made
        QVERIFY_EXCEPTION_THROWN(encodeImages(other, items, kPlain, {}), Error);
    }

    void fingerprintFollowsTheWeights()
    {
        const std::string first = checkpointFingerprint(m_model.checkpoint);
        QCOMPARE(first.size(), std::size_t(32));
        QCOMPARE(checkpointFingerprint(m_model.checkpoint), first);
        const std::filesystem::path copy = path("copy");
        std::filesystem::copy(m_model.checkpoint, copy);
        QCOMPARE(checkpointFingerprint(copy), first); // where it lies does not matter
        std::fstream weights(copy / "model.safetensors",
                             std::ios::in | std::ios::out | std::ios::binary);
        weights.seekp(-1, std::ios::end);
        weights.put('\x11');
        weights.close();
        const auto later =
            std::filesystem::last_write_time(copy / "model.safetensors") + std::chrono::seconds(2);
        std::filesystem::last_write_time(copy / "model.safetensors", later);
        QVERIFY(checkpointFingerprint(copy) != first);
        QVERIFY(storeKey(m_model) == first + "-self-value-crop32");
        QVERIFY(wholeStoreKey(m_model) == first + "-self-value-whole32");
    }

    void folderWithoutACheckpointIsNamed()
    {
        const std::filesystem::path folder = path("empty");
        std::filesystem::create_directories(folder);
        try {
            (void)checkpointFingerprint(folder);
            QFAIL("an empty folder was taken for a checkpoint");
        } catch (const Error& error) {
            QVERIFY(std::string(error.what()).starts_with(folder.string()));
        }
        QVERIFY_EXCEPTION_THROWN((void)checkpointFingerprint(path("nowhere")), Error);
    }

    void queueHandsOverEverythingOnce()
    {
        BoundedQueue<int> queue(2);
        std::set<int> seen;
        std::thread giver([&queue] {
            for (int i = 0; i < 200; ++i) {
                queue.push(i);
            }
            queue.close();
        });
        while (const auto value = queue.pop()) {
            seen.insert(*value);
        }
        giver.join();
        QCOMPARE(seen.size(), std::size_t(200));
        QVERIFY(!queue.push(1));
        QVERIFY(!queue.popWithin(std::chrono::milliseconds(1)));
    }

    void benchMeasuresBothRates()
    {
        const auto file = test::writePicture(path("images") / "one.png", 1);
        EncodeBenchSettings settings;
        settings.images = 2;
        settings.batchSize = 1;
        const EncodeBenchResult result = benchEncoding({file}, settings, {});
        QVERIFY(result.forward > 0.0 && result.pipeline > 0.0);
        QVERIFY(std::abs(result.ratio - result.pipeline / result.forward) < 1e-9);
        QCOMPARE(result.images, 2);
        QVERIFY(!result.runsOn.empty());
        QVERIFY_EXCEPTION_THROWN(benchEncoding({}, settings, {}), Error);
        settings.images = 0;
        QVERIFY_EXCEPTION_THROWN(benchEncoding({file}, settings, {}), RangeError);
    }
};

QTEST_GUILESS_MAIN(TestEncoding)
#include "tst_encoding.moc"
