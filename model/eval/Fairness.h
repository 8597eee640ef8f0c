#pragma once

#include "model/eval/Bootstrap.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

/// Whether a model finds tags equally often in all groups of images: equality of opportunity
/// (Hardt, Price and Srebro, Equality of Opportunity in Supervised Learning, NeurIPS 2016, section
/// 2), at one threshold for all groups.
namespace tagalign::model::eval {

/// Whether a model says that a tag is on an image. [tag][image]
using Decisions = std::vector<std::vector<std::uint8_t>>;

/// Images that carry one tag, in a group and in what it is compared with; each once.
struct GroupedTag
{
    std::size_t tag = 0;
    std::vector<std::uint32_t> inside;
    std::vector<std::uint32_t> outside;
};

using RecallGroup = std::vector<GroupedTag>; ///< each tag once

struct RecallGroups
{
    std::size_t images = 0; ///< all there are
    std::size_t tags = 0;   ///< the same
    std::vector<RecallGroup> groups;
};

/// How often tags are found inside a group, and the same tags outside.
struct GroupRecall
{
    double inside = 0.0; ///< [0, 1]; NaN if no tag is carried both inside and outside
    double outside = 0.0;

    [[nodiscard]] double gap() const { return inside - outside; }
};

/// Images, of those tags alone that are carried both inside and outside.
struct GroupSize
{
    std::size_t inside = 0; ///< image-tag pairs
    std::size_t outside = 0;
    std::size_t tags = 0;
};

[[nodiscard]] GroupSize sizeOf(const RecallGroup& group);

/// Recall of each group. Tags are compared with themselves: the gap is the Mantel-Haenszel
/// difference (Greenland and Robins 1985, Estimation of a common effect parameter from sparse
/// follow-up data), the mean over tags of the difference in recall, weighted by n·m / (n + m) for n
/// carriers inside and m outside; so a group of rarely found tags is not taken for a group in which
/// tags are rarely found, and no tag is too rare to count.
/// @param weights times that each image counts; empty = once each.
/// @throws ShapeError if the numbers of tags or images differ.
[[nodiscard]] std::vector<GroupRecall> groupRecalls(const RecallGroups& all, const Decisions& found,
                                                    std::span<const std::uint32_t> weights = {});

/// 95 % intervals, each row of them for all groups at once (simultaneousIntervals()).
struct GapIntervals
{
    std::vector<Interval> before; ///< of the gap
    std::vector<Interval> after;
    std::vector<Interval> change; ///< of after - before
};

/// Images are drawn with replacement, the same for both models. Where everything inside was found
/// no draw would ever miss one, and a handful of images would look like proof: so each side of each
/// group has one imagined find and one imagined miss, which are drawn like images (as Agresti and
/// Caffo 2000, Simple and effective confidence intervals for proportions, add them). They pull the
/// middle of the interval towards no gap, by 1 / (1 + Σ n·m / (n + m)) of it.
/// @throws RangeError, Cancelled as simultaneousIntervals(); ShapeError as groupRecalls().
[[nodiscard]] GapIntervals gapIntervals(const RecallGroups& all, const Decisions& before,
                                        const Decisions& after, const BootstrapSettings& settings,
                                        const OnProgress& onProgress = {});

} // namespace tagalign::model::eval
