#include "model/tags/QualityCheck.h"

#include "model/Error.h"
#include "model/eval/Auroc.h"
#include "model/eval/Bootstrap.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <string>

namespace tagalign::model::tags {

namespace {

constexpr std::size_t kFolds = 10;
constexpr std::size_t kReliabilityBins = 10;
constexpr std::size_t kSteps = 100; // of the threshold, in [0, 1]
constexpr std::size_t kRows = kSteps + 1;
constexpr std::size_t kStrata = 20;
const double kNone = std::numeric_limits<double>::quiet_NaN();

/// Probabilities and answers of the judged pairs.
struct Judged
{
    std::vector<double> probabilities;
    std::vector<bool> right;
    std::vector<std::size_t> images; ///< numbered from 0
    std::size_t imageCount = 0;
};

void requireSame(std::size_t pairs, std::size_t probabilities)
{
    if (pairs != probabilities) {
        throw ShapeError("tag quality: " + std::to_string(probabilities) + " probabilities for " +
                         std::to_string(pairs) + " pairs");
    }
}

Judged judgedOf(std::span<const QualityPair> pairs, std::span<const double> probabilities)
{
    requireSame(pairs.size(), probabilities.size());
    Judged judged;
    std::map<std::uint64_t, std::size_t> numbers;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        if (pairs[i].isRight) {
            judged.probabilities.push_back(probabilities[i]);
            judged.right.push_back(*pairs[i].isRight);
            judged.images.push_back(numbers.emplace(pairs[i].image, numbers.size()).first->second);
        }
    }
    judged.imageCount = numbers.size();
    return judged;
}

/// The fold of each image with a verdict: shuffled, then dealt out.
std::map<std::uint64_t, std::size_t> foldsOf(std::span<const QualityPair> pairs, std::uint64_t seed)
{
    std::map<std::uint64_t, std::size_t> folds;
    for (const QualityPair& pair : pairs) {
        if (pair.isRight) {
            folds.emplace(pair.image, 0);
        }
    }
    std::vector<std::uint64_t> images;
    images.reserve(folds.size());
    for (const auto& [image, fold] : folds) {
        images.push_back(image);
    }
    std::mt19937_64 random(seed);
    for (std::size_t i = images.size(); i > 1; --i) { // std::shuffle differs between libraries
        std::swap(images[i - 1], images[random() % i]);
    }
    for (std::size_t i = 0; i < images.size(); ++i) {
        folds[images[i]] = i % kFolds;
    }
    return folds;
}

/// Replaces the probabilities of the judged pairs by those of models that did not see their image.
void takeOutOfFold(std::span<const QualityPair> pairs, std::uint64_t seed,
                   std::vector<double>& probabilities)
{
    const auto folds = foldsOf(pairs, seed);
    for (std::size_t fold = 0; fold < std::min(kFolds, folds.size()); ++fold) {
        std::vector<bool> leftOut(pairs.size(), false);
        for (std::size_t i = 0; i < pairs.size(); ++i) {
            leftOut[i] = pairs[i].isRight && folds.at(pairs[i].image) == fold;
        }
        const TagQuality model = TagQuality::fitted(pairs, leftOut);
        for (std::size_t i = 0; i < pairs.size(); ++i) {
            if (leftOut[i]) {
                probabilities[i] = model.probability(pairs[i].evidence);
            }
        }
    }
}

std::vector<eval::ReliabilityBin> reliabilityOf(const Judged& judged)
{
    std::vector<eval::ReliabilityBin> bins(kReliabilityBins);
    for (std::size_t i = 0; i < judged.probabilities.size(); ++i) {
        auto& bin = bins[eval::binOf(judged.probabilities[i], kReliabilityBins)];
        bin.count += 1.0;
        bin.probability += judged.probabilities[i];
        bin.present += judged.right[i] ? 1.0 : 0.0;
    }
    return bins;
}

/// Pairs of about the same probability.
struct Stratum
{
    double kept = 0.0;
    double judged = 0.0;
    double accepted = 0.0;
};

ThresholdRow rowOf(const std::array<Stratum, kStrata>& strata, double threshold, double all)
{
    ThresholdRow row{.threshold = threshold, .precision = kNone, .interval = {0.0, 1.0}};
    double kept = 0.0;
    double judged = 0.0;
    double reached = 0.0;
    double accepted = 0.0;
    double squares = 0.0; // of the weights
    for (const Stratum& stratum : strata) {
        kept += stratum.kept;
        judged += stratum.judged;
        if (stratum.judged > 0.0) {
            const double weight = stratum.kept / stratum.judged;
            reached += stratum.kept;
            accepted += weight * stratum.accepted;
            squares += weight * weight * stratum.judged;
        }
    }
    row.kept = std::size_t(kept);
    row.judged = std::size_t(judged);
    row.coverage = all > 0.0 ? kept / all : 0.0;
    row.reach = kept > 0.0 ? reached / kept : 0.0;
    if (reached > 0.0) {
        row.precision = std::min(1.0, accepted / reached);
        row.interval = eval::wilsonIntervalOfShare(row.precision, reached * reached / squares);
    }
    return row;
}

} // namespace

QualityCheck checkQuality(std::span<const QualityPair> pairs, std::uint64_t seed)
{
    QualityCheck check;
    check.model = TagQuality::fitted(pairs);
    for (const QualityPair& pair : pairs) {
        check.probabilities.push_back(check.model.probability(pair.evidence));
    }
    takeOutOfFold(pairs, seed, check.probabilities);
    const Judged judged = judgedOf(pairs, check.probabilities);
    check.accepted = std::size_t(std::count(judged.right.begin(), judged.right.end(), true));
    check.rejected = judged.right.size() - check.accepted;
    check.auroc = eval::auroc(judged.probabilities, judged.right);
    check.reliability = reliabilityOf(judged);
    check.calibrationError = eval::calibrationError(check.reliability);
    return check;
}

eval::Interval aurocInterval(std::span<const QualityPair> pairs, const QualityCheck& check)
{
    const Judged judged = judgedOf(pairs, check.probabilities);
    if (!check.auroc) {
        return {0.0, 1.0};
    }
    const auto statistic = [&judged](std::span<const std::uint32_t> drawn) {
        std::vector<std::uint32_t> weights;
        weights.reserve(judged.images.size());
        for (const std::size_t image : judged.images) {
            weights.push_back(drawn[image]);
        }
        return std::vector<double>{
            eval::auroc(judged.probabilities, judged.right, weights).value_or(kNone)};
    };
    const eval::Interval interval =
        eval::bootstrapIntervals(judged.imageCount, {}, statistic).front();
    return std::isfinite(interval.low) ? interval : eval::Interval{0.0, 1.0};
}

std::vector<ThresholdRow> thresholdRows(std::span<const QualityPair> pairs,
                                        std::span<const double> probabilities)
{
    requireSame(pairs.size(), probabilities.size());
    std::array<Stratum, kRows> steps{};
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        // The tiny part keeps 0.29 · 100 = 28.999.. on its step.
        const auto step = std::size_t(probabilities[i] * double(kSteps) + 1e-9);
        Stratum& stratum = steps[std::min(step, kSteps)];
        stratum.kept += 1.0;
        stratum.judged += pairs[i].isRight ? 1.0 : 0.0;
        stratum.accepted += pairs[i].isRight.value_or(false) ? 1.0 : 0.0;
    }
    std::vector<ThresholdRow> rows(kRows);
    std::array<Stratum, kStrata> strata{};
    for (std::size_t step = kRows; step-- > 0;) {
        Stratum& stratum = strata[std::min(step * kStrata / kSteps, kStrata - 1)];
        stratum.kept += steps[step].kept;
        stratum.judged += steps[step].judged;
        stratum.accepted += steps[step].accepted;
        rows[step] = rowOf(strata, double(step) / double(kSteps), double(pairs.size()));
    }
    return rows;
}

std::vector<SuspectedVerdict> secondLook(std::span<const QualityPair> pairs,
                                         std::span<const double> probabilities, std::size_t limit)
{
    const Judged judged = judgedOf(pairs, probabilities);
    std::array<double, 2> sums{}; // of the probability of what was said, by what was said
    std::array<double, 2> counts{};
    for (std::size_t i = 0; i < judged.right.size(); ++i) {
        const bool right = judged.right[i];
        sums[right] += right ? judged.probabilities[i] : 1.0 - judged.probabilities[i];
        counts[right] += 1.0;
    }
    std::vector<SuspectedVerdict> suspects;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        if (!pairs[i].isRight) {
            continue;
        }
        const bool said = *pairs[i].isRight;
        const double agreement = said ? probabilities[i] : 1.0 - probabilities[i];
        const double count = counts[!said];
        if (count > 0.0 && 1.0 - agreement >= sums[!said] / count) {
            suspects.push_back({i, agreement});
        }
    }
    std::stable_sort(suspects.begin(), suspects.end(),
                     [](const SuspectedVerdict& a, const SuspectedVerdict& b) {
                         return a.agreement < b.agreement;
                     });
    suspects.resize(std::min(suspects.size(), limit));
    return suspects;
}

} // namespace tagalign::model::tags
