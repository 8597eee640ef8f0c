#include "model/pipeline/CalibrationFigures.h"

#include "model/eval/Calibration.h"

#include <algorithm>
#include <array>

namespace tagalign::model::pipeline {

namespace {

constexpr std::size_t kBins = 10;

using Bins = std::array<eval::ReliabilityBin, kBins>;

/// Of each image, so that a resample only adds them up.
std::vector<Bins> binsOf(const TagScores& scores, const TagLabels& labels,
                         const std::vector<std::size_t>& tags, const eval::ScoreScale& scale)
{
    std::vector<Bins> images(labels.empty() ? 0 : labels[0].size());
    for (const std::size_t tag : tags) {
        for (std::size_t image = 0; image < images.size(); ++image) {
            if (labels[tag][image] == eval::Label::Unknown) {
                continue;
            }
            const double probability = scale.probability(scores[tag][image]);
            eval::ReliabilityBin& bin = images[image][eval::binOf(probability, kBins)];
            bin.count += 1.0;
            bin.probability += probability;
            bin.present += labels[tag][image] == eval::Label::Present ? 1.0 : 0.0;
        }
    }
    return images;
}

Bins added(const std::vector<Bins>& images, Weights weights)
{
    Bins sum{};
    for (std::size_t image = 0; image < images.size(); ++image) {
        const double weight = weights.empty() ? 1.0 : weights[image];
        for (std::size_t i = 0; i < kBins; ++i) {
            sum[i].count += weight * images[image][i].count;
            sum[i].probability += weight * images[image][i].probability;
            sum[i].present += weight * images[image][i].present;
        }
    }
    return sum;
}

std::vector<ReliabilityPoint> pointsOf(const std::vector<Bins>& images)
{
    std::vector<ReliabilityPoint> points;
    for (const eval::ReliabilityBin& bin : added(images, {})) {
        if (bin.count > 0.0) {
            points.push_back(
                {bin.probability / bin.count, bin.present / bin.count, std::size_t(bin.count)});
        }
    }
    return points;
}

} // namespace

std::optional<KindCalibration> calibrationOf(const std::string& kind,
                                             const std::vector<std::size_t>& tags,
                                             const EvaluationScores& scores, const TagLabels& test,
                                             const TagLabels& validation)
{
    const auto known = joined(validation, tags);
    if (std::find(known.begin(), known.end(), eval::Label::Present) == known.end()) {
        return std::nullopt;
    }
    const auto binned = [&](const ModelScores& model) {
        return binsOf(model.testTags, test, tags,
                      eval::fitScale(joined(model.validationTags, tags), known));
    };
    const auto before = binned(scores.before);
    const auto after = binned(scores.after);
    const auto error = [](const std::vector<Bins>& images) {
        return [images](Weights weights) { return eval::calibrationError(added(images, weights)); };
    };
    return KindCalibration{{{.metric = "calibration error", .kind = kind, .images = before.size()},
                            error(before),
                            error(after)},
                           {kind, pointsOf(before), pointsOf(after)}};
}

} // namespace tagalign::model::pipeline
