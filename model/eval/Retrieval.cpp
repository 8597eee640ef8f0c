#include "model/eval/Retrieval.h"

#include "model/Error.h"

#include <algorithm>
#include <string>

namespace tagalign::model::eval {

std::size_t rankOf(std::span<const float> scores, std::size_t first, std::size_t last,
                   std::span<const std::size_t> alike)
{
    if (first >= last || last > scores.size()) {
        throw RangeError("entries " + std::to_string(first) + " to " + std::to_string(last) +
                         " are not a part of " + std::to_string(scores.size()) + " scores");
    }
    const float best = *std::max_element(scores.begin() + std::ptrdiff_t(first),
                                         scores.begin() + std::ptrdiff_t(last));
    std::size_t rank = 1;
    for (std::size_t i = 0; i < scores.size(); ++i) {
        const bool isOther = i < first || i >= last;
        rank += isOther && scores[i] >= best ? 1 : 0;
    }
    for (const std::size_t i : alike) {
        if (i >= scores.size()) {
            throw RangeError("entry " + std::to_string(i) + " is not one of " +
                             std::to_string(scores.size()) + " scores");
        }
        const bool isCounted = i < first || i >= last;
        rank -= isCounted && scores[i] >= best ? 1 : 0;
    }
    return rank;
}

std::optional<double> recallAt(std::size_t k, std::span<const ImageRanks> images,
                               std::span<const std::uint32_t> weights)
{
    if (!weights.empty() && weights.size() != images.size()) {
        throw ShapeError("expected " + std::to_string(images.size()) + " weights, got " +
                         std::to_string(weights.size()));
    }
    double found = 0.0;
    double searches = 0.0;
    for (std::size_t i = 0; i < images.size(); ++i) {
        const double weight = weights.empty() ? 1.0 : weights[i];
        searches += weight * double(images[i].size());
        found += weight * double(std::count_if(images[i].begin(), images[i].end(),
                                               [k](std::size_t rank) { return rank <= k; }));
    }
    return searches > 0.0 ? std::optional(found / searches) : std::nullopt;
}

} // namespace tagalign::model::eval
