#include "model/pipeline/Associations.h"

#include "model/eval/Bootstrap.h"

#include <algorithm>

namespace tagalign::model::pipeline {

namespace {

/// Counts of gifts of an attribute to an object, on weighted images.
class Gifts
{
public:
    explicit Gifts(const OwnedPairs& owned)
        : m_owned(owned)
    {
    }

    /// Of the rows, in order.
    [[nodiscard]] std::vector<eval::Association>
    associations(const std::vector<AssociationRow>& rows, Weights weights) const
    {
        std::map<std::pair<std::size_t, std::size_t>, double> together;
        std::map<std::size_t, double> attributes;
        std::map<std::size_t, double> objects;
        double all = 0.0;
        for (const auto& [pair, images] : m_owned) {
            double count = 0.0;
            for (const std::uint32_t image : images) {
                count += weights.empty() ? 1.0 : weights[image];
            }
            together[pair] = count;
            attributes[pair.first] += count;
            objects[pair.second] += count;
            all += count;
        }
        std::vector<eval::Association> values;
        values.reserve(rows.size());
        for (const AssociationRow& row : rows) {
            values.push_back(eval::association(together[{row.attribute, row.object}],
                                               attributes[row.attribute], objects[row.object],
                                               all));
        }
        return values;
    }

private:
    const OwnedPairs& m_owned;
};

std::vector<AssociationRow> frequentPairs(const OwnedPairs& owned, std::size_t& rare)
{
    std::vector<AssociationRow> rows;
    for (const auto& [pair, images] : owned) {
        if (images.size() < kFewPositives) {
            ++rare;
        } else {
            rows.push_back(
                {.attribute = pair.first, .object = pair.second, .images = images.size()});
        }
    }
    std::stable_sort(rows.begin(), rows.end(),
                     [](const auto& a, const auto& b) { return a.images > b.images; });
    rows.resize(std::min(rows.size(), kMostAssociations));
    return rows;
}

std::vector<double> pmisOf(const std::vector<eval::Association>& associations)
{
    std::vector<double> values;
    values.reserve(associations.size());
    for (const eval::Association& each : associations) {
        values.push_back(each.pmi);
    }
    return values;
}

} // namespace

void addAssociations(FairnessFigures& figures, const NamedTags& train, std::size_t images,
                     const EvaluationSettings& settings, const OnProgress& onProgress)
{
    std::vector<AssociationRow> rows = frequentPairs(train.owned, figures.rareAssociations);
    if (rows.empty()) {
        return;
    }
    const Gifts gifts(train.owned);
    const auto own = gifts.associations(rows, {});
    const auto intervals = eval::bootstrapIntervals(
        images, {settings.resamples, settings.seed},
        [&](Weights weights) { return pmisOf(gifts.associations(rows, weights)); },
        resampling(onProgress));
    for (std::size_t i = 0; i < rows.size(); ++i) {
        rows[i].association = own[i];
        rows[i].interval = intervals[i];
    }
    std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
        return a.association.pmi > b.association.pmi;
    });
    figures.associations = std::move(rows);
}

} // namespace tagalign::model::pipeline
