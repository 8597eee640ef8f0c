#include "model/eval/FalseAlerts.h"

#include "model/Error.h"

#include <algorithm>
#include <string>
#include <vector>

namespace tagalign::model::eval {

namespace {

/// What holds when the threshold is one of the scores.
struct OperatingPoint
{
    float threshold = 0.0F;
    double found = 0.0;  ///< Present and at or above the threshold
    double alerts = 0.0; ///< everything at or above it
};

/// One for each distinct score, highest threshold first.
std::vector<OperatingPoint> operatingPoints(std::span<const float> scores,
                                            std::span<const Label> labels)
{
    if (scores.size() != labels.size()) {
        throw ShapeError("expected one label a score, got " + std::to_string(labels.size()) +
                         " for " + std::to_string(scores.size()));
    }
    std::vector<std::pair<float, bool>> pairs;
    for (std::size_t i = 0; i < scores.size(); ++i) {
        if (labels[i] != Label::Unknown) {
            pairs.emplace_back(scores[i], labels[i] == Label::Present);
        }
    }
    std::sort(pairs.begin(), pairs.end(), std::greater<>());
    std::vector<OperatingPoint> points;
    OperatingPoint point;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        point.threshold = pairs[i].first;
        point.found += pairs[i].second ? 1.0 : 0.0;
        point.alerts += 1.0;
        if (i + 1 == pairs.size() || pairs[i + 1].first != pairs[i].first) {
            points.push_back(point);
        }
    }
    return points;
}

} // namespace

std::optional<double> recallAtBestF1(std::span<const float> scores, std::span<const Label> labels)
{
    const auto points = operatingPoints(scores, labels);
    const double present = points.empty() ? 0.0 : points.back().found;
    if (present == 0.0) {
        return std::nullopt;
    }
    double bestF1 = 0.0;
    double recall = 1.0;
    for (const OperatingPoint& point : points) {
        const double f1 = 2.0 * point.found / (point.alerts + present);
        if (point.found > 0.0 && f1 >= bestF1) {
            bestF1 = f1;
            recall = point.found / present;
        }
    }
    return recall;
}

std::optional<float> thresholdForRecall(std::span<const float> scores,
                                        std::span<const Label> labels, double recall)
{
    if (!(recall > 0.0 && recall <= 1.0)) {
        throw RangeError("recall " + std::to_string(recall) + ": expected above 0 and at most 1");
    }
    const auto points = operatingPoints(scores, labels);
    const double present = points.empty() ? 0.0 : points.back().found;
    for (const OperatingPoint& point : points) {
        if (point.found > 0.0 && point.found / present >= recall) {
            return point.threshold;
        }
    }
    return std::nullopt;
}

std::optional<ThresholdPair> matchedThresholds(std::span<const float> before,
                                               std::span<const float> after,
                                               std::span<const Label> labels)
{
    const auto recall = recallAtBestF1(before, labels);
    if (!recall) {
        return std::nullopt;
    }
    return ThresholdPair{*thresholdForRecall(before, labels, *recall),
                         *thresholdForRecall(after, labels, *recall)};
}

std::optional<float> breakEvenThreshold(std::span<const float> scores,
                                        std::span<const Label> labels)
{
    const auto points = operatingPoints(scores, labels);
    const double present = points.empty() ? 0.0 : points.back().found;
    for (const OperatingPoint& point : points) {
        if (present > 0.0 && point.alerts >= present) {
            return point.threshold;
        }
    }
    return std::nullopt;
}

} // namespace tagalign::model::eval
