#include "model/eval/Calibration.h"

#include "model/Error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace tagalign::model::eval {

namespace {

constexpr int kMaxSteps = 100;
constexpr double kSmallGradient = 1e-9; // per pair
constexpr double kRidge = 1e-12;        // keeps the Hessian invertible where all scores are equal

struct Pair
{
    double score;
    double target;
};

/// Loss, gradient and Hessian of the negative log-likelihood, in (slope, offset).
struct Fit
{
    double loss = 0.0;
    double slope = 0.0;
    double offset = 0.0;
    double slopeSlope = kRidge;
    double slopeOffset = 0.0;
    double offsetOffset = kRidge;
};

double sigmoid(double x)
{
    return x >= 0.0 ? 1.0 / (1.0 + std::exp(-x)) : std::exp(x) / (1.0 + std::exp(x));
}

/// log(1 + exp(x)) without overflow.
double softplus(double x)
{
    return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}

Fit fitOf(const std::vector<Pair>& pairs, const ScoreScale& scale)
{
    Fit fit;
    for (const Pair& pair : pairs) {
        const double logit = scale.slope * pair.score + scale.offset;
        const double p = sigmoid(logit);
        const double error = p - pair.target;
        const double weight = p * (1.0 - p);
        fit.loss += softplus(logit) - pair.target * logit;
        fit.slope += error * pair.score;
        fit.offset += error;
        fit.slopeSlope += weight * pair.score * pair.score;
        fit.slopeOffset += weight * pair.score;
        fit.offsetOffset += weight;
    }
    return fit;
}

std::vector<Pair> knownPairs(std::span<const float> scores, std::span<const Label> labels)
{
    if (scores.size() != labels.size()) {
        throw ShapeError("expected one label a score, got " + std::to_string(labels.size()) +
                         " for " + std::to_string(scores.size()));
    }
    const auto present = double(std::count(labels.begin(), labels.end(), Label::Present));
    const auto absent = double(std::count(labels.begin(), labels.end(), Label::Absent));
    std::vector<Pair> pairs;
    for (std::size_t i = 0; i < scores.size(); ++i) {
        if (!std::isfinite(scores[i])) {
            throw RangeError("score " + std::to_string(i) + " is not finite");
        }
        if (labels[i] != Label::Unknown) {
            pairs.push_back({scores[i], labels[i] == Label::Present
                                            ? (present + 1.0) / (present + 2.0)
                                            : 1.0 / (absent + 2.0)});
        }
    }
    return pairs;
}

} // namespace

double ScoreScale::probability(float score) const
{
    return sigmoid(slope * double(score) + offset);
}

ScoreScale fitScale(std::span<const float> scores, std::span<const Label> labels)
{
    const std::vector<Pair> pairs = knownPairs(scores, labels);
    ScoreScale scale;
    Fit fit = fitOf(pairs, scale);
    const double enough = kSmallGradient * double(pairs.size());
    for (int step = 0; step < kMaxSteps && std::hypot(fit.slope, fit.offset) > enough; ++step) {
        const double determinant =
            fit.slopeSlope * fit.offsetOffset - fit.slopeOffset * fit.slopeOffset;
        const double slope =
            (fit.offsetOffset * fit.slope - fit.slopeOffset * fit.offset) / determinant;
        const double offset =
            (fit.slopeSlope * fit.offset - fit.slopeOffset * fit.slope) / determinant;
        double length = 1.0;
        Fit next;
        ScoreScale tried;
        do {
            tried = {scale.slope - length * slope, scale.offset - length * offset};
            next = fitOf(pairs, tried);
            length /= 2.0;
        } while (next.loss > fit.loss && length > 1e-10);
        if (next.loss > fit.loss) {
            break; // no better within rounding
        }
        scale = tried;
        fit = next;
    }
    return scale;
}

std::size_t binOf(double probability, std::size_t bins)
{
    return std::min(std::size_t(std::max(probability, 0.0) * double(bins)), bins - 1);
}

double calibrationError(std::span<const ReliabilityBin> bins)
{
    double pairs = 0.0;
    double distance = 0.0;
    for (const ReliabilityBin& bin : bins) {
        pairs += bin.count;
        distance += std::abs(bin.probability - bin.present);
    }
    return pairs > 0.0 ? distance / pairs : std::numeric_limits<double>::quiet_NaN();
}

} // namespace tagalign::model::eval
