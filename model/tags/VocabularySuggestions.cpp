#include "model/tags/VocabularySuggestions.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

namespace tagalign::model::tags {

namespace {

constexpr std::size_t kSenses = 3;
constexpr int kLevels = 4;
constexpr int kLeastDepth = 6; ///< animal, person; below artifact, organism, substance

using Positions = std::vector<std::size_t>;

PartOfSpeech partOf(TagKind kind)
{
    return kind == TagKind::Object ? PartOfSpeech::Noun : PartOfSpeech::Adjective;
}

std::vector<std::int64_t> imagesOf(const Positions& positions,
                                   const std::vector<VocabularyEntry>& tags)
{
    std::vector<std::int64_t> all;
    for (const std::size_t tag : positions) {
        std::vector<std::int64_t> both;
        std::set_union(all.begin(), all.end(), tags[tag].images.begin(), tags[tag].images.end(),
                       std::back_inserter(both));
        all = std::move(both);
    }
    return all;
}

void sortByImages(Positions& positions, const std::vector<VocabularyEntry>& tags)
{
    std::stable_sort(positions.begin(), positions.end(), [&tags](std::size_t a, std::size_t b) {
        return tags[a].images.size() > tags[b].images.size();
    });
}

/// What can be seen: animals, artifacts, bodies, food, objects, people, plants, substances
/// (lexnames(5WN)).
bool isVisible(const Thesaurus::Synset& synset)
{
    static const std::set<int> kFiles{5, 6, 8, 13, 17, 18, 20, 27};
    return kFiles.contains(synset.lexicographerFile);
}

/// The sense that stands for the tag where more general words are looked for.
std::optional<Thesaurus::Id> senseOf(const std::string& lemma, TagKind kind,
                                     const Thesaurus& thesaurus, const AttributeClassifier& classes)
{
    if (kind == TagKind::Attribute) {
        return classes.nounSense(lemma);
    }
    const auto senses = thesaurus.senses(lemma, PartOfSpeech::Noun);
    for (std::size_t i = 0; i < std::min(kSenses, senses.size()); ++i) {
        if (isVisible(thesaurus.synset(senses[i]))) {
            return senses[i];
        }
    }
    return senses.empty() ? std::nullopt : std::optional(senses.front());
}

/// Hypernyms that say something, nearest first.
std::vector<Thesaurus::Id> tellingHypernyms(const Thesaurus::Id& sense, TagKind kind,
                                            const Thesaurus& thesaurus,
                                            const AttributeClassifier& classes)
{
    std::vector<Thesaurus::Id> telling;
    for (const Thesaurus::Id& above : thesaurus.chain(sense, kLevels)) {
        const bool isTelling = kind == TagKind::Object ? thesaurus.depth(above) >= kLeastDepth
                                                       : !classes.isRoot(above);
        if (above != sense && isTelling) {
            telling.push_back(above);
        } else if (above != sense && kind == TagKind::Attribute) {
            break; // what lies above a class tells nothing
        }
    }
    return telling;
}

/// "dark green" is in one synset with "green"; people tell them apart.
bool narrows(const VocabularyEntry& tag, const Positions& others,
             const std::vector<VocabularyEntry>& tags)
{
    return std::any_of(others.begin(), others.end(), [&](std::size_t other) {
        return tag.lemma.ends_with(' ' + tags[other].lemma);
    });
}

struct Gathered
{
    std::set<std::size_t> below;
    std::optional<std::size_t> parent;
};

std::map<Thesaurus::Id, Gathered> gather(TagKind kind, const std::vector<VocabularyEntry>& tags,
                                         const Thesaurus& thesaurus,
                                         const AttributeClassifier& classes)
{
    std::map<Thesaurus::Id, Gathered> gathered;
    std::map<Thesaurus::Id, std::size_t> tagOf;
    for (std::size_t tag = 0; tag < tags.size(); ++tag) {
        const auto sense = tags[tag].kind == kind
                               ? senseOf(tags[tag].lemma, kind, thesaurus, classes)
                               : std::nullopt;
        if (!sense) {
            continue;
        }
        tagOf.emplace(*sense, tag);
        if (!tags[tag].hasParent) {
            for (const auto& above : tellingHypernyms(*sense, kind, thesaurus, classes)) {
                gathered[above].below.insert(tag);
            }
        }
    }
    for (auto& [synset, group] : gathered) {
        if (const auto parent = tagOf.find(synset); parent != tagOf.end()) {
            group.parent = parent->second;
        }
    }
    return gathered;
}

RollUpSuggestion suggestionOf(const Thesaurus::Id& id, const Gathered& group,
                              const std::vector<VocabularyEntry>& tags, const Thesaurus& thesaurus)
{
    const Thesaurus::Synset synset = thesaurus.synset(id);
    RollUpSuggestion suggestion{.parent = synset.words.front(),
                                .parentTag = group.parent,
                                .tags = {group.below.begin(), group.below.end()},
                                .meaning = synset.gloss};
    if (group.parent) {
        suggestion.parent = tags[*group.parent].lemma;
    }
    sortByImages(suggestion.tags, tags);
    Positions all = suggestion.tags;
    std::size_t before = 0;
    if (group.parent) {
        all.push_back(*group.parent);
        before = tags[*group.parent].images.size();
    }
    suggestion.images = imagesOf(all, tags).size();
    suggestion.gained = suggestion.images - before;
    return suggestion;
}

/// Is there a hypernym below that gathers the same tags?
bool isShadowed(const Thesaurus::Id& id, const Gathered& group,
                const std::map<Thesaurus::Id, Gathered>& all, const Thesaurus& thesaurus)
{
    return !group.parent && std::any_of(all.begin(), all.end(), [&](const auto& other) {
        if (other.first == id || other.second.below != group.below) {
            return false;
        }
        const auto above = thesaurus.chain(other.first, kLevels);
        return std::find(above.begin(), above.end(), id) != above.end();
    });
}

} // namespace

std::vector<MergeSuggestion> suggestMerges(const std::vector<VocabularyEntry>& tags,
                                           const Thesaurus& thesaurus)
{
    struct Members
    {
        Positions tags;
        bool isFirstSense = false; ///< of one of them
    };

    std::map<Thesaurus::Id, Members> bySynset;
    for (std::size_t tag = 0; tag < tags.size(); ++tag) {
        const auto senses = thesaurus.senses(tags[tag].lemma, partOf(tags[tag].kind));
        for (std::size_t i = 0; i < std::min(kSenses, senses.size()); ++i) {
            bySynset[senses[i]].tags.push_back(tag);
            bySynset[senses[i]].isFirstSense |= i == 0;
        }
    }
    std::vector<MergeSuggestion> suggestions;
    std::set<Positions> seen;
    const auto isBadSense = [&thesaurus](const Thesaurus::Id& id) {
        return id.part == PartOfSpeech::Noun && !isVisible(thesaurus.synset(id));
    };
    for (auto& [synset, members] : bySynset) {
        std::erase_if(members.tags, [&, all = members.tags](std::size_t tag) {
            return narrows(tags[tag], all, tags);
        });
        if (members.tags.size() < 2 || !members.isFirstSense || isBadSense(synset) ||
            !seen.insert(members.tags).second) {
            continue;
        }
        sortByImages(members.tags, tags);
        suggestions.push_back(
            {members.tags, thesaurus.synset(synset).gloss, imagesOf(members.tags, tags).size()});
    }
    std::stable_sort(suggestions.begin(), suggestions.end(),
                     [](const auto& a, const auto& b) { return a.images > b.images; });
    return suggestions;
}

std::vector<RollUpSuggestion> suggestRollUps(const std::vector<VocabularyEntry>& tags,
                                             const Thesaurus& thesaurus,
                                             const AttributeClassifier& classes, std::size_t most)
{
    std::vector<RollUpSuggestion> suggestions;
    for (const TagKind kind : {TagKind::Object, TagKind::Attribute}) {
        auto gathered = gather(kind, tags, thesaurus, classes);
        std::erase_if(gathered, [&thesaurus](const auto& each) {
            const auto& [id, group] = each;
            return group.below.size() + (group.parent ? 1 : 0) < 2 ||
                   (!group.parent &&
                    !thesaurus.isCommon(thesaurus.synset(id).words.front(), id.part));
        });
        for (const auto& [id, group] : gathered) {
            const auto suggestion = suggestionOf(id, group, tags, thesaurus);
            if (suggestion.gained > 0 && !isShadowed(id, group, gathered, thesaurus)) {
                suggestions.push_back(suggestion);
            }
        }
    }
    std::stable_sort(suggestions.begin(), suggestions.end(),
                     [](const auto& a, const auto& b) { return a.gained > b.gained; });
    suggestions.resize(std::min(most, suggestions.size()));
    return suggestions;
}

std::vector<std::string> hypernymsOf(const std::string& lemma, TagKind kind,
                                     const Thesaurus& thesaurus, const AttributeClassifier& classes)
{
    std::vector<std::string> words;
    if (const auto sense = senseOf(lemma, kind, thesaurus, classes)) {
        for (const auto& above : tellingHypernyms(*sense, kind, thesaurus, classes)) {
            words.push_back(thesaurus.synset(above).words.front());
        }
    }
    return words;
}

} // namespace tagalign::model::tags
