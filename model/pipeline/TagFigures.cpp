#include "model/pipeline/TagFigures.h"

#include "model/Error.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>
#include <optional>
#include <string>
#include <utility>

namespace tagalign::model::pipeline {

namespace {

constexpr double kBelief = 0.5; // an unverified candidate counts from here on
const double kNone = std::numeric_limits<double>::quiet_NaN();

/// The only tag of these that the image carries.
std::optional<std::size_t> onlyTag(const TagLabels& labels, const std::vector<std::size_t>& tags,
                                   std::size_t image)
{
    std::optional<std::size_t> only;
    for (const std::size_t tag : tags) {
        if (labels[tag][image] == eval::Label::Present) {
            if (only) {
                return std::nullopt;
            }
            only = tag;
        }
    }
    return only;
}

} // namespace

TagLabels labelsOf(const std::vector<const PilotImage*>& images, std::size_t tags)
{
    TagLabels labels(tags, std::vector(images.size(), eval::Label::Absent));
    for (std::size_t i = 0; i < images.size(); ++i) {
        std::vector<const TagTarget*> known(tags, nullptr);
        for (const TagTarget& target : images[i]->targets) {
            if (target.tag >= tags) {
                throw RangeError(images[i]->file.string() + ": tag " + std::to_string(target.tag) +
                                 " is outside the " + std::to_string(tags) + " enabled tags");
            }
            const TagTarget*& best = known[target.tag];
            const auto rank = [](const TagTarget& t) {
                return std::pair(t.verified, t.probability);
            };
            if (best == nullptr || rank(target) > rank(*best)) {
                best = &target;
            }
        }
        for (std::size_t tag = 0; tag < tags; ++tag) {
            if (known[tag] != nullptr) {
                labels[tag][i] = known[tag]->probability >= kBelief ? eval::Label::Present
                                 : known[tag]->verified             ? eval::Label::Absent
                                                                    : eval::Label::Unknown;
            }
        }
    }
    return labels;
}

std::vector<eval::TagRanking> rankingsOf(const TagScores& scores, const TagLabels& labels)
{
    std::vector<eval::TagRanking> rankings;
    rankings.reserve(labels.size());
    for (std::size_t tag = 0; tag < labels.size(); ++tag) {
        rankings.emplace_back(scores[tag], labels[tag]);
    }
    return rankings;
}

std::vector<std::size_t> frequentTags(const std::vector<eval::TagRanking>& rankings,
                                      const std::vector<std::size_t>& tags)
{
    std::vector<std::size_t> frequent;
    std::copy_if(
        tags.begin(), tags.end(), std::back_inserter(frequent),
        [&rankings](std::size_t tag) { return rankings[tag].positives() >= kFewPositives; });
    return frequent;
}

double meanPrecision(const std::vector<eval::TagRanking>& rankings,
                     const std::vector<std::size_t>& tags, Weights weights)
{
    double sum = 0.0;
    double count = 0.0;
    for (const std::size_t tag : tags) {
        if (const auto precision = rankings[tag].averagePrecision(weights)) {
            sum += *precision;
            count += 1.0;
        }
    }
    return count > 0.0 ? sum / count : kNone;
}

double meanPrecision(const std::vector<eval::TagRanking>& rankings, Weights weights)
{
    std::vector<std::size_t> all(rankings.size());
    std::iota(all.begin(), all.end(), std::size_t(0));
    return meanPrecision(rankings, all, weights);
}

std::vector<double> topOneHits(const TagScores& scores, const TagLabels& labels,
                               const std::vector<std::size_t>& tags)
{
    std::vector<double> hits(labels.empty() ? 0 : labels[0].size(), kNone);
    for (std::size_t image = 0; image < hits.size(); ++image) {
        const auto own = onlyTag(labels, tags, image);
        if (!own) {
            continue;
        }
        const bool isBeaten = std::any_of(tags.begin(), tags.end(), [&](std::size_t tag) {
            return labels[tag][image] == eval::Label::Absent &&
                   scores[tag][image] >= scores[*own][image];
        });
        hits[image] = isBeaten ? 0.0 : 1.0;
    }
    return hits;
}

double weightedMeanOfKnown(const std::vector<double>& values, Weights weights)
{
    double sum = 0.0;
    double count = 0.0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (!std::isnan(values[i])) {
            const double weight = weights.empty() ? 1.0 : weights[i];
            sum += weight * values[i];
            count += weight;
        }
    }
    return count > 0.0 ? sum / count : kNone;
}

} // namespace tagalign::model::pipeline
