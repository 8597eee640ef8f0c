#include "model/pipeline/Groups.h"

#include "model/Error.h"
#include "model/eval/FalseAlerts.h"

#include <algorithm>
#include <set>

namespace tagalign::model::pipeline {

namespace {

using Group = GapRow::Group;

/// A group before anything is measured.
struct Candidate
{
    GapRow row;
    eval::RecallGroup parts;
};

/// The first tag of the same kind that the model is asked about in the same words. [tag]
std::vector<std::size_t> firstNamesakes(const std::vector<PilotTag>& tags)
{
    std::map<std::pair<tags::TagKind, std::string>, std::size_t> first;
    std::vector<std::size_t> namesakes;
    for (std::size_t tag = 0; tag < tags.size(); ++tag) {
        namesakes.push_back(first.try_emplace({tags[tag].kind, tags[tag].text}, tag).first->second);
    }
    return namesakes;
}

/// What is known of a thing under two names.
eval::Label either(eval::Label a, eval::Label b)
{
    const auto is = [a, b](eval::Label label) { return a == label || b == label; };
    return is(eval::Label::Present)   ? eval::Label::Present
           : is(eval::Label::Unknown) ? eval::Label::Unknown
                                      : eval::Label::Absent;
}

using Images = std::vector<std::uint32_t>;

/// Images of one or the other.
Images joinedImages(const Images& some, const Images& more)
{
    Images all;
    std::set_union(some.begin(), some.end(), more.begin(), more.end(), std::back_inserter(all));
    return all;
}

Images without(const Images& some, const Images& others)
{
    Images rest;
    std::set_difference(some.begin(), some.end(), others.begin(), others.end(),
                        std::back_inserter(rest));
    return rest;
}

/// Images on which an object has an attribute of a class, and on which an attribute is on any
/// object.
struct Comparisons
{
    std::map<std::pair<std::size_t, std::string>, Images> byClass; ///< object, class
    std::map<std::size_t, Images> byAttribute;

    Comparisons(const OwnedPairs& owned, const std::vector<PilotTag>& tags)
    {
        for (const auto& [pair, images] : owned) {
            Images& ofClass = byClass[{pair.second, tags[pair.first].attributeClass}];
            ofClass = joinedImages(ofClass, images);
            byAttribute[pair.first] = joinedImages(byAttribute[pair.first], images);
        }
    }
};

std::vector<Candidate> ownedGroups(const OwnedPairs& owned, const std::vector<PilotTag>& tags)
{
    const Comparisons all(owned, tags);
    std::map<std::pair<Group, std::size_t>, eval::RecallGroup> groups;
    for (const auto& [pair, images] : owned) {
        const auto& [attribute, object] = pair;
        const Images& ofClass = all.byClass.at({object, tags[attribute].attributeClass});
        groups[{Group::Attribute, attribute}].push_back({object, images, without(ofClass, images)});
        groups[{Group::Object, object}].push_back(
            {attribute, images, without(all.byAttribute.at(attribute), images)});
    }
    std::vector<Candidate> candidates;
    candidates.reserve(groups.size());
    for (auto& [key, parts] : groups) {
        candidates.push_back({{.group = key.first, .tag = key.second}, std::move(parts)});
    }
    return candidates;
}

std::vector<Candidate> singleGroups(const std::vector<Candidate>& groups)
{
    std::vector<Candidate> singles;
    for (const Candidate& group : groups) {
        for (const eval::GroupedTag& part : group.parts) {
            singles.push_back({group.row, {part}});
            singles.back().row.found = part.tag;
        }
    }
    return singles;
}

/// None where all images are of one language.
std::vector<Candidate> languageGroups(const std::vector<std::vector<std::uint32_t>>& carriers,
                                      const std::vector<const PilotImage*>& images)
{
    std::set<std::string> languages;
    for (const PilotImage* image : images) {
        languages.insert(image->languages.begin(), image->languages.end());
    }
    std::vector<Candidate> candidates;
    for (const std::string& language : languages) {
        const auto speaks = [&](std::uint32_t image) {
            const auto& own = images[image]->languages;
            return std::find(own.begin(), own.end(), language) != own.end();
        };
        Candidate candidate{{.group = Group::Language, .language = language}, {}};
        for (std::size_t tag = 0; tag < carriers.size(); ++tag) {
            eval::GroupedTag part{tag, {}, {}};
            std::partition_copy(carriers[tag].begin(), carriers[tag].end(),
                                std::back_inserter(part.inside), std::back_inserter(part.outside),
                                speaks);
            candidate.parts.push_back(std::move(part));
        }
        candidates.push_back(std::move(candidate));
    }
    return languages.size() > 1 ? candidates : std::vector<Candidate>();
}

/// @param least pairs inside and outside. @param rare counts those with fewer.
std::vector<GapRow> measuredGaps(const std::vector<Candidate>& candidates, std::size_t least,
                                 eval::RecallGroups all, const DecisionPair& said,
                                 const EvaluationSettings& settings, const OnProgress& onProgress,
                                 std::size_t& rare)
{
    std::vector<GapRow> rows;
    for (const Candidate& candidate : candidates) {
        const eval::GroupSize size = eval::sizeOf(candidate.parts);
        if (size.inside < least || size.outside < least) {
            ++rare;
            continue;
        }
        rows.push_back(candidate.row);
        rows.back().inside = size.inside;
        rows.back().outside = size.outside;
        rows.back().tags = size.tags;
        all.groups.push_back(candidate.parts);
    }
    const auto before = eval::groupRecalls(all, said.before);
    const auto after = eval::groupRecalls(all, said.after);
    const auto intervals = eval::gapIntervals(
        all, said.before, said.after, {settings.resamples, settings.seed}, resampling(onProgress));
    for (std::size_t i = 0; i < rows.size(); ++i) {
        rows[i].insideBefore = before[i].inside;
        rows[i].outsideBefore = before[i].outside;
        rows[i].insideAfter = after[i].inside;
        rows[i].outsideAfter = after[i].outside;
        rows[i].before = intervals.before[i];
        rows[i].after = intervals.after[i];
        rows[i].change = intervals.change[i];
    }
    return rows;
}

/// Of a kind, if it can be told.
std::optional<eval::ThresholdPair> thresholdsOf(const std::vector<float>& before,
                                                const std::vector<float>& after,
                                                const std::vector<eval::Label>& labels,
                                                ThresholdRule rule)
{
    if (rule == ThresholdRule::MatchedRecall) {
        return eval::matchedThresholds(before, after, labels);
    }
    const auto first = eval::breakEvenThreshold(before, labels);
    const auto second = eval::breakEvenThreshold(after, labels);
    return first && second ? std::optional(eval::ThresholdPair{*first, *second}) : std::nullopt;
}

std::vector<std::uint8_t> atLeast(const std::vector<float>& scores, float threshold)
{
    std::vector<std::uint8_t> decisions;
    decisions.reserve(scores.size());
    for (const float score : scores) {
        decisions.push_back(score >= threshold ? 1 : 0);
    }
    return decisions;
}

} // namespace

NamedTags::NamedTags(const std::vector<PilotTag>& tags,
                     const std::vector<const PilotImage*>& images)
    : labels(labelsOf(images, tags.size()))
{
    const std::vector<std::size_t> first = firstNamesakes(tags);
    for (std::size_t tag = 0; tag < tags.size(); ++tag) {
        if (first[tag] != tag) {
            auto& whole = labels[first[tag]];
            std::transform(whole.begin(), whole.end(), labels[tag].begin(), whole.begin(), either);
            std::fill(labels[tag].begin(), labels[tag].end(), eval::Label::Unknown);
        }
    }
    for (std::size_t i = 0; i < images.size(); ++i) {
        std::set<std::pair<std::size_t, std::size_t>> pairs;
        for (const Ownership& ownership : images[i]->ownerships) {
            if (std::max(ownership.attribute, ownership.object) >= tags.size()) {
                throw RangeError(images[i]->file.string() +
                                 ": an attribute is given to an object by "
                                 "numbers outside the " +
                                 std::to_string(tags.size()) + " enabled tags");
            }
            const std::pair pair(first.at(ownership.attribute), first.at(ownership.object));
            if (labels[pair.first][i] == eval::Label::Present &&
                labels[pair.second][i] == eval::Label::Present && pairs.insert(pair).second) {
                owned[pair].push_back(std::uint32_t(i));
            }
        }
    }
}

void NamedTags::forget(const std::vector<std::size_t>& tags)
{
    for (const std::size_t tag : tags) {
        std::fill(labels[tag].begin(), labels[tag].end(), eval::Label::Unknown);
    }
    const auto isAmong = [&tags](std::size_t tag) {
        return std::find(tags.begin(), tags.end(), tag) != tags.end();
    };
    std::erase_if(owned, [&isAmong](const auto& entry) {
        return isAmong(entry.first.first) || isAmong(entry.first.second);
    });
}

std::vector<std::vector<std::uint32_t>> carriersOf(const TagLabels& labels)
{
    std::vector<std::vector<std::uint32_t>> carriers(labels.size());
    for (std::size_t tag = 0; tag < labels.size(); ++tag) {
        for (std::size_t image = 0; image < labels[tag].size(); ++image) {
            if (labels[tag][image] == eval::Label::Present) {
                carriers[tag].push_back(std::uint32_t(image));
            }
        }
    }
    return carriers;
}

std::vector<std::size_t> tagsOfKind(const std::vector<PilotTag>& tags, tags::TagKind kind)
{
    std::vector<std::size_t> places;
    for (std::size_t tag = 0; tag < tags.size(); ++tag) {
        if (tags[tag].kind == kind) {
            places.push_back(tag);
        }
    }
    return places;
}

DecisionPair decisionsOf(const std::vector<PilotTag>& tags, const EvaluationScores& scores,
                         const TagLabels& validation, ThresholdRule rule)
{
    DecisionPair said;
    for (const auto& row : scores.before.testTags) {
        said.before.emplace_back(row.size(), 0);
    }
    said.after = said.before;
    for (const auto kind : {tags::TagKind::Object, tags::TagKind::Attribute}) {
        const std::vector<std::size_t> places = tagsOfKind(tags, kind);
        const auto thresholds = thresholdsOf(joined(scores.before.validationTags, places),
                                             joined(scores.after.validationTags, places),
                                             joined(validation, places), rule);
        if (!thresholds) {
            said.untold.insert(said.untold.end(), places.begin(), places.end());
            continue;
        }
        for (const std::size_t tag : places) {
            said.before[tag] = atLeast(scores.before.testTags[tag], thresholds->before);
            said.after[tag] = atLeast(scores.after.testTags[tag], thresholds->after);
        }
    }
    return said;
}

void addGaps(FairnessFigures& figures, const std::vector<PilotTag>& tags, const NamedTags& test,
             const DecisionPair& said, const std::vector<const PilotImage*>& images,
             const EvaluationSettings& settings, const OnProgress& onProgress)
{
    const eval::RecallGroups all{.images = images.size(), .tags = tags.size(), .groups = {}};
    std::vector<Candidate> groups = ownedGroups(test.owned, tags);
    const std::vector<Candidate> singles = singleGroups(groups);
    for (Candidate& group : languageGroups(carriersOf(test.labels), images)) {
        groups.push_back(std::move(group));
    }
    figures.groups =
        measuredGaps(groups, kGroupPairs, all, said, settings, onProgress, figures.rareGroups);
    figures.singles =
        measuredGaps(singles, kSinglePairs, all, said, settings, onProgress, figures.rareSingles);
}

} // namespace tagalign::model::pipeline
