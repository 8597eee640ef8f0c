#include "model/Error.h"
#include "model/align/HeadFile.h"
#include "model/align/Losses.h"
#include "model/pipeline/EvaluationScores.h"
#include "model/pipeline/RegionEvaluation.h"
#include "model/pipeline/Retention.h"
#include "model/pipeline/StoreKey.h"
#include "model/pipeline/TagChanges.h"
#include "model/pipeline/TextEmbedding.h"
#include "model/tensor_io/FeatureStore.h"
#include "tests/model/pipeline/ShiftedHead.h"
#include "tests/model/pipeline/TinyCheckpoint.h"

#include <QTemporaryDir>
#include <QtTest>

#include <opencv2/imgcodecs.hpp>

#include <algorithm>
#include <cmath>

using namespace tagalign;
using namespace tagalign::model;
using namespace tagalign::model::pipeline;

namespace {

constexpr int kTest = 12;
constexpr int kValidation = 8;

const MetricRow& rowOf(const EvaluationResult& result, const std::string& metric,
                       const std::string& kind)
{
    const auto found =
        std::find_if(result.metrics.begin(), result.metrics.end(), [&](const MetricRow& row) {
            return row.metric == metric && row.kind == kind;
        });
    if (found == result.metrics.end()) {
        throw Error("no row " + metric + ", " + kind);
    }
    return *found;
}

bool isSaid(const EvaluationResult& result, const std::string& words)
{
    return std::any_of(result.cautions.begin(), result.cautions.end(),
                       [&](const std::string& text) { return text.find(words) != text.npos; });
}

} // namespace

/// On a tiny random checkpoint and random features: nothing here can be good, everything can be
/// computed another way.
class TestEvaluation : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    ModelFiles m_model;
    PilotData m_data;
    std::vector<tensor_io::ImageFeatures> m_features; ///< of the test images

    [[nodiscard]] std::filesystem::path path(const char* name) const
    {
        return m_folder.filePath(QString::fromUtf8(name)).toStdString();
    }

    /// A head whose projection is the checkpoint's, disturbed by that much noise.
    [[nodiscard]] std::filesystem::path head(const char* name, double noise) const
    {
        return test::writeShiftedHead(m_model, path(name), noise);
    }

    [[nodiscard]] EvaluationResult evaluate(const std::filesystem::path& headFile,
                                            double blend = 0.0) const
    {
        return evaluateHead(m_model, m_data, headFile, {200, 3, blend}, {});
    }

    /// Each image shows its object (of two, in turn) in the left third, the red tag in the left
    /// half.
    [[nodiscard]] std::vector<TagRegion> regions() const
    {
        cv::Mat mask(24, 36, CV_8U, cv::Scalar(0));
        mask.colRange(0, 12) = 1;
        mask.colRange(12, 18) = 2;
        cv::imwrite(path("mask.png").string(), mask);
        std::vector<TagRegion> found;
        for (std::size_t i = 0; i < m_data.images.size(); ++i) {
            found.push_back({i, i % 2, path("mask.png"), {1}});
            found.push_back({i, 2, path("mask.png"), {1, 2}});
        }
        return found;
    }

    [[nodiscard]] std::vector<MetricRow> evaluateRegion(const std::filesystem::path& headFile,
                                                        const std::vector<TagRegion>& of) const
    {
        return evaluateRegions(m_model, m_data, of, headFile, {200, 3}, {});
    }

private Q_SLOTS:

    void initTestCase()
    {
        m_model.checkpoint = path("checkpoint");
        m_model.store = path("features");
        test::writeTinyCheckpoint(m_model.checkpoint);
        m_data.tags = {{"dog", tags::TagKind::Object},
                       {"cup", tags::TagKind::Object},
                       {"red", tags::TagKind::Attribute},
                       {"never seen", tags::TagKind::Attribute}};
        const tensor_io::FeatureStore store(m_model.store, storeKey(m_model));
        torch::manual_seed(9);
        for (int i = 0; i < kTest + kValidation; ++i) {
            PilotImage image;
            image.file = "image" + std::to_string(i) + ".png";
            image.contentHash = test::hashNumber(i);
            image.split = i < kTest ? Split::Test : Split::Validation;
            image.captions = {"picture " + std::to_string(i), "number " + std::to_string(i)};
            image.targets.push_back({std::size_t(i % 2), 1.0, true});
            if (i % 3 == 0) {
                image.targets.push_back({2, 0.9, false});
            } else if (i % 3 == 1) {
                image.targets.push_back({2, 0.2, false}); // not known
            }
            m_data.images.push_back(image);
            const tensor_io::ImageFeatures features{torch::randn({16, 32}).to(torch::kHalf),
                                                    torch::randn({16}).to(torch::kHalf), 4, 4};
            store.put(image.contentHash, features);
            if (i < kTest) {
                m_features.push_back(features);
            }
        }
    }

    void freshHeadChangesNothing()
    {
        const EvaluationResult result = evaluate(head("fresh", 0.0));
        QCOMPARE(result.testImages, std::size_t(kTest));
        int same = 0;
        for (const MetricRow& row : result.metrics) {
            if (row.metric.find("against") == std::string::npos) {
                ++same;
                QCOMPARE(row.after, row.before);
                QCOMPARE(row.low, 0.0);
                QCOMPARE(row.high, 0.0);
            }
        }
        // tag mAP of all and of frequent tags (of objects and both), R@1/5/10 both ways, false
        // alerts, top-1, calibration
        QCOMPARE(same, 3 + 2 + 6 + 3 + 1 + 3);
    }

    void figuresAreWhatTheyClaim()
    {
        const auto file = head("other", 0.5);
        const EvaluationResult result = evaluate(file);
        TextEmbedding texts(m_model);
        const torch::InferenceMode guard;
        const torch::Tensor tags = texts.tags(m_data.tags, {});
        const auto loaded = align::loadHead(file);
        torch::Tensor shares = torch::empty({std::int64_t(m_data.tags.size())});
        for (std::size_t tag = 0; tag < m_data.tags.size(); ++tag) {
            shares[std::int64_t(tag)] = m_data.tags[tag].kind == tags::TagKind::Object
                                            ? result.shares.after.objects
                                            : result.shares.after.attributes;
        }
        std::vector<torch::Tensor> scores;
        std::vector<torch::Tensor> vectors;
        for (const auto& features : m_features) {
            const auto tokens = features.tokens.to(torch::kFloat).unsqueeze(0);
            const auto patches = loaded.head->forward(tokens, 4, 4);
            const auto global = features.global.to(torch::kFloat).unsqueeze(0);
            const auto pooled =
                align::poolTags(patches, tags, loaded.info.pooling, loaded.info.kappa)[0];
            scores.push_back(shares * pooled +
                             (1.0 - shares) * tags.matmul(align::normalised(global)[0]));
            vectors.push_back(
                align::retrievalVector(patches.mean(1), global, result.shares.after.retrieval)[0]);
        }
        auto positive = torch::zeros({kTest, 4}, torch::kBool);
        auto known = torch::ones({kTest, 4}, torch::kBool);
        for (int i = 0; i < kTest; ++i) {
            positive[i][i % 2] = true;
            positive[i][2] = i % 3 == 0;
            known[i][2] = i % 3 != 1;
        }
        const auto map = align::meanAveragePrecision(torch::stack(scores), positive, known);
        QVERIFY(std::abs(rowOf(result, "tag mAP", "both").after - map.value()) < 1e-6);

        // Text to image, R@5: the caption's own image among the five most similar.
        std::vector<std::string> captions;
        for (int i = 0; i < kTest; ++i) {
            captions.push_back(m_data.images[std::size_t(i)].captions[0]);
            captions.push_back(m_data.images[std::size_t(i)].captions[1]);
        }
        const auto similar = texts.texts(captions, TextEmbedding::Keep::InMemory, {})
                                 .matmul(torch::stack(vectors).t());
        const auto best = std::get<1>(similar.topk(5, 1));
        const auto owner = torch::arange(2 * kTest).div(2, "floor").unsqueeze(1);
        const double recall = best.eq(owner).any(1).to(torch::kDouble).mean().item<double>();
        QVERIFY(std::abs(rowOf(result, "text-to-image R@5", "captions").after - recall) < 1e-9);

        const MetricRow& row = rowOf(result, "tag mAP", "both");
        QVERIFY(row.before != row.after);
        QVERIFY(row.low < row.high);
        QVERIFY(row.low <= row.after - row.before && row.after - row.before <= row.high);
    }

    /// Top-1 and the mAP of frequent tags once more, from the tags' own scores.
    void newerFiguresAreWhatTheyClaim()
    {
        const auto file = head("newer", 0.5);
        const EvaluationResult result = evaluate(file);
        std::vector<const PilotImage*> test;
        std::vector<const PilotImage*> validation;
        for (const PilotImage& image : m_data.images) {
            (image.split == Split::Test ? test : validation).push_back(&image);
        }
        const auto scores = scoreImages(m_model, m_data.tags, {test, validation}, file, 0.0, {});
        int hits = 0;
        for (std::size_t i = 0; i < kTest; ++i) { // dog and cup in turn
            hits += scores.after.testTags[i % 2][i] > scores.after.testTags[1 - i % 2][i] ? 1 : 0;
        }
        const MetricRow& top = rowOf(result, "top-1 accuracy", "objects");
        QCOMPARE(top.images, std::size_t(kTest));
        QVERIFY(std::abs(top.after - double(hits) / kTest) < 1e-9);
        // Dog and cup are on six test images each, red on four.
        QCOMPARE(rowOf(result, "frequent tag mAP", "both").after,
                 rowOf(result, "tag mAP", "objects").after);
        QVERIFY(rowOf(result, "frequent tag mAP", "both").after !=
                rowOf(result, "tag mAP", "both").after);
        QVERIFY(result.tags[0].low < result.tags[0].high);
        QCOMPARE(result.tags[2].high, 0.0); // red is not looked at by itself
        QVERIFY(result.slices.empty());     // no object on 20 images

        QCOMPARE(result.reliability.size(), std::size_t(3));
        std::size_t pairs = 0;
        double error = 0.0;
        for (const ReliabilityPoint& point : result.reliability[0].after) {
            pairs += point.pairs;
            error += double(point.pairs) * std::abs(point.probability - point.present);
        }
        QCOMPARE(pairs, std::size_t(2 * kTest));
        QVERIFY(std::abs(rowOf(result, "calibration error", "objects").after -
                         error / double(pairs)) < 1e-9);
    }

    void topOneIsForImagesOfOneObject()
    {
        using eval::Label;
        const TagLabels labels{{Label::Present, Label::Present, Label::Absent, Label::Present},
                               {Label::Absent, Label::Present, Label::Absent, Label::Unknown},
                               {Label::Absent, Label::Absent, Label::Absent, Label::Absent}};
        const TagScores scores{
            {0.5F, 0.9F, 0.9F, 0.3F}, {0.5F, 0.1F, 0.1F, 0.9F}, {0.1F, 0.1F, 0.1F, 0.2F}};
        const std::vector<double> hits = topOneHits(scores, labels, {0, 1, 2});
        QCOMPARE(hits[0], 0.0);       // a tie is a miss
        QVERIFY(std::isnan(hits[1])); // two objects
        QVERIFY(std::isnan(hits[2])); // none
        QCOMPARE(hits[3], 1.0);       // what is not known does not compete
        const std::vector<std::uint32_t> weights{1, 5, 5, 3};
        QCOMPARE(weightedMeanOfKnown(hits, weights), 0.75);
        QCOMPARE(topOneHits(scores, labels, {0, 2})[0], 1.0);
    }

    /// Forty images, all with one object: the slice is the whole.
    void slicesAreTheAttributesOfAnObjectsImages()
    {
        using eval::Label;
        TagLabels labels(3, std::vector(40, Label::Absent));
        TagScores before(3, std::vector<float>(40));
        TagScores after = before;
        for (std::size_t i = 0; i < 40; ++i) {
            labels[0][i] = i < 30 ? Label::Present : Label::Absent; // the object
            labels[1][i] = i % 3 == 0 ? Label::Present : Label::Absent;
            labels[2][i] = i >= 30 ? Label::Present : Label::Absent; // never with the object
            before[1][i] = float((i * 7) % 11);
            after[1][i] = i % 3 == 0 ? 1.0F : 0.0F; // perfect
        }
        const auto rows = sliceRows(before, after, labels, {0}, {1, 2}, {200, 3}, {});
        QCOMPARE(rows.size(), std::size_t(1));
        QCOMPARE(rows[0].images, std::size_t(30));
        QCOMPARE(rows[0].after, 1.0);
        std::vector<Label> inside = labels[1];
        std::fill(inside.begin() + 30, inside.end(), Label::Unknown);
        QCOMPARE(rows[0].before, *eval::TagRanking(before[1], inside).averagePrecision());
        QVERIFY(rows[0].low > 0.0 && rows[0].low < rows[0].high);
        QVERIFY(sliceRows(before, after, labels, {1}, {2}, {200, 3}, {}).empty()); // 14 images
    }

    void retentionIsOfOtherTags()
    {
        PilotData other;
        other.tags = {{"old", tags::TagKind::Attribute}, {"boat", tags::TagKind::Object}};
        for (PilotImage image : m_data.images) {
            image.captions.clear();
            image.targets.clear();
            if (other.images.size() % 4 == 0) {
                image.targets.push_back({0, 0.9, false});
            }
            other.images.push_back(std::move(image));
        }
        const SharePair halves;
        const auto fresh = evaluateRetention(m_model, other, head("keeps", 0.0), halves,
                                             "other tags", {200, 3}, {});
        QCOMPARE(fresh.tags, std::size_t(1));
        QCOMPARE(fresh.metrics.size(), std::size_t(2));
        QCOMPARE(fresh.metrics[0].metric, std::string("retention mAP"));
        QCOMPARE(fresh.metrics[0].before, fresh.metrics[0].after);
        const auto changed = evaluateRetention(m_model, other, head("loses", 0.9), halves,
                                               "other tags", {200, 3}, {});
        QCOMPARE(changed.metrics[0].before, fresh.metrics[0].before);
        QVERIFY(changed.metrics[0].after != changed.metrics[0].before);
        // Where the pilot's tags are scored by the whole image alone, these are too.
        const align::ScoreShares whole{.objects = 0.0, .attributes = 0.0, .retrieval = 0.0};
        const auto unused = evaluateRetention(m_model, other, head("loses", 0.9), {whole, whole},
                                              "other tags", {200, 3}, {});
        QCOMPARE(unused.metrics[0].after, unused.metrics[0].before);
        QCOMPARE(unused.metrics[0].before, unused.metrics[1].before);
        other.tags.clear();
        for (PilotImage& image : other.images) {
            image.targets.clear();
        }
        QVERIFY(evaluateRetention(m_model, other, head("none", 0.0), halves, "other pictures",
                                  {200, 3}, {})
                    .metrics.empty());
    }

    void regionsOfAFreshHeadAreTheFrozenModels()
    {
        const auto rows = evaluateRegion(head("fresh regions", 0.0), regions());
        QCOMPARE(rows.size(), std::size_t(6)); // pointing and IoU of three kinds
        for (const MetricRow& row : rows) {
            QCOMPARE(row.images, std::size_t(kTest));
            QCOMPARE(row.after, row.before);
            QCOMPARE(row.low, 0.0);
            QCOMPARE(row.high, 0.0);
        }
    }

    /// Objects' pointing and IoU once more, by torch alone.
    void regionsAreWhatTheyClaim()
    {
        const auto file = head("other regions", 0.5);
        EvaluationResult result;
        result.metrics = evaluateRegion(file, regions());
        const torch::InferenceMode guard;
        TextEmbedding texts(m_model);
        const torch::Tensor tags = texts.tags(m_data.tags, {});
        const auto loaded = align::loadHead(file);
        const tensor_io::FeatureStore store(m_model.store, storeKey(m_model));
        torch::Tensor inside = torch::zeros({24, 36}, torch::kBool);
        inside.slice(1, 0, 12).fill_(true);
        const auto heatOf = [&](std::size_t i) {
            const auto features = store.get(m_data.images[i].contentHash);
            const auto patches = align::normalised(
                loaded.head->forward(features->tokens.to(torch::kFloat).unsqueeze(0), 4, 4))[0];
            return at::upsample_bilinear2d(
                patches.matmul(tags[std::int64_t(i % 2)]).view({1, 1, 4, 4}), {24, 36},
                false)[0][0];
        };
        const auto iouAt = [&](std::size_t i, float threshold) {
            const torch::Tensor hot = heatOf(i) >= threshold;
            return (hot & inside).sum().item<double>() / (hot | inside).sum().item<double>();
        };
        const auto meanIou = [&](std::size_t first, std::size_t last, float threshold) {
            double sum = 0.0;
            for (std::size_t i = first; i < last; ++i) {
                sum += iouAt(i, threshold);
            }
            return sum / double(last - first);
        };
        double hits = 0.0;
        for (std::size_t i = 0; i < kTest; ++i) {
            hits += inside.flatten()[heatOf(i).flatten().argmax()].item<bool>() ? 1.0 : 0.0;
        }
        const MetricRow& pointing = rowOf(result, "pointing accuracy", "objects");
        QVERIFY(std::abs(pointing.after - hits / kTest) < 1e-9);
        QVERIFY(pointing.before != pointing.after);
        double best = 0.0;
        float chosen = -1.0F;
        for (int step = 0; step < 401; ++step) { // on validation, applied to test
            const float threshold = -1.0F + 2.0F * float(step) / 400.0F;
            if (const double mean = meanIou(kTest, kTest + kValidation, threshold); mean > best) {
                best = mean;
                chosen = threshold;
            }
        }
        QVERIFY(std::abs(rowOf(result, "region IoU", "objects").after - meanIou(0, kTest, chosen)) <
                1e-9);
    }

    void regionsNeedTestImagesAndTruePlaces()
    {
        const auto file = head("few regions", 0.5);
        std::vector<TagRegion> ofTest = regions();
        ofTest.resize(2 * kTest);
        const auto rows = evaluateRegion(file, ofTest); // no threshold without validation
        QVERIFY(std::none_of(rows.begin(), rows.end(),
                             [](const MetricRow& row) { return row.metric == "region IoU"; }));
        QVERIFY(evaluateRegion(file, {}).empty());
        QVERIFY_EXCEPTION_THROWN((void)evaluateRegion(file, {{999, 0, path("mask.png"), {1}}}),
                                 RangeError);
        QVERIFY_EXCEPTION_THROWN((void)evaluateRegion(file, {{0, 0, path("no mask.png"), {1}}}),
                                 Error);
    }

    void equalCaptionsAreNoMistakes()
    {
        const auto file = head("equal", 0.5);
        const PilotData old = m_data;
        for (PilotImage& image : m_data.images) {
            image.captions = {"the same words"};
        }
        // Nothing tells the images apart, so whatever is found is right.
        const EvaluationResult same = evaluate(file);
        QCOMPARE(rowOf(same, "text-to-image R@1", "captions").after, 1.0);
        QCOMPARE(rowOf(same, "image-to-text R@1", "captions").after, 1.0);
        m_data = old;
    }

    void wholeBlendIsTheFrozenModel()
    {
        const auto file = head("blended", 0.5);
        const EvaluationResult none = evaluate(file, 0.0);
        const EvaluationResult all = evaluate(file, 1.0);
        QVERIFY(rowOf(none, "tag mAP", "both").after != rowOf(none, "tag mAP", "both").before);
        for (const char* kind : {"objects", "attributes", "both"}) {
            QCOMPARE(rowOf(all, "tag mAP", kind).after, rowOf(none, "tag mAP", kind).before);
        }
        QCOMPARE(rowOf(all, "image-to-text R@5", "captions").after,
                 rowOf(none, "image-to-text R@5", "captions").before);
    }

    void tellsWhatToDoubt()
    {
        const EvaluationResult result = evaluate(head("doubt", 0.0));
        QVERIFY(isSaid(result, "Only 12 test images"));
        QVERIFY(isSaid(result, "1 of the 3 measured tags")); // red: 4 images
        QVERIFY(isSaid(result, "on no test image and left out: 1"));
        QVERIFY(isSaid(result, "Only 12 of the 20 tags"));
        QCOMPARE(result.tags.size(), std::size_t(3));
        QCOMPARE(result.tags[2].positives, std::size_t(4));
        QVERIFY(!isSaid(result, "false alerts"));
        const PilotData old = m_data;
        m_data.images.resize(kTest);
        QVERIFY(isSaid(evaluate(path("doubt")), "calibration were not measured"));
        m_data = old;
    }

    void imagesWithoutFeaturesAreLeftOutAndNamed()
    {
        const auto file = head("missing", 0.5);
        const PilotData old = m_data;
        m_data.images[3].contentHash = test::hashNumber(999);         // test
        m_data.images[kTest + 1].contentHash = test::hashNumber(998); // validation
        const EvaluationResult result = evaluate(file);
        QCOMPARE(result.testImages, std::size_t(kTest - 1));
        QCOMPARE(result.leftOut, std::size_t(2));
        QVERIFY(isSaid(result, "2 images have no stored features and were left out, first "
                               "image3.png"));
        // As if they had never been imported.
        m_data = old;
        m_data.images.erase(m_data.images.begin() + kTest + 1);
        m_data.images.erase(m_data.images.begin() + 3);
        const EvaluationResult without = evaluate(file);
        QCOMPARE(rowOf(result, "tag mAP", "both").after, rowOf(without, "tag mAP", "both").after);
        QCOMPARE(without.leftOut, std::size_t(0));
        m_data = old;
    }

    void repeats()
    {
        const auto file = head("again", 0.5);
        const EvaluationResult first = evaluate(file);
        const EvaluationResult second = evaluate(file);
        QCOMPARE(first.metrics.size(), second.metrics.size());
        for (std::size_t i = 0; i < first.metrics.size(); ++i) {
            QCOMPARE(first.metrics[i].after, second.metrics[i].after);
            QCOMPARE(first.metrics[i].low, second.metrics[i].low);
            QCOMPARE(first.metrics[i].high, second.metrics[i].high);
        }
    }

    void refuses()
    {
        const auto file = head("good", 0.0);
        QVERIFY_EXCEPTION_THROWN((void)evaluate(path("no head")), Error);
        QVERIFY_EXCEPTION_THROWN((void)evaluate(file, 1.5), RangeError);
        QVERIFY_EXCEPTION_THROWN((void)evaluateHead(m_model, m_data, file, {},
                                                    [](const Progress&) { return Next::Stop; }),
                                 Cancelled);
        QVERIFY_EXCEPTION_THROWN((void)evaluateHead(m_model, {}, file, {}, {}), Error);
        ModelFiles otherPath = m_model;
        otherPath.patchPath = clip::PatchPath::Plain;
        QVERIFY_EXCEPTION_THROWN((void)evaluateHead(otherPath, m_data, file, {}, {}), Error);
        PilotData data = m_data;
        for (int i = 0; i < kTest; ++i) {
            data.images[std::size_t(i)].contentHash = test::hashNumber(900 + i);
        }
        try {
            (void)evaluateHead(m_model, data, file, {}, {});
            QFAIL("measured without features");
        } catch (const Error& error) {
            QVERIFY(QString(error.what()).startsWith("image0.png"));
        }
        data = m_data;
        data.images[0].targets[0].tag = 4;
        QVERIFY_EXCEPTION_THROWN((void)evaluateHead(m_model, data, file, {}, {}), RangeError);
    }
};

QTEST_APPLESS_MAIN(TestEvaluation)
#include "tst_evaluation.moc"
