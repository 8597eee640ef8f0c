#pragma once

#include "model/pipeline/EvaluationScores.h"
#include "model/pipeline/FairnessFigures.h"
#include "model/pipeline/TagFigures.h"

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

/// What fairness figures are made of. [tag][image] throughout.
namespace tagalign::model::pipeline {

/// Images by the attribute and the object that a caption puts together and that are both there.
using OwnedPairs = std::map<std::pair<std::size_t, std::size_t>, std::vector<std::uint32_t>>;

/// Images with tags, where tags that the model is asked about in the same words (in several
/// languages) are one: the first of them stands for all.
struct NamedTags
{
    /// @param tags of the data. @param images of one split.
    NamedTags(const std::vector<PilotTag>& tags, const std::vector<const PilotImage*>& images);

    /// As if nothing were known of them.
    void forget(const std::vector<std::size_t>& tags);

    TagLabels labels; ///< those of a tag that another one stands for are Unknown throughout
    OwnedPairs owned;
};

/// Who carries each tag. [tag]
[[nodiscard]] std::vector<std::vector<std::uint32_t>> carriersOf(const TagLabels& labels);

/// The tags of one kind.
[[nodiscard]] std::vector<std::size_t> tagsOfKind(const std::vector<PilotTag>& tags,
                                                  tags::TagKind kind);

/// How a kind's threshold is found from its validation scores.
enum class ThresholdRule {
    MatchedRecall, ///< eval::matchedThresholds: that of the false alerts
    BreakEven      ///< eval::breakEvenThreshold
};

struct DecisionPair
{
    eval::Decisions before;
    eval::Decisions after;
    std::vector<std::size_t> untold; ///< tags of a kind without a threshold
};

/// What both models say of the test images, each kind of tags at one threshold. There is none where
/// no validation image carries a tag of the kind.
[[nodiscard]] DecisionPair decisionsOf(const std::vector<PilotTag>& tags,
                                       const EvaluationScores& scores, const TagLabels& validation,
                                       ThresholdRule rule);

/// Image-tag pairs that a group, and a single tag in one, must have both inside and outside. A
/// handful has heavy tails, which would widen the intervals of all that are looked at with it.
constexpr std::size_t kGroupPairs = 20;
constexpr std::size_t kSinglePairs = 10;

/// Recall by group (GapRow::Group) and by single tag in a group, of those that are large enough.
/// @throws Cancelled
void addGaps(FairnessFigures& figures, const std::vector<PilotTag>& tags, const NamedTags& test,
             const DecisionPair& said, const std::vector<const PilotImage*>& images,
             const EvaluationSettings& settings, const OnProgress& onProgress);

} // namespace tagalign::model::pipeline
