#include "model/align/Losses.h"
#include "model/tensor_io/SafetensorsFile.h"
#include "tests/model/align/FiniteDifference.h"

#include <nlohmann/json.hpp>

#include <QtTest>

#include <cmath>
#include <filesystem>
#include <fstream>

using namespace tagalign::model;
using namespace tagalign::model::align;
using tagalign::tests::gradientError;

namespace {

constexpr double kGradientTolerance = 1e-6; // central differences in double

torch::Tensor leaf(torch::IntArrayRef shape)
{
    return torch::randn(shape, torch::kFloat64).requires_grad_();
}

torch::Tensor number(double value)
{
    return torch::full({}, value, torch::kFloat64);
}

torch::Tensor rows(std::vector<std::vector<double>> values)
{
    std::vector<torch::Tensor> tensors;
    for (const auto& row : values)
        tensors.push_back(torch::tensor(row, torch::kFloat64));
    return torch::stack(tensors);
}

torch::Tensor nothingUnknown(const torch::Tensor& like)
{
    return torch::zeros_like(like, torch::kBool);
}

bool isClose(const torch::Tensor& found, double expected)
{
    return std::abs(found.item<double>() - expected) < 1e-9;
}

} // namespace

class TestLosses : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void init() { torch::manual_seed(7); }

    void infoNceOfOrthogonalPairs()
    {
        const auto unit = torch::eye(2, torch::kFloat64);
        // Both directions: -log(e^s / (e^s + 1)).
        QVERIFY(isClose(infoNce(unit, unit, number(3.0)), std::log1p(std::exp(-3.0))));
        // Swapped texts: the right one has cosine 0, the wrong one 1.
        QVERIFY(isClose(infoNce(unit, unit.flip(0), number(3.0)), std::log1p(std::exp(3.0))));
    }

    void infoNceIgnoresLength()
    {
        const auto images = leaf({4, 3});
        const auto texts = leaf({4, 3});
        const auto loss = infoNce(images, texts, number(10.0)).item<double>();
        QVERIFY(isClose(infoNce(images * 5.0, texts * 0.1, number(10.0)), loss));
    }

    void sameTextIsNoNegative()
    {
        const auto images = torch::eye(2, torch::kFloat64);
        const auto texts = rows({{1.0, 1.0}, {1.0, 1.0}});
        QVERIFY(isClose(infoNce(images, texts, number(5.0)), std::log(2.0)));
        QVERIFY(isClose(infoNce(images, texts, number(5.0), torch::tensor({8, 8})), 0.0));
        QVERIFY(isClose(infoNce(images, texts, number(5.0), torch::tensor({8, 9})), std::log(2.0)));
    }

    void infoNceGradient()
    {
        const auto images = leaf({4, 3});
        const auto texts = leaf({4, 3});
        const auto scale = number(4.0).requires_grad_();
        const auto ids = torch::tensor({1, 2, 1, 3});
        const auto loss = [&] { return infoNce(images, texts, scale, ids); };
        QVERIFY(gradientError(loss, {images, texts, scale}) < kGradientTolerance);
    }

    void tagLossByHand()
    {
        const auto scores = rows({{0.0, 0.0, 0.0, 0.0}, {1.0, 0.0, 0.0, 0.0}});
        const auto targets = rows({{1.0, 1.0, 0.0, 0.0}, {1.0, 0.0, 0.0, 0.0}});
        const double first = std::log(4.0);
        const double second = -1.0 + std::log(std::exp(1.0) + 3.0);
        const auto loss = tagLoss(scores, targets, nothingUnknown(scores), number(1.0));
        QVERIFY(isClose(loss, 0.5 * (first + second)));
    }

    void rowsWithoutTagsAreLeftOutOrCounted()
    {
        const auto scores = rows({{0.0, 0.0}, {0.3, -2.0}});
        const auto targets = rows({{1.0, 0.0}, {0.0, 0.0}});
        const auto known = nothingUnknown(scores);
        QVERIFY(isClose(tagLoss(scores, targets, known, number(1.0)), std::log(2.0)));
        QVERIFY(isClose(tagLoss(scores, targets, known, number(1.0), UntaggedRows::CountAsZero),
                        0.5 * std::log(2.0)));
        const auto none = torch::zeros_like(targets);
        QVERIFY(isClose(tagLoss(scores, none, known, number(1.0)), 0.0));
    }

    void unknownTagsLeaveTheDenominator()
    {
        const auto scores = rows({{0.0, 0.0, 50.0}});
        const auto targets = rows({{1.0, 0.0, 0.0}});
        const auto unknown = torch::tensor({false, false, true}).unsqueeze(0);
        QVERIFY(isClose(tagLoss(scores, targets, unknown, number(1.0)), std::log(2.0)));
        const auto allUnknown = torch::ones({1, 3}, torch::kBool);
        QVERIFY(isClose(tagLoss(scores, targets, allUnknown, number(1.0)), 0.0));
        const auto none = torch::zeros_like(targets);
        QVERIFY(isClose(tagLoss(scores, none, allUnknown, number(1.0), UntaggedRows::CountAsZero),
                        0.0));
    }

    void beliefsWeighTags()
    {
        const auto scores = rows({{std::log(3.0), 0.0}});
        const auto targets = rows({{1.0, 0.5}}); // 2/3 and 1/3 after normalisation
        const double expected = -(2.0 / 3.0) * std::log(0.75) - (1.0 / 3.0) * std::log(0.25);
        QVERIFY(isClose(tagLoss(scores, targets, nothingUnknown(scores), number(1.0)), expected));
    }

    void aDoubtfulTagPullsLessThanAnAcceptedOne()
    {
        const auto scores = rows({{std::log(3.0), 0.0}}); // probabilities 3/4 and 1/4
        const auto loss = [&](const torch::Tensor& targets) {
            return tagLoss(scores, targets, nothingUnknown(scores), number(1.0));
        };
        const double accepted = -std::log(0.75);
        QVERIFY(isClose(loss(rows({{1.0, 0.0}})), accepted));
        QVERIFY(isClose(loss(rows({{0.55, 0.0}})), 0.55 * accepted));
        // Two doubtful ones that sum to 1 are as they are; above 1 only their ratio counts.
        QVERIFY(isClose(loss(rows({{0.55, 0.45}})), 0.55 * accepted - 0.45 * std::log(0.25)));
        QVERIFY(isClose(loss(rows({{3.0, 0.0}})), accepted));
    }

    void tagLossGradient()
    {
        const auto scores = leaf({4, 5});
        const auto scale = number(2.0).requires_grad_();
        const auto targets =
            rows({{1, 0, 0.5, 0, 0}, {0, 0, 0, 0, 0}, {0, 1, 0, 0, 0}, {0, 0, 0, 0.25, 2}});
        auto unknown = nothingUnknown(targets);
        unknown[0][1] = true;
        unknown[1].fill_(true);
        const auto loss = [&] { return tagLoss(scores, targets, unknown, scale); };
        QVERIFY(gradientError(loss, {scores, scale}) < kGradientTolerance);
        QCOMPARE(scores.grad()[0][1].item<double>(), 0.0);
        QCOMPARE(scores.grad()[1].abs().sum().item<double>(), 0.0);
    }

    void poolingOfEqualPatchesIsTheirCosine_data()
    {
        QTest::addColumn<int>("pooling");
        QTest::newRow("mean") << int(TagPooling::Mean);
        QTest::newRow("top-k") << int(TagPooling::TopK);
        QTest::newRow("log-sum-exp") << int(TagPooling::LogSumExp);
    }

    void poolingOfEqualPatchesIsTheirCosine()
    {
        QFETCH(int, pooling);
        const auto patches = rows({{3.0, 4.0}}).unsqueeze(0).expand({1, 9, 2});
        const auto tags = torch::eye(2, torch::kFloat64);
        const auto scores = poolTags(patches, tags, TagPooling(pooling), 0.07);
        QVERIFY(isClose(scores[0][0], 0.6));
        QVERIFY(isClose(scores[0][1], 0.8));
    }

    void logSumExpNeedsATagOnlySomewhere()
    {
        const auto patches = rows({{1.0, 0.0}, {0.0, 1.0}, {0.0, 1.0}, {0.0, 1.0}}).unsqueeze(0);
        const auto tag = rows({{1.0, 0.0}});
        const double kappa = 0.1;
        const double expected =
            kappa * std::log((std::exp(1.0 / kappa) + 3.0) / 4.0); // one patch of four
        QVERIFY(isClose(poolTags(patches, tag, TagPooling::LogSumExp, kappa)[0][0], expected));
        QVERIFY(isClose(poolTags(patches, tag, TagPooling::Mean, kappa)[0][0],
                        1.0 / std::sqrt(10.0))); // the mean is (1/4, 3/4)
    }

    void topKIsTheMeanOfTheLargestSixteenth()
    {
        // 32 patches: the two largest cosines with the first axis count.
        auto patches = torch::zeros({1, 32, 2}, torch::kFloat64);
        patches.select(2, 1).fill_(1.0);
        patches[0][5][0] = 1.0;  // cosine √½
        patches[0][17][1] = 0.0; // cosine 1
        patches[0][17][0] = 2.0;
        const auto tag = rows({{1.0, 0.0}});
        QVERIFY(isClose(poolTags(patches, tag, TagPooling::TopK, 0.1)[0][0],
                        0.5 * (1.0 + std::sqrt(0.5))));
        // Fewer than sixteen patches: the largest alone.
        QVERIFY(isClose(poolTags(patches.slice(1, 0, 8), tag, TagPooling::TopK, 0.1)[0][0],
                        std::sqrt(0.5)));
    }

    void sigmoidTermsByHand()
    {
        const auto scores = rows({{0.0, 1.0, 1.0, 5.0}});
        const auto targets = rows({{1.0, 0.0, 0.25, 0.0}});
        const auto unknown = torch::tensor({false, false, false, true}).unsqueeze(0);
        // Logits 2 · score - 1: -1, 1, 1.
        const auto terms = sigmoidTerms(scores, targets, unknown, {number(2.0), number(-1.0)});
        QVERIFY(isClose(terms[0][0], std::log1p(std::exp(1.0))));
        QVERIFY(isClose(terms[0][1], std::log1p(std::exp(1.0))));
        QVERIFY(isClose(terms[0][2],
                        0.25 * std::log1p(std::exp(-1.0)) + 0.75 * std::log1p(std::exp(1.0))));
        QVERIFY(isClose(terms[0][3], 0.0));
    }

    void asymmetricTermsByHand()
    {
        const auto scores = rows({{0.0, 0.0, -4.0}});
        const auto targets = rows({{1.0, 0.0, 0.0}});
        const auto terms =
            asymmetricTerms(scores, targets, nothingUnknown(scores), {number(1.0), {}});
        QVERIFY(isClose(terms[0][0], 0.5 * std::log(2.0)));                 // (1 - p) · -log p
        QVERIFY(isClose(terms[0][1], -std::pow(0.45, 4) * std::log(0.55))); // q = 0.5 - 0.05
        QVERIFY(isClose(terms[0][2], 0.0)); // p below the margin: an easy negative
    }

    void termsGradient_data()
    {
        QTest::addColumn<int>("objective");
        for (const TagObjective objective : kTagObjectives)
            QTest::newRow(nameOf(objective).c_str()) << int(objective);
    }

    void termsGradient()
    {
        QFETCH(int, objective);
        const auto scores = leaf({3, 4});
        const auto scale = number(2.0).requires_grad_();
        const auto bias = number(-0.3).requires_grad_();
        const auto targets = rows({{1, 0, 0.5, 0}, {0, 0, 0, 0}, {0, 2, 0, 0}});
        auto unknown = nothingUnknown(targets);
        unknown[0][1] = true;
        const auto loss = [&] {
            return tagTerms(TagObjective(objective), scores, targets, unknown, {scale, bias}).sum();
        };
        QVERIFY(gradientError(loss, {scores, scale, bias}) < kGradientTolerance);
        QCOMPARE(scores.grad()[0][1].item<double>(), 0.0); // unknown: neither way
    }

    void poolingGradient()
    {
        const auto patches = leaf({2, 4, 3});
        const auto tags = normalised(torch::randn({5, 3}, torch::kFloat64));
        const auto weights = torch::randn({2, 5}, torch::kFloat64);
        for (const TagPooling pooling : kTagPoolings) {
            const auto loss = [&] {
                return (poolTags(patches, tags, pooling, 0.2) * weights).sum();
            };
            QVERIFY(gradientError(loss, {patches}) < kGradientTolerance);
        }
    }

    void pullIsTheSquaredDistanceOfDirections()
    {
        const auto frozen = rows({{2.0, 0.0}, {0.0, 1.0}}).unsqueeze(0);
        const auto moved = rows({{-1.0, 0.0}, {0.0, 7.0}}).unsqueeze(0);
        QVERIFY(isClose(pullPerImage(moved, frozen)[0], 2.0)); // 4 and 0
        const auto patches = leaf({2, 3, 4});
        const auto start = torch::randn({2, 3, 4}, torch::kFloat64);
        const auto loss = [&] { return pullPerImage(patches, start).sum(); };
        QVERIFY(gradientError(loss, {patches}) < kGradientTolerance);
    }

    void retrievalVectorAddsDirections()
    {
        const auto vector = retrievalVector(rows({{5.0, 0.0}}), rows({{0.0, 0.1}}));
        QVERIFY(isClose(vector[0][0], std::sqrt(0.5)));
        QVERIFY(isClose(vector[0][1], std::sqrt(0.5)));
        const auto mostly = retrievalVector(rows({{5.0, 0.0}}), rows({{0.0, 0.1}}), 0.8);
        QVERIFY(isClose(mostly[0][0], 0.8 / std::sqrt(0.68)));
        const auto mean = leaf({2, 3});
        const auto global = torch::randn({2, 3}, torch::kFloat64);
        const auto weights = torch::randn({2, 3}, torch::kFloat64);
        const auto loss = [&] { return (retrievalVector(mean, global) * weights).sum(); };
        QVERIFY(gradientError(loss, {mean}) < kGradientTolerance);
    }

    void averagePrecisionByHand()
    {
        // Tag 0: positives at ranks 1 and 3: (1 + 2/3) / 2. Tag 1: none. Tag 2: rank 2 of the
        // three that are known.
        const auto scores =
            rows({{0.9, 0.1, 0.2}, {0.8, 0.2, 0.9}, {0.7, 0.3, 0.5}, {0.1, 0.4, 0.7}});
        const auto positive = rows({{1, 0, 0}, {0, 0, 0}, {1, 0, 1}, {0, 0, 0}}).to(torch::kBool);
        auto known = torch::ones({4, 3}, torch::kBool);
        known[1][2] = false;
        const auto map = meanAveragePrecision(scores, positive, known);
        QVERIFY(map.has_value());
        QVERIFY(std::abs(*map - 0.5 * (5.0 / 6.0 + 0.5)) < 1e-12);
    }

    void averagePrecisionAgreesWithScikitLearn()
    {
        // The figures that model/eval is held to: ties, all-positive tags.
        std::ifstream stream(TAGALIGN_SOURCE_DIR "/tests/data/eval/average_precision.json");
        const auto cases = nlohmann::json::parse(stream);
        QVERIFY(!cases.empty());
        for (const auto& each : cases) {
            const auto scores = torch::tensor(each.at("scores").get<std::vector<float>>());
            const auto positive =
                torch::tensor(each.at("relevant").get<std::vector<std::int64_t>>());
            const auto map =
                meanAveragePrecision(scores.unsqueeze(1), positive.unsqueeze(1).to(torch::kBool),
                                     torch::ones({scores.size(0), 1}, torch::kBool));
            QVERIFY(map.has_value());
            QVERIFY(std::abs(*map - each.at("ap").get<double>()) < 1e-12);
        }
    }

    void noMapWithoutPositives()
    {
        const auto scores = torch::rand({3, 2});
        const auto known = torch::ones({3, 2}, torch::kBool);
        QVERIFY(!meanAveragePrecision(scores, torch::zeros({3, 2}, torch::kBool), known));
        QCOMPARE(meanAveragePrecision(scores, known, known).value(), 1.0);
        QVERIFY(!meanAveragePrecision(torch::rand({0, 2}), torch::zeros({0, 2}, torch::kBool),
                                      torch::zeros({0, 2}, torch::kBool)));
    }

    void bothLossesAgreeWithTheOfficialCode()
    {
        const std::filesystem::path folder = TAGALIGN_SHARED_DATA "/official_method";
        if (!std::filesystem::exists(folder))
            QSKIP("The official method's small case is not on this machine.");
        const tensor_io::SafetensorsFile expected(folder / "expected.safetensors");
        std::ifstream stream(folder / "case.json");
        const auto figures = nlohmann::json::parse(stream);
        const auto images = expected.tensor("head_patches").mean(1);
        const auto scale = torch::full({}, 1.0 / 0.07);

        const auto caption = infoNce(images, expected.tensor("caption_embeddings"), scale);
        QVERIFY(std::abs(caption.item<double>() - figures.at("info_nce").get<double>()) < 1e-4);

        const auto labels = expected.tensor("tag_labels");
        const auto scores =
            poolTags(expected.tensor("head_patches"), normalised(expected.tensor("tag_embeddings")),
                     TagPooling::Mean, 0.07);
        const auto tags =
            tagLoss(scores, labels, nothingUnknown(labels), scale, UntaggedRows::CountAsZero);
        QVERIFY(std::abs(tags.item<double>() - figures.at("multi_tag").get<double>()) < 1e-4);
    }
};

QTEST_APPLESS_MAIN(TestLosses)
#include "tst_losses.moc"
