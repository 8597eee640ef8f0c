#pragma once

#include "model/tags/AttributeClass.h"
#include "model/tags/CaptionParser.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tagalign::model::tags {

/// A tag of the vocabulary, as far as suggestions need it.
struct VocabularyEntry
{
    std::string lemma; ///< English, lower case
    TagKind kind = TagKind::Object;
    std::vector<std::int64_t> images; ///< that carry it, ascending
    bool hasParent = false;           ///< rolled up already
};

/// Tags that mean the same: members of one synset that is the first sense of one of them and among
/// the first three of the others.
struct MergeSuggestion
{
    std::vector<std::size_t> tags; ///< positions, the one on most images first
    std::string meaning;           ///< WordNet's definition
    std::size_t images = 0;        ///< that carry any of them
};

/// Tags that count as something more general.
struct RollUpSuggestion
{
    std::string parent;                   ///< a hypernym, by WordNet's first word for it
    std::optional<std::size_t> parentTag; ///< where it is a tag already
    std::vector<std::size_t> tags;        ///< positions of those below it, most images first
    std::string meaning;
    std::size_t images = 0; ///< that carry any of them or the parent
    std::size_t gained = 0; ///< images among them that do not carry the parent yet
};

/// The one with the most images first.
[[nodiscard]] std::vector<MergeSuggestion> suggestMerges(const std::vector<VocabularyEntry>& tags,
                                                         const Thesaurus& thesaurus);

/// Hypernyms up to four levels above the first sense of an object that can be seen, and above the
/// colours, materials and patterns that attributes name; general ones ("artifact", "organism") and
/// terms of science are left out. Where one gathers no more tags than another below it, the lower
/// one stays. Most images gained first.
/// @param most so many at most.
[[nodiscard]] std::vector<RollUpSuggestion> suggestRollUps(const std::vector<VocabularyEntry>& tags,
                                                           const Thesaurus& thesaurus,
                                                           const AttributeClassifier& classes,
                                                           std::size_t most = 100);

/// What one word could be rolled up to, nearest first; empty where WordNet does not know it.
[[nodiscard]] std::vector<std::string> hypernymsOf(const std::string& lemma, TagKind kind,
                                                   const Thesaurus& thesaurus,
                                                   const AttributeClassifier& classes);

} // namespace tagalign::model::tags
