#include "model/Error.h"
#include "model/pipeline/ImageCheck.h"
#include "model/pipeline/StoreKey.h"
#include "model/pipeline/TextEmbedding.h"
#include "model/tensor_io/FeatureStore.h"

#include "TinyCheckpoint.h"

#include <QTemporaryDir>
#include <QtTest>

#include <cmath>
#include <map>

using namespace tagalign::model;
using namespace tagalign::model::pipeline;
using tagalign::test::hashNumber;

namespace {

constexpr int kImages = 12;

} // namespace

/// Margins of tags on images whose features are made so that the answer is known.
class TestImageCheck : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    ModelFiles m_model;
    torch::Tensor m_tags; ///< [T, D]

    /// Ten objects; image i is near object i % 10 as a whole, its patches are noise.
    [[nodiscard]] static PilotData pilot()
    {
        PilotData data;
        for (const char* name :
             {"cat", "dog", "cup", "axe", "car", "hat", "jug", "key", "pot", "owl"}) {
            data.tags.push_back({.text = name, .kind = tags::TagKind::Object});
        }
        for (const char* name : {"red", "old"}) {
            data.tags.push_back({.text = name, .kind = tags::TagKind::Attribute});
        }
        for (int i = 0; i < kImages; ++i) {
            PilotImage image{.file = "picture" + std::to_string(i), .contentHash = hashNumber(i)};
            image.targets = {{.tag = std::size_t(i % 10)}, {.tag = std::size_t((i + 3) % 10)}};
            data.images.push_back(image);
        }
        return data;
    }

    void store(int number) const
    {
        const auto config = tagalign::test::tinyConfig();
        tensor_io::ImageFeatures entry;
        entry.rows = entry.columns = 2;
        entry.tokens = (0.01 * torch::randn({4, config.vision.width})).to(torch::kHalf);
        entry.global = m_tags[number % 10].to(torch::kHalf);
        tensor_io::FeatureStore(m_model.store, storeKey(m_model)).put(hashNumber(number), entry);
    }

    [[nodiscard]] std::map<std::size_t, std::vector<double>> check(const PilotData& data) const
    {
        std::map<std::size_t, std::vector<double>> margins;
        checkTags(m_model, data,
                  [&margins](const ImageMargins& image) { margins[image.image] = image.margins; },
                  {});
        return margins;
    }

private Q_SLOTS:

    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_model.checkpoint = m_folder->filePath("model").toStdString();
        m_model.store = m_folder->filePath("features").toStdString();
        tagalign::test::writeTinyCheckpoint(m_model.checkpoint);
        const torch::NoGradGuard noGrad;
        m_tags = TextEmbedding(m_model).tags(pilot().tags, {});
        for (int i = 0; i < kImages; ++i) {
            store(i);
        }
    }

    void tagsThatAreThereStandOut()
    {
        const auto margins = check(pilot());
        QCOMPARE(margins.size(), std::size_t(kImages));
        double there = 0.0;
        double notThere = 0.0;
        for (const auto& [image, values] : margins) {
            QCOMPARE(values.size(), std::size_t(2));
            there += values[0] / kImages;
            notThere += values[1] / kImages;
        }
        QVERIFY2(there > 1.0, qPrintable(QString::number(there)));
        QVERIFY2(notThere < 0.5, qPrintable(QString::number(notThere)));
        QVERIFY(check(pilot()) == margins); // the same random tags
    }

    void imagesWithoutFeaturesOrTargetsAreLeftOut()
    {
        PilotData data = pilot();
        data.images[3].contentHash = hashNumber(999);
        data.images[5].targets.clear();
        const auto margins = check(data);
        QCOMPARE(margins.size(), std::size_t(kImages - 2));
        QVERIFY(margins.count(3) == 0 && margins.count(5) == 0);
    }

    void fewTagsOfAKindGiveNoMargin()
    {
        PilotData data = pilot();
        data.images[0].targets = {{.tag = 0}, {.tag = 10}}; // one other attribute
        const auto margins = check(data);
        QVERIFY(std::isfinite(margins.at(0)[0]));
        QVERIFY(std::isnan(margins.at(0)[1]));
        QVERIFY(check({}).empty());
    }

    void cancelStopsBetweenImages()
    {
        int seen = 0;
        const auto run = [&] {
            checkTags(
                m_model, pilot(), [&seen](const ImageMargins&) { ++seen; },
                [&seen](const Progress&) { return seen >= 4 ? Next::Stop : Next::Continue; });
        };
        QVERIFY_EXCEPTION_THROWN(run(), Cancelled);
        QCOMPARE(seen, 4);
    }

    void otherWeightsHaveAnotherKey()
    {
        ModelFiles other = m_model;
        other.checkpoint = m_folder->filePath("other").toStdString();
        tagalign::test::writeTinyCheckpoint(other.checkpoint, 2);
        QVERIFY(imageCheckKey(other) != imageCheckKey(m_model));
        other = m_model;
        other.patchPath = clip::PatchPath::Value;
        QVERIFY(imageCheckKey(other) != imageCheckKey(m_model));
        other.checkpoint = m_folder->filePath("none").toStdString();
        QVERIFY_EXCEPTION_THROWN((void)imageCheckKey(other), Error);
    }
};

QTEST_GUILESS_MAIN(TestImageCheck)
#include "tst_image_check.moc"
