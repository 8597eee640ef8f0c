#include "model/eval/Auroc.h"

#include "model/Error.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

namespace tagalign::model::eval {

namespace {

void requireScores(std::span<const double> scores, const std::vector<bool>& positive,
                   std::span<const std::uint32_t> weights)
{
    if (scores.size() != positive.size() || (!weights.empty() && weights.size() != scores.size())) {
        throw ShapeError("AUROC: " + std::to_string(scores.size()) + " scores, " +
                         std::to_string(positive.size()) + " labels and " +
                         std::to_string(weights.size()) + " weights do not belong together");
    }
    if (!std::all_of(scores.begin(), scores.end(), [](double s) { return std::isfinite(s); })) {
        throw RangeError("AUROC: a score is not finite");
    }
}

} // namespace

std::optional<double> auroc(std::span<const double> scores, const std::vector<bool>& positive,
                            std::span<const std::uint32_t> weights)
{
    requireScores(scores, positive, weights);
    std::vector<std::size_t> order(scores.size());
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::sort(order.begin(), order.end(),
              [&scores](std::size_t a, std::size_t b) { return scores[a] < scores[b]; });
    double negatives = 0.0; // of lower scores
    double positives = 0.0;
    double wins = 0.0;
    for (std::size_t begin = 0; begin < order.size();) {
        double tiedNegatives = 0.0;
        double tiedPositives = 0.0;
        const double score = scores[order[begin]];
        for (; begin < order.size() && scores[order[begin]] == score; ++begin) {
            const double weight = weights.empty() ? 1.0 : weights[order[begin]];
            (positive[order[begin]] ? tiedPositives : tiedNegatives) += weight;
        }
        wins += tiedPositives * (negatives + 0.5 * tiedNegatives);
        negatives += tiedNegatives;
        positives += tiedPositives;
    }
    return negatives > 0.0 && positives > 0.0 ? std::optional(wins / (negatives * positives))
                                              : std::nullopt;
}

} // namespace tagalign::model::eval
