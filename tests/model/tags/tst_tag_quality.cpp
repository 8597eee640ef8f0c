#include "model/Error.h"
#include "model/eval/LogisticRegression.h"
#include "model/tags/QualityCheck.h"
#include "model/tags/WordNetDepth.h"

#include <QtTest>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>

using namespace tagalign::model;
using namespace tagalign::model::tags;

namespace {

TagEvidence usual()
{
    return {.margin = 1.0, .confidence = 0.9, .images = 8, .depth = 7};
}

/// Evidence as it comes by, and verdicts drawn from a model with known coefficients: the margin
/// counts twice what the prior says, the captions nothing.
std::vector<QualityPair> simulated(std::size_t images, unsigned seed)
{
    std::mt19937 random(seed);
    std::normal_distribution<double> normal;
    std::uniform_real_distribution<double> uniform;
    std::vector<QualityPair> pairs;
    for (std::size_t i = 0; i < 5 * images; ++i) {
        TagEvidence evidence = usual();
        evidence.margin = 1.0 + normal(random);
        evidence.confidence = uniform(random) < 0.5 ? 0.9 : 0.75;
        evidence.captions = 1 + int(uniform(random) * 5.0);
        const double logit = 1.0 + 1.4 * (*evidence.margin - 1.0) +
                             (evidence.confidence < 0.8 ? std::log(3.0) - std::log(9.0) : 0.0);
        pairs.push_back({.image = i / 5,
                         .evidence = evidence,
                         .isRight = uniform(random) < eval::logistic(logit)});
    }
    return pairs;
}

double termOf(const TagQuality& quality, const std::string& name)
{
    for (const QualityTerm& term : quality.terms()) {
        if (term.name == name) {
            return term.fitted;
        }
    }
    qFatal("no such term");
}

} // namespace

class TestTagQuality : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void priorIsThatOfItsDescription();
    void priorRisesWithEachFeature();
    void missingEvidenceCountsAsUsual();
    void withoutVerdictsThePriorStays();
    void fiveVerdictsMoveItALittle();
    void knownCoefficientsAreRecovered();
    void impossibleEvidenceIsRefused();
    void verdictsAreCheckedWithoutTheirImage();
    void checkOfSimulatedVerdictsIsCalibrated();
    void randomVerdictsAreNotLearnt();
    void oneImageIsComparedWithThePrior();
    void precisionAndCoverageByHand();
    void moreVerdictsOnDoubtfulTagsDoNotBendThePrecision();
    void slippedVerdictsAreOfferedFirst();
    void depthsAreThoseOfWordNet_data();
    void depthsAreThoseOfWordNet();
    void missingDictionaryIsNamed();
};

void TestTagQuality::priorIsThatOfItsDescription()
{
    const TagQuality prior;
    QVERIFY(std::abs(prior.probability(usual()) - eval::logistic(1.4)) < 1e-12);
    TagEvidence two = usual();
    two.captions = 2;
    two.margin = 2.5;
    two.confidence = 0.75;
    two.span = SpanType::Inferred;
    const double byHand = 1.4 + 0.7 + 0.7 * 1.5 + std::log(3.0) - std::log(9.0) - 0.5;
    QVERIFY(std::abs(prior.probability(two) - eval::logistic(byHand)) < 1e-12);
}

void TestTagQuality::priorRisesWithEachFeature()
{
    const TagQuality prior;
    const auto rises = [&prior](const auto& worsen) {
        TagEvidence worse = usual();
        worsen(worse);
        return prior.probability(worse) < prior.probability(usual());
    };
    QVERIFY(rises([](TagEvidence& e) { e.margin = 0.9; }));
    QVERIFY(rises([](TagEvidence& e) { e.confidence = 0.8; }));
    QVERIFY(rises([](TagEvidence& e) { e.images = 7; }));
    QVERIFY(rises([](TagEvidence& e) { e.depth = 6; }));
    QVERIFY(rises([](TagEvidence& e) { e.parsersRead = 2; }));
    QVERIFY(rises([](TagEvidence& e) { e.span = SpanType::Inferred; }));
    TagEvidence better = usual();
    better.captions = 2;
    QVERIFY(prior.probability(better) > prior.probability(usual()));
    better = usual();
    better.parsersFound = better.parsersRead = 2;
    QVERIFY(prior.probability(better) > prior.probability(usual()));
    better = usual();
    better.span = SpanType::MultiWord;
    QVERIFY(prior.probability(better) > prior.probability(usual()));
}

void TestTagQuality::missingEvidenceCountsAsUsual()
{
    TagEvidence bare = usual();
    bare.margin.reset();
    bare.depth.reset();
    QCOMPARE(TagQuality().probability(bare), TagQuality().probability(usual()));
    // And with some margins missing, a fit is still made and uses the others.
    auto pairs = simulated(200, 3);
    for (std::size_t i = 0; i < pairs.size(); i += 2) {
        pairs[i].evidence.margin.reset();
    }
    const TagQuality fitted = TagQuality::fitted(pairs);
    TagEvidence high = usual();
    high.margin = 2.5;
    QVERIFY(fitted.probability(high) > fitted.probability(usual()));
    QVERIFY(std::isfinite(fitted.probability(bare)));
}

void TestTagQuality::withoutVerdictsThePriorStays()
{
    auto pairs = simulated(20, 1);
    for (QualityPair& pair : pairs) {
        pair.isRight.reset();
    }
    const TagQuality fitted = TagQuality::fitted(pairs);
    for (const QualityPair& pair : pairs) {
        QVERIFY(std::abs(fitted.probability(pair.evidence) -
                         TagQuality().probability(pair.evidence)) < 1e-12);
    }
    QCOMPARE(TagQuality::fitted({}).probability(usual()), TagQuality().probability(usual()));
}

void TestTagQuality::fiveVerdictsMoveItALittle()
{
    auto pairs = simulated(40, 2);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        pairs[i].isRight = i < 5 ? std::optional(false) : std::nullopt;
    }
    const double moved = TagQuality::fitted(pairs).probability(usual());
    const double before = TagQuality().probability(usual());
    QVERIFY(moved < before);
    QVERIFY2(moved > 0.35, qPrintable(QString::number(moved))); // five of five rejected
}

/// 4,000 verdicts: standard errors of about 0.06, so 0.25 is four; the pull of the prior is less.
void TestTagQuality::knownCoefficientsAreRecovered()
{
    const TagQuality fitted = TagQuality::fitted(simulated(800, 5));
    QVERIFY(std::abs(termOf(fitted, "image check") - 1.4) < 0.25);
    QVERIFY(std::abs(termOf(fitted, "captions that say so")) < 0.25);
    QVERIFY(std::abs(termOf(fitted, "parser's confidence") - 1.0) < 0.3);
    QVERIFY(std::abs(fitted.probability(usual()) - eval::logistic(1.0)) < 0.05);
}

void TestTagQuality::impossibleEvidenceIsRefused()
{
    const auto isRefused = [](const auto& spoil) {
        TagEvidence evidence = usual();
        spoil(evidence);
        try {
            (void)TagQuality().probability(evidence);
        } catch (const RangeError&) {
            return true;
        }
        return false;
    };
    QVERIFY(!isRefused([](TagEvidence&) {}));
    QVERIFY(isRefused([](TagEvidence& e) { e.confidence = 0.0; }));
    QVERIFY(isRefused([](TagEvidence& e) { e.confidence = 1.5; }));
    QVERIFY(isRefused([](TagEvidence& e) { e.confidence = NAN; }));
    QVERIFY(isRefused([](TagEvidence& e) { e.margin = NAN; }));
    QVERIFY(isRefused([](TagEvidence& e) { e.captions = 0; }));
    QVERIFY(isRefused([](TagEvidence& e) { e.images = 0; }));
    QVERIFY(isRefused([](TagEvidence& e) { e.parsersFound = 2; }));
    QVERIFY(isRefused([](TagEvidence& e) { e.depth = -1; }));
}

/// Turning one image's verdicts round changes nothing in its own out-of-fold probabilities.
void TestTagQuality::verdictsAreCheckedWithoutTheirImage()
{
    auto pairs = simulated(60, 4);
    const QualityCheck before = checkQuality(pairs);
    for (std::size_t i = 0; i < 5; ++i) {
        pairs[i].isRight = !*pairs[i].isRight;
    }
    const QualityCheck after = checkQuality(pairs);
    for (std::size_t i = 0; i < 5; ++i) {
        QCOMPARE(after.probabilities[i], before.probabilities[i]);
    }
    QVERIFY(after.probabilities[100] != before.probabilities[100]);
    QCOMPARE(checkQuality(pairs).probabilities, after.probabilities); // the same folds again
}

void TestTagQuality::checkOfSimulatedVerdictsIsCalibrated()
{
    const auto pairs = simulated(800, 6);
    const QualityCheck check = checkQuality(pairs);
    QCOMPARE(check.accepted + check.rejected, pairs.size());
    // The true model's own: 0.80 by integration over the margin. Ten bins of 4,000 pairs err by
    // 0.02 by chance alone.
    QVERIFY2(std::abs(*check.auroc - 0.81) < 0.03, qPrintable(QString::number(*check.auroc)));
    QVERIFY2(check.calibrationError < 0.03, qPrintable(QString::number(check.calibrationError)));
    const auto interval = aurocInterval(pairs, check);
    QVERIFY(interval.low < *check.auroc && *check.auroc < interval.high);
    QVERIFY(interval.high - interval.low < 0.05);
}

/// Verdicts by the toss of a coin: out of fold nothing is better than guessing, however many
/// columns there are.
void TestTagQuality::randomVerdictsAreNotLearnt()
{
    auto pairs = simulated(300, 8);
    std::mt19937 random(9);
    for (QualityPair& pair : pairs) {
        pair.isRight = (random() & 1U) == 0;
    }
    const QualityCheck check = checkQuality(pairs);
    QVERIFY2(std::abs(*check.auroc - 0.5) < 0.06, qPrintable(QString::number(*check.auroc)));
    QVERIFY(check.calibrationError < 0.08);
}

void TestTagQuality::oneImageIsComparedWithThePrior()
{
    auto pairs = simulated(2, 10);
    for (std::size_t i = 5; i < pairs.size(); ++i) {
        pairs[i].isRight.reset();
    }
    const QualityCheck check = checkQuality(pairs);
    for (std::size_t i = 0; i < 5; ++i) {
        QVERIFY(std::abs(check.probabilities[i] - TagQuality().probability(pairs[i].evidence)) <
                1e-12);
    }
    const QualityCheck none = checkQuality({});
    QVERIFY(!none.auroc && std::isnan(none.calibrationError));
    QCOMPARE(aurocInterval({}, none).high, 1.0);
}

/// Four tags at 0.9 (two judged, one right), one at 0.5 (judged, wrong), one at 0.2 (not judged).
void TestTagQuality::precisionAndCoverageByHand()
{
    const std::vector<double> probabilities{0.9, 0.9, 0.9, 0.9, 0.5, 0.2};
    std::vector<QualityPair> pairs(6, {.evidence = usual()});
    pairs[0].isRight = true;
    pairs[1].isRight = false;
    pairs[4].isRight = false;
    const auto rows = thresholdRows(pairs, probabilities);
    QCOMPARE(rows.size(), std::size_t(101));
    QCOMPARE(rows[90].kept, std::size_t(4));
    QCOMPARE(rows[90].judged, std::size_t(2));
    QCOMPARE(rows[90].precision, 0.5);
    QCOMPARE(rows[90].reach, 1.0);
    QVERIFY(std::isnan(rows[91].precision));
    QCOMPARE(rows[91].coverage, 0.0);
    // From 0.5 on the four stand for 2 right of 4 and the one for itself: 2 of 5.
    QVERIFY(std::abs(rows[50].precision - 0.4) < 1e-12);
    QVERIFY(std::abs(rows[50].coverage - 5.0 / 6.0) < 1e-12);
    // Weights 2, 2, 1: effectively 25 / 9 verdicts.
    const auto interval = eval::wilsonIntervalOfShare(0.4, 25.0 / 9.0);
    QVERIFY(std::abs(rows[50].interval.low - interval.low) < 1e-12);
    // Nothing is known of the one at 0.2.
    QCOMPARE(rows[0].coverage, 1.0);
    QVERIFY(std::abs(rows[0].reach - 5.0 / 6.0) < 1e-12);
    QVERIFY(std::abs(rows[0].precision - 0.4) < 1e-12);
    QVERIFY_EXCEPTION_THROWN((void)thresholdRows(pairs, std::vector{0.5}), ShapeError);
}

/// The most doubtful fifth is judged first: their plain share would be far from the whole's.
void TestTagQuality::moreVerdictsOnDoubtfulTagsDoNotBendThePrecision()
{
    auto pairs = simulated(1000, 11);
    double right = 0.0;
    for (const QualityPair& pair : pairs) {
        right += *pair.isRight ? 1.0 : 0.0;
    }
    const double truth = right / double(pairs.size());
    std::vector<double> probabilities;
    std::mt19937 random(12);
    std::uniform_real_distribution<double> uniform;
    double judged = 0.0;
    double accepted = 0.0;
    for (QualityPair& pair : pairs) {
        probabilities.push_back(TagQuality().probability(pair.evidence));
        if (uniform(random) > (probabilities.back() < 0.6 ? 0.9 : 0.1)) {
            pair.isRight.reset();
        } else {
            judged += 1.0;
            accepted += *pair.isRight ? 1.0 : 0.0;
        }
    }
    const auto row = thresholdRows(pairs, probabilities).front();
    QVERIFY2(std::abs(row.precision - truth) < 0.03,
             qPrintable(QString("%1, truth %2").arg(row.precision).arg(truth)));
    QVERIFY(row.interval.low < truth && truth < row.interval.high);
    QVERIFY(truth - accepted / judged > 0.1); // what the plain share would have said
}

void TestTagQuality::slippedVerdictsAreOfferedFirst()
{
    auto pairs = simulated(200, 13);
    std::mt19937 random(14);
    std::uniform_real_distribution<double> uniform;
    std::vector<bool> slipped;
    for (QualityPair& pair : pairs) { // clear cases, 3 % of the verdicts turned round
        const bool right = *pair.evidence.margin > 1.0;
        pair.evidence.margin = right ? 4.0 : -2.0;
        slipped.push_back(uniform(random) < 0.03);
        pair.isRight = right != slipped.back();
    }
    const auto slips = std::size_t(std::count(slipped.begin(), slipped.end(), true));
    const auto suspects = secondLook(pairs, checkQuality(pairs).probabilities, slips);
    QCOMPARE(suspects.size(), slips);
    std::size_t found = 0;
    for (const SuspectedVerdict& suspect : suspects) {
        found += slipped[suspect.pair] ? 1 : 0;
        QVERIFY(suspect.agreement < 0.5);
    }
    QCOMPARE(found, slips);
    QVERIFY(secondLook(pairs, std::vector(pairs.size(), 0.5), 0).empty());
    for (QualityPair& pair : pairs) { // nothing was rejected: nothing to compare with
        pair.isRight = true;
    }
    QVERIFY(secondLook(pairs, std::vector(pairs.size(), 0.1), 10).empty());
    QVERIFY_EXCEPTION_THROWN((void)secondLook(pairs, {}, 1), ShapeError);
}

void TestTagQuality::depthsAreThoseOfWordNet_data()
{
    QTest::addColumn<QString>("lemma");
    QTest::addColumn<int>("depth"); // -1: none
    // Counted once by an independent reading of data.noun.
    QTest::newRow("the root") << "entity" << 0;
    QTest::newRow("object") << "object" << 2;
    QTest::newRow("dog") << "dog" << 8;
    QTest::newRow("last line") << "zymurgy" << 12;
    QTest::newRow("first line") << "'hood" << 8;
    QTest::newRow("two words") << "traffic light" << 6;
    QTest::newRow("last word counts") << "zebra traffic light" << -2;
    QTest::newRow("no such word") << "qwrtz" << -1;
    QTest::newRow("empty") << "" << -1;
    QTest::newRow("Japanese") << QString::fromUtf8("りんご") << -1;
}

void TestTagQuality::depthsAreThoseOfWordNet()
{
    QFETCH(QString, lemma);
    QFETCH(int, depth);
    const WordNetDepth net;
    const auto found = net.depth(lemma.toStdString());
    if (depth == -2) {
        QCOMPARE(found.value_or(-1), net.depth("light").value());
        return;
    }
    QCOMPARE(found.value_or(-1), depth);
}

void TestTagQuality::missingDictionaryIsNamed()
{
    try {
        const WordNetDepth net("/no/such/folder");
        QFAIL("read from nowhere");
    } catch (const Error& error) {
        QVERIFY(std::string(error.what()).find("wordnet-base") != std::string::npos);
    }
}

QTEST_GUILESS_MAIN(TestTagQuality)
#include "tst_tag_quality.moc"
