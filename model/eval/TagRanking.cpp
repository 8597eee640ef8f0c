#include "model/eval/TagRanking.h"

#include "model/Error.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace tagalign::model::eval {

TagRanking::TagRanking(std::span<const float> scores, std::span<const Label> labels)
    : m_images(scores.size())
{
    if (scores.size() != labels.size()) {
        throw ShapeError("expected one label a score, got " + std::to_string(labels.size()) +
                         " for " + std::to_string(scores.size()));
    }
    for (std::size_t i = 0; i < scores.size(); ++i) {
        if (!std::isfinite(scores[i])) {
            throw RangeError("the score of image " + std::to_string(i) + " is not finite");
        }
        if (labels[i] != Label::Unknown) {
            const bool isRelevant = labels[i] == Label::Present;
            m_entries.push_back({std::uint32_t(i), isRelevant, true});
            m_positives += isRelevant ? 1 : 0;
        }
    }
    std::stable_sort(m_entries.begin(), m_entries.end(), [scores](const Entry& a, const Entry& b) {
        return scores[a.image] > scores[b.image];
    });
    for (std::size_t i = 0; i + 1 < m_entries.size(); ++i) {
        m_entries[i].endsStep = scores[m_entries[i].image] != scores[m_entries[i + 1].image];
    }
}

std::optional<double> TagRanking::averagePrecision(std::span<const std::uint32_t> weights) const
{
    if (!weights.empty() && weights.size() != m_images) {
        throw ShapeError("expected " + std::to_string(m_images) + " weights, got " +
                         std::to_string(weights.size()));
    }
    std::uint64_t seen = 0;
    std::uint64_t hits = 0;
    std::uint64_t newHits = 0;
    double sum = 0.0;
    for (const Entry& entry : m_entries) {
        const std::uint32_t weight = weights.empty() ? 1U : weights[entry.image];
        seen += weight;
        newHits += entry.isRelevant ? weight : 0U;
        if (newHits > 0 && entry.endsStep) {
            hits += newHits;
            sum += double(newHits) * double(hits) / double(seen);
            newHits = 0;
        }
    }
    return hits > 0 ? std::optional(sum / double(hits)) : std::nullopt;
}

} // namespace tagalign::model::eval
