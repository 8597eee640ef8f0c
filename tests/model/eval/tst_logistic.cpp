#include "model/Error.h"
#include "model/eval/Auroc.h"
#include "model/eval/Interval.h"
#include "model/eval/LogisticRegression.h"

#include <nlohmann/json.hpp>

#include <QtTest>

#include <cmath>
#include <fstream>
#include <limits>
#include <random>

using namespace tagalign::model;
using namespace tagalign::model::eval;

namespace {

nlohmann::json golden()
{
    std::ifstream file(TAGALIGN_SOURCE_DIR "/tests/data/eval/logistic.json");
    return nlohmann::json::parse(file);
}

std::vector<bool> labelsOf(const nlohmann::json& row)
{
    std::vector<bool> labels;
    for (const int label : row.get<std::vector<int>>()) {
        labels.push_back(label == 1);
    }
    return labels;
}

bool isNear(double a, double b, double tolerance = 1e-12)
{
    return std::abs(a - b) <= tolerance;
}

} // namespace

class TestLogistic : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void coefficientsAreThoseOfScikitLearnAndSciPy();
    void oneColumnByHand();
    void offsetsAreTheAnswerWhereThePenaltyIsHuge();
    void separableLabelsHaveAFiniteFit();
    void knownCoefficientsAreRecovered();
    void whatCannotBeFittedIsRefused();
    void aurocIsThatOfScikitLearn();
    void aurocByHand();
    void weightedShareHasWilsonsInterval();
};

void TestLogistic::coefficientsAreThoseOfScikitLearnAndSciPy()
{
    const auto cases = golden();
    QCOMPARE(cases.size(), std::size_t(4));
    for (const auto& row : cases) {
        const LogisticData data{.columns = row["columns"],
                                .values = row["values"].get<std::vector<double>>(),
                                .offsets = row["offsets"].get<std::vector<double>>(),
                                .labels = labelsOf(row["labels"])};
        std::vector<double> ridge(data.columns, row["ridge"].get<double>());
        ridge[0] = 0.0; // the intercept, which scikit-learn does not punish
        const auto found = fitLogistic(data, ridge);
        const auto expected = row["coefficients"].get<std::vector<double>>();
        for (std::size_t j = 0; j < expected.size(); ++j) {
            // The peers stop earlier: L-BFGS and BFGS with numeric gradients.
            QVERIFY2(isNear(found[j], expected[j], 2e-5),
                     qPrintable(QString("%1, expected %2").arg(found[j]).arg(expected[j])));
        }
    }
}

/// An intercept alone, 3 of 4: without a penalty log(3); with one the gradient is nought there.
void TestLogistic::oneColumnByHand()
{
    const LogisticData data{
        .columns = 1, .values = {1.0, 1.0, 1.0, 1.0}, .labels = {true, true, true, false}};
    QVERIFY(isNear(fitLogistic(data, std::vector{0.0})[0], std::log(3.0), 1e-9));
    const double beta = fitLogistic(data, std::vector{2.0})[0];
    QVERIFY(isNear(4.0 * logistic(beta) - 3.0 + 2.0 * beta, 0.0, 1e-7));
    QVERIFY(beta > 0.0 && beta < std::log(3.0));
    QCOMPARE(fitLogistic({.columns = 1}, std::vector{1.0}), std::vector{0.0});
}

void TestLogistic::offsetsAreTheAnswerWhereThePenaltyIsHuge()
{
    const LogisticData data{.columns = 1,
                            .values = {1.0, 1.0, 1.0},
                            .offsets = {-2.0, 0.0, 1.0},
                            .labels = {true, true, true}};
    QVERIFY(std::abs(fitLogistic(data, std::vector{1e9})[0]) < 1e-8);
    // Offsets that say all there is to say leave nothing to learn.
    const LogisticData even{
        .columns = 1, .values = {1.0, 1.0}, .offsets = {0.0, 0.0}, .labels = {true, false}};
    QVERIFY(isNear(fitLogistic(even, std::vector{0.0})[0], 0.0));
}

void TestLogistic::separableLabelsHaveAFiniteFit()
{
    const LogisticData data{.columns = 2,
                            .values = {1.0, -1000.0, 1.0, -900.0, 1.0, 900.0, 1.0, 1000.0},
                            .labels = {false, false, true, true}};
    const auto beta = fitLogistic(data, std::vector{0.1, 0.1});
    QVERIFY(std::isfinite(beta[0]) && std::isfinite(beta[1]));
    QVERIFY(beta[1] > 0.0);
}

/// 20,000 rows drawn from known coefficients: standard errors of about 0.02, so 0.1 is five.
void TestLogistic::knownCoefficientsAreRecovered()
{
    const std::vector<double> truth{-0.4, 1.2, 0.0, -0.7};
    std::mt19937 random(7);
    std::normal_distribution<double> normal;
    std::uniform_real_distribution<double> uniform;
    LogisticData data{.columns = truth.size()};
    for (int row = 0; row < 20'000; ++row) {
        double logit = 0.0;
        for (std::size_t j = 0; j < truth.size(); ++j) {
            const double x = j == 0 ? 1.0 : normal(random);
            data.values.push_back(x);
            logit += truth[j] * x;
        }
        data.offsets.push_back(normal(random));
        data.labels.push_back(uniform(random) < logistic(logit + data.offsets.back()));
    }
    const auto found = fitLogistic(data, std::vector(truth.size(), 1.0));
    for (std::size_t j = 0; j < truth.size(); ++j) {
        QVERIFY2(isNear(found[j], truth[j], 0.1), qPrintable(QString::number(found[j])));
    }
}

void TestLogistic::whatCannotBeFittedIsRefused()
{
    const LogisticData data{.columns = 1, .values = {1.0, 2.0}, .labels = {true, false}};
    QVERIFY_EXCEPTION_THROWN((void)fitLogistic(data, {}), ShapeError);
    QVERIFY_EXCEPTION_THROWN((void)fitLogistic(data, std::vector{-1.0}), RangeError);
    LogisticData odd = data;
    odd.offsets = {0.0};
    QVERIFY_EXCEPTION_THROWN((void)fitLogistic(odd, std::vector{1.0}), ShapeError);
    odd = data;
    odd.values[1] = std::numeric_limits<double>::quiet_NaN();
    QVERIFY_EXCEPTION_THROWN((void)fitLogistic(odd, std::vector{1.0}), RangeError);
    const LogisticData twins{
        .columns = 2, .values = {1.0, 1.0, 2.0, 2.0, 3.0, 3.0}, .labels = {true, false, true}};
    QVERIFY_EXCEPTION_THROWN((void)fitLogistic(twins, std::vector{0.0, 0.0}), RangeError);
    QVERIFY(isNear(fitLogistic(twins, std::vector{1.0, 1.0})[0],
                   fitLogistic(twins, std::vector{1.0, 1.0})[1], 1e-9));
}

void TestLogistic::aurocIsThatOfScikitLearn()
{
    for (const auto& row : golden()) {
        const auto scores = row["scores"].get<std::vector<double>>();
        const auto weights = row["weights"].get<std::vector<std::uint32_t>>();
        const auto labels = labelsOf(row["labels"]);
        QVERIFY(isNear(*auroc(scores, labels), row["auroc"].get<double>()));
        QVERIFY(isNear(*auroc(scores, labels, weights), row["weighted_auroc"].get<double>()));
    }
}

/// Of 2 · 2 comparisons one is won, one lost, one tied, one won.
void TestLogistic::aurocByHand()
{
    const std::vector scores{0.9, 0.5, 0.5, 0.7};
    QVERIFY(isNear(*auroc(scores, {true, true, false, false}), 2.5 / 4.0));
    QVERIFY(!auroc(scores, {true, true, true, true}));
    QVERIFY(!auroc({}, {}));
    QVERIFY_EXCEPTION_THROWN((void)auroc(scores, {true}), ShapeError);
    const std::vector odd{std::numeric_limits<double>::quiet_NaN()};
    QVERIFY_EXCEPTION_THROWN((void)auroc(odd, {true}), RangeError);
}

void TestLogistic::weightedShareHasWilsonsInterval()
{
    const Interval whole = wilsonInterval(8, 10);
    const Interval same = wilsonIntervalOfShare(0.8, 10.0);
    QCOMPARE(same.low, whole.low);
    QCOMPARE(same.high, whole.high);
    const Interval wider = wilsonIntervalOfShare(0.8, 2.5);
    QVERIFY(wider.low < same.low && wider.high > same.high);
    QCOMPARE(wilsonIntervalOfShare(0.5, 0.0).high, 1.0);
    QVERIFY_EXCEPTION_THROWN((void)wilsonIntervalOfShare(1.5, 10.0), RangeError);
    QVERIFY_EXCEPTION_THROWN((void)wilsonIntervalOfShare(0.5, -1.0), RangeError);
}

QTEST_GUILESS_MAIN(TestLogistic)
#include "tst_logistic.moc"
