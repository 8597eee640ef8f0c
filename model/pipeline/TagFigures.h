#pragma once

#include "model/eval/TagRanking.h"
#include "model/pipeline/Figures.h"
#include "model/pipeline/PilotData.h"

#include <cstddef>
#include <vector>

/// From scores and what is known of the images to figures on tags. [tag][image] throughout.
namespace tagalign::model::pipeline {

using TagScores = std::vector<std::vector<float>>;
using TagLabels = std::vector<std::vector<eval::Label>>;

/// Below: a caution, and no word on a single tag.
constexpr std::size_t kFewPositives = 5;

/// The values of all of the tags in one row.
template <typename Value>
[[nodiscard]] std::vector<Value> joined(const std::vector<std::vector<Value>>& rows,
                                        const std::vector<std::size_t>& tags)
{
    std::vector<Value> all;
    for (const std::size_t tag : tags) {
        all.insert(all.end(), rows[tag].begin(), rows[tag].end());
    }
    return all;
}

/// A verdict beats a belief, acceptance beats rejection, the higher belief the lower; a belief
/// below 0.5 is not known; a tag that nobody mentioned is absent.
/// @throws RangeError naming the image if a target's tag is none of the tags.
[[nodiscard]] TagLabels labelsOf(const std::vector<const PilotImage*>& images, std::size_t tags);

[[nodiscard]] std::vector<eval::TagRanking> rankingsOf(const TagScores& scores,
                                                       const TagLabels& labels);

/// Those of the tags that at least kFewPositives images carry. The average precision of a rarer tag
/// is nearly chance, and many such drown what the others say.
[[nodiscard]] std::vector<std::size_t> frequentTags(const std::vector<eval::TagRanking>& rankings,
                                                    const std::vector<std::size_t>& tags);

/// Mean average precision of those tags that an image carries; NaN if there is none.
[[nodiscard]] double meanPrecision(const std::vector<eval::TagRanking>& rankings,
                                   const std::vector<std::size_t>& tags, Weights weights);

/// The same of all of them.
[[nodiscard]] double meanPrecision(const std::vector<eval::TagRanking>& rankings, Weights weights);

/// Whether the tag that an image carries scores above all others of these tags: 1 or 0, NaN for
/// images that do not carry exactly one. Unknown tags do not compete; a tie is a miss.
[[nodiscard]] std::vector<double> topOneHits(const TagScores& scores, const TagLabels& labels,
                                             const std::vector<std::size_t>& tags);

/// Mean of those values that are numbers; NaN if none is.
[[nodiscard]] double weightedMeanOfKnown(const std::vector<double>& values, Weights weights);

} // namespace tagalign::model::pipeline
