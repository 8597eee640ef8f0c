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
            const bool relevant = labels[i] == Label::Present;
            m_entries.push_back({scores[i], std::uint32_t(i), relevant});
            m_positives += relevant ? 1 : 0;
        }
    }
    std::stable_sort(m_entries.begin(), m_entries.end(),
                     [](const Entry& a, const Entry& b) { return a.score > b.score; });
}

std::optional<double> TagRanking::averagePrecision(std::span<const std::uint32_t> weights) const
{
    if (!weights.empty() && weights.size() != m_images) {
        throw ShapeError("expected " + std::to_string(m_images) + " weights, got " +
                         std::to_string(weights.size()));
    }
    double seen = 0.0;
    double hits = 0.0;
    double sum = 0.0;
    for (std::size_t i = 0; i < m_entries.size();) {
        const float score = m_entries[i].score;
        double newHits = 0.0;
        for (; i < m_entries.size() && m_entries[i].score == score; ++i) {
            const double weight = weights.empty() ? 1.0 : weights[m_entries[i].image];
            seen += weight;
            newHits += m_entries[i].relevant ? weight : 0.0;
        }
        if (newHits > 0.0) {
            hits += newHits;
            sum += newHits * hits / seen;
        }
    }
    return hits > 0.0 ? std::optional(sum / hits) : std::nullopt;
}

} // namespace tagalign::model::eval
