#include "model/Error.h"
#include "model/eval/Bootstrap.h"
#include "model/eval/Calibration.h"
#include "model/eval/FalseAlerts.h"
#include "model/eval/GoNoGo.h"
#include "model/eval/Localization.h"
#include "model/eval/PilotSimulation.h"
#include "model/eval/Retrieval.h"
#include "model/eval/TagRanking.h"

#include <nlohmann/json.hpp>

#include <QtTest>

#include <cmath>
#include <fstream>
#include <random>

using namespace tagalign::model;
using namespace tagalign::model::eval;

namespace {

std::vector<Label> labels(const std::vector<int>& relevant)
{
    std::vector<Label> result;
    for (const int one : relevant) {
        result.push_back(one == 1 ? Label::Present : one == 0 ? Label::Absent : Label::Unknown);
    }
    return result;
}

bool isNear(double a, double b, double tolerance = 1e-12)
{
    return std::abs(a - b) <= tolerance;
}

nlohmann::json golden(const char* name)
{
    std::ifstream file(std::string(TAGALIGN_SOURCE_DIR "/tests/data/eval/") + name);
    return nlohmann::json::parse(file);
}

/// Mean of values as weighted: the simplest statistic.
Statistics meanOf(const std::vector<double>& values)
{
    return [&values](std::span<const std::uint32_t> weights) {
        double sum = 0.0;
        for (std::size_t i = 0; i < values.size(); ++i) {
            sum += values[i] * weights[i];
        }
        return std::vector<double>{sum / double(values.size())};
    };
}

/// Population standard deviation as weighted.
Statistics deviationOf(const std::vector<double>& values)
{
    return [&values](std::span<const std::uint32_t> weights) {
        double sum = 0.0;
        double squares = 0.0;
        double count = 0.0;
        for (std::size_t i = 0; i < values.size(); ++i) {
            count += weights[i];
            sum += values[i] * weights[i];
            squares += values[i] * values[i] * weights[i];
        }
        return std::vector<double>{std::sqrt(squares / count - sum / count * (sum / count))};
    };
}

/// Mean of each figure of [item][figure].
Statistics meansOf(const std::vector<std::vector<double>>& values)
{
    return [&values](std::span<const std::uint32_t> weights) {
        std::vector<double> means(values[0].size(), 0.0);
        for (std::size_t i = 0; i < values.size(); ++i) {
            for (std::size_t figure = 0; figure < means.size(); ++figure) {
                means[figure] += values[i][figure] * weights[i] / double(values.size());
            }
        }
        return means;
    };
}

bool hasChange(const std::vector<Interval>& intervals)
{
    return std::any_of(intervals.begin(), intervals.end(), [](const Interval& interval) {
        return interval.low > 0.0 || interval.high < 0.0;
    });
}

} // namespace

class TestEval : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void regionsAreScoredByHand();
    void regionsRefuseWhatCannotBeCompared();

    void averagePrecisionIsThePeers()
    {
        const auto cases = golden("average_precision.json");
        QCOMPARE(cases.size(), std::size_t(15));
        int weighted = 0;
        for (const auto& row : cases) {
            const auto scores = row["scores"].get<std::vector<float>>();
            const TagRanking ranking(scores, labels(row["relevant"].get<std::vector<int>>()));
            QVERIFY(isNear(ranking.averagePrecision().value(), row["ap"].get<double>()));
            const auto weights = row["weights"].get<std::vector<std::uint32_t>>();
            QCOMPARE(ranking.averagePrecision(weights).has_value(), row.contains("weighted"));
            if (row.contains("weighted")) {
                ++weighted;
                QVERIFY(isNear(*ranking.averagePrecision(weights), row["weighted"].get<double>()));
            }
        }
        QVERIFY(weighted > 8);
    }

    void averagePrecisionByHand()
    {
        // Present at ranks 1 and 3 of 4: (1/1 + 2/3) / 2.
        const std::vector<float> scores{0.9F, 0.8F, 0.7F, 0.1F};
        QVERIFY(isNear(*TagRanking(scores, labels({1, 0, 1, 0})).averagePrecision(), 5.0 / 6.0));
        // The unknown one at rank 2 does not count: precision 1 at both.
        QVERIFY(isNear(*TagRanking(scores, labels({1, 2, 1, 0})).averagePrecision(), 1.0));
        QVERIFY(!TagRanking(scores, labels({0, 2, 0, 0})).averagePrecision());
    }

    void averagePrecisionRefuses()
    {
        const std::vector<float> scores{1.0F, std::nanf("")};
        QVERIFY_EXCEPTION_THROWN(TagRanking(scores, labels({1})), ShapeError);
        QVERIFY_EXCEPTION_THROWN(TagRanking(scores, labels({1, 0})), RangeError);
        const TagRanking good(std::vector<float>{1.0F}, labels({1}));
        const std::vector<std::uint32_t> weights{1, 1};
        QVERIFY_EXCEPTION_THROWN((void)good.averagePrecision(weights), ShapeError);
    }

    void retrievalByHand()
    {
        const std::vector<float> scores{0.1F, 0.5F, 0.4F, 0.5F};
        QCOMPARE(rankOf(scores, 1, 2), std::size_t(2)); // the equal one comes before
        QCOMPARE(rankOf(scores, 1, 4), std::size_t(1)); // any of its captions will do
        QCOMPARE(rankOf(scores, 0, 1), std::size_t(4));
        // Entries 0 and 1 say the same as 2: neither counts, nor does the entry itself twice.
        const std::vector<std::size_t> alike{0, 1, 2};
        QCOMPARE(rankOf(scores, 2, 3, alike), std::size_t(2));
        const std::vector<std::size_t> outside{4};
        QVERIFY_EXCEPTION_THROWN((void)rankOf(scores, 2, 3, outside), RangeError);
        QVERIFY_EXCEPTION_THROWN((void)rankOf(scores, 2, 2), RangeError);
        QVERIFY_EXCEPTION_THROWN((void)rankOf(scores, 3, 5), RangeError);
        // Image 0 has two captions, image 1 none, image 2 one.
        const std::vector<ImageRanks> ranks{{1, 7}, {}, {5}};
        QVERIFY(isNear(*recallAt(1, ranks), 1.0 / 3.0));
        QVERIFY(isNear(*recallAt(5, ranks), 2.0 / 3.0));
        QVERIFY(isNear(*recallAt(10, ranks), 1.0));
        const std::vector<std::uint32_t> weights{2, 1, 0};
        QVERIFY(isNear(*recallAt(5, ranks, weights), 0.5));
        QVERIFY(!recallAt(5, std::vector<ImageRanks>{{}}));
        QVERIFY_EXCEPTION_THROWN((void)recallAt(5, ranks, std::span(weights).first(2)), ShapeError);
    }

    void wilsonIsThePeers()
    {
        // scipy.stats.binomtest(k, n).proportion_ci(method="wilson")
        const auto is = [](std::int64_t k, std::int64_t n, double low, double high) {
            const Interval interval = wilsonInterval(k, n);
            return isNear(interval.low, low) && isNear(interval.high, high);
        };
        QVERIFY(is(0, 10, 0.0, 0.27753279986288926));
        QVERIFY(is(10, 10, 0.7224672001371109, 1.0));
        QVERIFY(is(7, 10, 0.39677814746114526, 0.892208732593699));
        QVERIFY(is(81, 263, 0.2552885198782742, 0.36620957698280004));
        QVERIFY(is(0, 0, 0.0, 1.0));
        QVERIFY_EXCEPTION_THROWN((void)wilsonInterval(3, 2), RangeError);
        QVERIFY_EXCEPTION_THROWN((void)wilsonInterval(-1, 2), RangeError);
    }

    void falseAlertsByHand()
    {
        // F1 at 0.9: 2/4; at 0.7: 4/6; at 0.5: 4/7; at 0.3: 6/8, the best; recall 1.
        const std::vector<float> scores{0.9F, 0.8F, 0.7F, 0.5F, 0.3F, 0.1F};
        QVERIFY(isNear(*recallAtBestF1(scores, labels({1, 0, 1, 0, 1, 0})), 1.0));
        // One far below the rest: best F1 is 4/5 at 0.8, recall 2/3.
        const auto far = labels({1, 1, 0, 0, 0, 1});
        QVERIFY(isNear(*recallAtBestF1(scores, far), 2.0 / 3.0));
        QCOMPARE(*thresholdForRecall(scores, far, 2.0 / 3.0), 0.8F);
        QCOMPARE(*thresholdForRecall(scores, far, 0.7), 0.1F);
        QVERIFY(!recallAtBestF1(scores, labels({0, 0, 0, 2, 0, 0})));
        QVERIFY(!thresholdForRecall(scores, labels({0, 0, 0, 2, 0, 0}), 0.5));
        QVERIFY_EXCEPTION_THROWN((void)thresholdForRecall(scores, far, 0.0), RangeError);
        QVERIFY_EXCEPTION_THROWN((void)thresholdForRecall(scores, far, 1.1), RangeError);
        QVERIFY_EXCEPTION_THROWN((void)recallAtBestF1(scores, labels({1})), ShapeError);
    }

    void bootstrapRepeatsAndRefuses()
    {
        const std::vector<double> values{1.0, 2.0, 4.0, 8.0, 16.0};
        const auto first = bootstrapIntervals(5, {200, 7}, meanOf(values)).at(0);
        const auto again = bootstrapIntervals(5, {200, 7}, meanOf(values)).at(0);
        const auto other = bootstrapIntervals(5, {200, 8}, meanOf(values)).at(0);
        QCOMPARE(first.low, again.low);
        QCOMPARE(first.high, again.high);
        QVERIFY(first.low != other.low || first.high != other.high);
        QVERIFY(first.low >= 1.0 && first.low < 6.2 && first.high > 6.2 && first.high <= 16.0);
        const auto none =
            bootstrapIntervals(5, {10, 1}, [](auto) { return std::vector<double>{std::nan("")}; });
        QVERIFY(std::isnan(none.at(0).low));
        QVERIFY_EXCEPTION_THROWN((void)bootstrapIntervals(0, {}, meanOf(values)), RangeError);
        QVERIFY_EXCEPTION_THROWN((void)bootstrapIntervals(5, {0, 1}, meanOf(values)), RangeError);
        QVERIFY_EXCEPTION_THROWN(
            (void)bootstrapIntervals(5, {}, meanOf(values),
                                     [](const Progress&) { return Next::Stop; }),
            Cancelled);
    }

    /// SciPy's BCa intervals of 200,000 resamples.
    void bootstrapIsThePeers()
    {
        for (const auto& row : golden("bca.json")) {
            const auto values = row["values"].get<std::vector<double>>();
            const auto interval = bootstrapIntervals(values.size(), {20000, 5},
                                                     row["statistic"].get<std::string>() == "mean"
                                                         ? meanOf(values)
                                                         : deviationOf(values))
                                      .at(0);
            const double low = row["low"].get<double>();
            const double high = row["high"].get<double>();
            // Draws differ: a tail quantile of 20,000 is known to about 1 % of the width.
            QVERIFY(isNear(interval.low, low, 0.02 * (high - low)));
            QVERIFY(isNear(interval.high, high, 0.02 * (high - low)));
        }
    }

    void bootstrapCovers_data()
    {
        QTest::addColumn<bool>("isSkewed");
        QTest::newRow("normal") << false;
        QTest::newRow("skewed") << true;
    }

    /// How often the 95 % interval of a mean holds the true one: 95 ± 2 %.
    void bootstrapCovers()
    {
        QFETCH(bool, isSkewed);
        std::mt19937_64 generator(11);
        std::normal_distribution<double> noise(1.0, 1.0);
        std::exponential_distribution<double> skewed(1.0);
        constexpr int kRuns = 2000;
        int covered = 0;
        for (int run = 0; run < kRuns; ++run) {
            std::vector<double> values(120);
            std::generate(values.begin(), values.end(),
                          [&] { return isSkewed ? skewed(generator) : noise(generator); });
            const auto interval =
                bootstrapIntervals(values.size(), {600, std::uint64_t(run)}, meanOf(values)).at(0);
            covered += interval.low <= 1.0 && 1.0 <= interval.high ? 1 : 0;
        }
        const double percent = 100.0 * covered / kRuns;
        qInfo("coverage of the 95 %% interval: %.1f %% of %d runs", percent, kRuns);
        QVERIFY(percent >= 93.0 && percent <= 97.0);
    }

    /// Thirty figures without any change: how often one of them is said to have changed.
    void simultaneousIntervalsHoldAllAtOnce()
    {
        constexpr std::size_t kFigures = 30;
        constexpr std::size_t kItems = 100;
        constexpr int kRuns = 300;
        std::mt19937_64 generator(17);
        std::normal_distribution<double> noise;
        int wrongTogether = 0;
        int wrongAlone = 0;
        for (int run = 0; run < kRuns; ++run) {
            std::vector<std::vector<double>> values(kItems, std::vector<double>(kFigures));
            for (auto& item : values) {
                const double common = noise(generator); // what all figures of an item share
                for (double& value : item) {
                    value = 0.6 * common + 0.8 * noise(generator);
                }
            }
            const Statistics means = meansOf(values);
            const std::vector<double> estimates = means(std::vector<std::uint32_t>(kItems, 1U));
            const BootstrapSettings settings{400, std::uint64_t(run)};
            wrongTogether +=
                hasChange(simultaneousIntervals(kItems, settings, estimates, means)) ? 1 : 0;
            wrongAlone += hasChange(bootstrapIntervals(kItems, settings, means)) ? 1 : 0;
        }
        qInfo("a change claimed where there is none: %d of %d runs, without correction %d",
              wrongTogether, kRuns, wrongAlone);
        QVERIFY(wrongTogether <= 27); // 15 expected; 27 is three standard deviations above
        QVERIFY(wrongAlone > 100);    // what the correction is for
        const std::vector<double> two{1.0, 2.0};
        QVERIFY_EXCEPTION_THROWN(
            (void)simultaneousIntervals(2, {}, std::vector<double>{0.0, 0.0}, meanOf(two)),
            ShapeError);
        const auto none =
            simultaneousIntervals(2, {10, 1}, {}, [](auto) { return std::vector<double>{}; });
        QVERIFY(none.empty());
    }

    /// scikit-learn's sigmoid calibration and reliability bins.
    void calibrationIsThePeers()
    {
        const auto cases = golden("calibration.json");
        QCOMPARE(cases.size(), std::size_t(6));
        for (const auto& row : cases) {
            const auto scores = row["scores"].get<std::vector<float>>();
            const auto known = labels(row["present"].get<std::vector<int>>());
            const ScoreScale scale = fitScale(scores, known);
            // The peer's minimiser stops at a gradient of about 1e-5.
            QVERIFY(isNear(scale.slope, row["slope"].get<double>(), 2e-2));
            QVERIFY(isNear(scale.offset, row["offset"].get<double>(), 5e-3));
            std::vector<ReliabilityBin> bins(10);
            for (std::size_t i = 0; i < scores.size(); ++i) {
                const double probability = scale.probability(scores[i]);
                ReliabilityBin& bin = bins[binOf(probability, bins.size())];
                bin.count += 1.0;
                bin.probability += probability;
                bin.present += known[i] == Label::Present ? 1.0 : 0.0;
            }
            QVERIFY(isNear(calibrationError(bins), row["error"].get<double>(), 1e-3));
        }
    }

    void calibrationByHand()
    {
        QCOMPARE(binOf(0.0, 10), std::size_t(0));
        QCOMPARE(binOf(0.95, 10), std::size_t(9));
        QCOMPARE(binOf(1.0, 10), std::size_t(9));
        // Two pairs at 0.2 of which one is there, two at 0.9 that both are: (0.6 + 0.2) / 4.
        const std::vector<ReliabilityBin> bins{{2.0, 0.4, 1.0}, {0.0, 0.0, 0.0}, {2.0, 1.8, 2.0}};
        QVERIFY(isNear(calibrationError(bins), 0.2));
        QVERIFY(std::isnan(calibrationError({})));
        // Equal scores: the probability is the share, drawn in: the mean target of 2/3, 1/4, 1/4.
        const std::vector<float> equal{1.0F, 1.0F, 1.0F, 9.0F};
        const ScoreScale scale = fitScale(equal, labels({1, 0, 0, 2}));
        QVERIFY(isNear(scale.probability(1.0F), (2.0 / 3.0 + 0.25 + 0.25) / 3.0, 1e-6));
        // Separable: finite all the same, and steep.
        const std::vector<float> apart{-1.0F, -1.0F, 1.0F, 1.0F};
        const ScoreScale steep = fitScale(apart, labels({0, 0, 1, 1}));
        QVERIFY(isNear(steep.probability(1.0F), 0.75, 1e-6)); // (2 + 1) / (2 + 2)
        QVERIFY(isNear(steep.probability(-1.0F), 0.25, 1e-6));
        QCOMPARE(fitScale({}, {}).slope, 0.0);
        QVERIFY_EXCEPTION_THROWN((void)fitScale(apart, labels({1})), ShapeError);
        QVERIFY_EXCEPTION_THROWN((void)fitScale(std::vector<float>{std::nanf("")}, labels({1})),
                                 RangeError);
    }

    /// The truth that a simulated pilot names is what a huge test set shows.
    void simulatedPilotsTellTheTruth()
    {
        for (const double effect : {0.0, 0.2}) {
            const SimulatedPilot pilot =
                simulatePilot({.images = 20000, .effect = effect, .seed = 4});
            const auto mean = [&pilot](const std::vector<std::vector<float>>& scores) {
                double sum = 0.0;
                for (std::size_t tag = 0; tag < scores.size(); ++tag) {
                    sum += *TagRanking(scores[tag], pilot.labels[tag]).averagePrecision();
                }
                return sum / double(scores.size());
            };
            // Every tag is on dozens of the images; the tags' errors are 0.02 at most each.
            QVERIFY(isNear(mean(pilot.before), pilot.trueBefore, 0.01));
            QVERIFY(isNear(mean(pilot.whole), pilot.trueWhole, 0.01));
            QVERIFY(isNear(mean(pilot.after), pilot.trueAfter, 0.01));
            const double base = std::max(pilot.trueBefore, pilot.trueWhole);
            QVERIFY(isNear(pilot.trueAfter / base, 1.0 + effect, 1e-6));
        }
        const SimulatedPilot one = simulatePilot({.images = 50, .seed = 9});
        QVERIFY(simulatePilot({.images = 50, .seed = 9}).after == one.after);
        QVERIFY(simulatePilot({.images = 50, .seed = 10}).after != one.after);
        QVERIFY_EXCEPTION_THROWN((void)simulatePilot({.images = 3}), RangeError);
        QVERIFY_EXCEPTION_THROWN((void)simulatePilot({.effect = 0.9}), RangeError);
    }

    void decides_data()
    {
        QTest::addColumn<double>("after");
        QTest::addColumn<double>("low");
        QTest::addColumn<double>("high");
        QTest::addColumn<int>("decision");
        QTest::addColumn<int>("more"); // -1 = none
        // before = 0.5, 100 verified pairs; thresholds 0.10 and 0.20.
        QTest::newRow("go") << 0.57 << 0.01 << 0.13 << int(Decision::Go) << -1;
        QTest::newRow("strong go") << 0.62 << 0.02 << 0.22 << int(Decision::StrongGo) << -1;
        QTest::newRow("no-go: too little") << 0.52 << 0.01 << 0.03 << int(Decision::NoGo) << -1;
        QTest::newRow("no-go: worse") << 0.40 << -0.15 << -0.05 << int(Decision::NoGo) << -1;
        // The arm 0.16 must shrink below 0.08: more than 4 times the pairs.
        QTest::newRow("wide, good") << 0.58 << -0.08 << 0.24 << int(Decision::NotDecided) << 301;
        // The arm 0.06 must shrink below 0.05 - 0.02 = 0.03.
        QTest::newRow("wide, poor") << 0.52 << -0.05 << 0.08 << int(Decision::NotDecided) << 301;
    }

    void decides()
    {
        QFETCH(double, after);
        QFETCH(double, low);
        QFETCH(double, high);
        QFETCH(int, decision);
        QFETCH(int, more);
        const Verdict verdict = goNoGo({0.5, after, {low, high}, 100});
        QCOMPARE(int(verdict.decision), decision);
        QCOMPARE(verdict.morePairs.has_value(), more >= 0);
        if (more >= 0) {
            QVERIFY(std::abs(*verdict.morePairs - more) <= 1); // rounding of the ratio
        }
        QVERIFY(isNear(verdict.improvement, (after - 0.5) / 0.5));
    }

    void decisionRefuses()
    {
        QVERIFY_EXCEPTION_THROWN((void)goNoGo({0.0, 0.5, {0.1, 0.9}, 10}), RangeError);
        QVERIFY_EXCEPTION_THROWN((void)goNoGo({0.5, std::nan(""), {0.1, 0.9}, 10}), RangeError);
        QVERIFY_EXCEPTION_THROWN((void)goNoGo({0.5, 0.6, {0.1, 0.9}, 10}, {}, {0.2, 0.1}),
                                 RangeError);
        QVERIFY_EXCEPTION_THROWN((void)goNoGo({0.5, 0.6, {0.1, 0.9}, 10}, {}, {0.1, 0.2, -0.1}),
                                 RangeError);
        QVERIFY_EXCEPTION_THROWN(
            (void)goNoGo({0.5, 0.6, {0.1, 0.9}, 10}, Retention{0.5, std::nan("")}), RangeError);
        QVERIFY(!goNoGo({0.5, 0.6, {-0.1, 0.3}, 0}).morePairs);
    }

    void forgettingTurnsGoIntoNoGo()
    {
        const PrimaryMetric gain{0.5, 0.62, {0.02, 0.22}, 100};
        QCOMPARE(goNoGo(gain).decision, Decision::StrongGo);
        QCOMPARE(goNoGo(gain, Retention{0.30, 0.29}).decision, Decision::StrongGo);
        const Verdict forgetful = goNoGo(gain, Retention{0.30, 0.275}); // 2.5 points; 2 are borne
        QCOMPARE(forgetful.decision, Decision::NoGo);
        QVERIFY(forgetful.isForgetful);
        QVERIFY(!forgetful.morePairs);
        const GoNoGoSettings lenient{.retentionLimit = 0.03};
        QCOMPARE(goNoGo(gain, Retention{0.30, 0.275}, lenient).decision, Decision::StrongGo);
        // What is not decided yet is decided by it as well.
        QCOMPARE(goNoGo({0.5, 0.58, {-0.08, 0.24}, 100}, Retention{0.3, 0.2}).decision,
                 Decision::NoGo);
    }
};

/// Six pixels, two of them in the region: counted by hand.
void TestEval::regionsAreScoredByHand()
{
    const std::vector<float> heat{0.9F, 0.1F, 0.5F, 0.5F, -0.2F, 0.3F};
    const std::vector<std::uint8_t> inside{1, 0, 1, 0, 0, 0};
    const std::vector<float> thresholds{-1.0F, 0.3F, 0.5F, 0.6F, 1.0F};
    const RegionScore score = scoreRegion(heat, inside, thresholds);
    QVERIFY(score.pointsInside);
    QVERIFY(isNear(score.iou[0], 2.0 / 6.0)); // everything
    QVERIFY(isNear(score.iou[1], 2.0 / 4.0)); // 0.9, 0.5, 0.5, 0.3
    QVERIFY(isNear(score.iou[2], 2.0 / 3.0)); // 0.9, 0.5, 0.5: reaching it is enough
    QVERIFY(isNear(score.iou[3], 1.0 / 2.0)); // 0.9
    QVERIFY(isNear(score.iou[4], 0.0));       // nothing
    QVERIFY(
        !scoreRegion(heat, std::vector<std::uint8_t>{0, 1, 0, 0, 0, 0}, thresholds).pointsInside);
    const std::vector<float> even{0.5F, 0.5F};
    QVERIFY(!scoreRegion(even, std::vector<std::uint8_t>{0, 1}, thresholds)
                 .pointsInside); // the first counts
}

void TestEval::regionsRefuseWhatCannotBeCompared()
{
    const std::vector<float> thresholds = thresholdsBetween(0.0F, 1.0F, 3);
    QCOMPARE(thresholds, std::vector<float>({0.0F, 0.5F, 1.0F}));
    const std::vector<std::uint8_t> inside{1, 0};
    QVERIFY_EXCEPTION_THROWN((void)scoreRegion(std::vector<float>{0.1F}, inside, thresholds),
                             ShapeError);
    QVERIFY_EXCEPTION_THROWN(
        (void)scoreRegion(std::vector<float>{0.1F, std::nanf("")}, inside, thresholds), RangeError);
    QVERIFY_EXCEPTION_THROWN((void)thresholdsBetween(1.0F, 1.0F, 3), RangeError);
    QVERIFY_EXCEPTION_THROWN((void)thresholdsBetween(0.0F, 1.0F, 1), RangeError);
}

QTEST_APPLESS_MAIN(TestEval)
#include "tst_eval.moc"
