#include "model/tags/AttributeClass.h"

#include "model/Error.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tagalign::model::tags {

namespace {

constexpr std::array<const char*, kAttributeClasses> kNames{
    "colour", "material", "pattern", "size", "shape", "state", "position", "other"};

constexpr std::size_t kSenses = 3; ///< of a word; the rarer ones mislead more than they tell

/// Where WordNet keeps what a class holds: a noun and its lexicographer file (lexnames(5WN)).
struct Root
{
    const char* word;
    int lexicographerFile;
    AttributeClass attributeClass;
};

constexpr std::array<Root, 10> kRoots{{{"color", 7, AttributeClass::Colour},
                                       {"chromatic color", 7, AttributeClass::Colour},
                                       {"achromatic color", 7, AttributeClass::Colour},
                                       {"fabric", 6, AttributeClass::Material},
                                       {"material", 27, AttributeClass::Material},
                                       {"metallic element", 27, AttributeClass::Material},
                                       {"alloy", 27, AttributeClass::Material},
                                       {"mineral", 27, AttributeClass::Material},
                                       {"design", 6, AttributeClass::Pattern},
                                       {"shape", 3, AttributeClass::Shape}}};

/// Nouns of which adjectives are the values, by WordNet's "attribute" pointers.
const std::map<std::string_view, AttributeClass>& scales()
{
    static const std::map<std::string_view, AttributeClass> nouns{
        {"color", AttributeClass::Colour},
        {"chromaticity", AttributeClass::Colour},
        {"value", AttributeClass::Colour},
        {"lightness", AttributeClass::Colour},
        {"size", AttributeClass::Size},
        {"height", AttributeClass::Size},
        {"stature", AttributeClass::Size},
        {"length", AttributeClass::Size},
        {"width", AttributeClass::Size},
        {"thickness", AttributeClass::Size},
        {"depth", AttributeClass::Size},
        {"weight", AttributeClass::Size},
        {"body weight", AttributeClass::Size},
        {"shape", AttributeClass::Shape},
        {"straightness", AttributeClass::Shape},
        {"position", AttributeClass::Position},
        {"direction", AttributeClass::Position},
        {"orientation", AttributeClass::Position},
        {"distance", AttributeClass::Position},
        {"age", AttributeClass::State},
        {"wetness", AttributeClass::State},
        {"cleanness", AttributeClass::State},
        {"integrity", AttributeClass::State},
        {"temperature", AttributeClass::State},
        {"fullness", AttributeClass::State},
        {"emotionality", AttributeClass::State},
        {"happiness", AttributeClass::State},
        {"health", AttributeClass::State},
        {"sharpness", AttributeClass::State},
        {"perfection", AttributeClass::State},
        {"maturity", AttributeClass::State},
        {"motion", AttributeClass::State},
        {"activeness", AttributeClass::State},
        {"animation", AttributeClass::State},
        {"smoothness", AttributeClass::State},
        {"readiness", AttributeClass::State},
        {"completeness", AttributeClass::State},
        {"consciousness", AttributeClass::State},
        {"state of matter", AttributeClass::State}};
    return nouns;
}

std::string_view trimmed(std::string_view text)
{
    const auto first = text.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

/// Calls onPart for what stands between the separators.
template <class OnPart>
void forEachPart(std::string_view text, char separator, OnPart onPart)
{
    while (!text.empty()) {
        const auto end = text.find(separator);
        onPart(trimmed(text.substr(0, end)));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
}

} // namespace

std::string className(AttributeClass attributeClass)
{
    return kNames.at(std::size_t(attributeClass));
}

std::optional<AttributeClass> classNamed(std::string_view name)
{
    const auto found = std::find(kNames.begin(), kNames.end(), name);
    return found == kNames.end()
               ? std::nullopt
               : std::optional(AttributeClass(std::distance(kNames.begin(), found)));
}

std::map<std::string, AttributeClass, std::less<>> readAttributeClasses(std::string_view text)
{
    std::map<std::string, AttributeClass, std::less<>> words;
    int number = 0;
    forEachPart(text, '\n', [&](std::string_view line) {
        ++number;
        line = trimmed(line.substr(0, line.find('#')));
        if (line.empty()) {
            return;
        }
        const auto colon = line.find(':');
        const auto named = classNamed(trimmed(line.substr(0, colon)));
        if (colon == std::string_view::npos || !named) {
            throw FormatError("line " + std::to_string(number) + ": \"" + std::string(line) +
                              "\" does not begin with a class and a colon");
        }
        forEachPart(line.substr(colon + 1), ',', [&](std::string_view word) {
            if (!word.empty()) {
                words.emplace(word, *named);
            }
        });
    });
    return words;
}

AttributeClassifier::AttributeClassifier(std::map<std::string, AttributeClass, std::less<>> words,
                                         const Thesaurus& thesaurus)
    : m_words(std::move(words)),
      m_thesaurus(thesaurus)
{
    for (const Root& root : kRoots) {
        for (const Thesaurus::Id& sense : thesaurus.senses(root.word, PartOfSpeech::Noun)) {
            if (thesaurus.synset(sense).lexicographerFile == root.lexicographerFile) {
                m_roots.emplace(sense, root.attributeClass);
                break;
            }
        }
    }
}

bool AttributeClassifier::isRoot(const Thesaurus::Id& id) const
{
    return m_roots.contains(id);
}

AttributeClass AttributeClassifier::classOf(std::string_view attribute) const
{
    if (const auto whole = guess(attribute)) {
        return *whole;
    }
    std::optional<AttributeClass> last;
    forEachPart(attribute, ' ', [&](std::string_view word) {
        if (const auto found = guess(word)) {
            last = found;
        }
    });
    return last.value_or(AttributeClass::Other);
}

std::optional<AttributeClass> AttributeClassifier::guess(std::string_view word) const
{
    if (const auto listed = m_words.find(word); listed != m_words.end()) {
        return listed->second;
    }
    const auto adjectives = m_thesaurus.senses(word, PartOfSpeech::Adjective);
    for (std::size_t i = 0; i < std::min(kSenses, adjectives.size()); ++i) {
        if (const auto found = byAdjective(adjectives[i])) {
            return found;
        }
    }
    if (const auto noun = nounSense(word)) {
        return byNoun(*noun);
    }
    const bool isParticiple = word.size() > 4 && (word.ends_with("ed") || word.ends_with("ing"));
    return isParticiple ? std::optional(AttributeClass::State) : std::nullopt;
}

/// By the scale that the adjective, or the one it is similar to, is a value of; else by the noun
/// that it is made from ("wooden").
std::optional<AttributeClass> AttributeClassifier::byAdjective(const Thesaurus::Id& sense) const
{
    constexpr int kParticiples = 44; // adj.ppl
    std::vector<Thesaurus::Id> values{sense};
    for (const auto& pointer : m_thesaurus.synset(sense).pointers) {
        if (pointer.symbol == "&") {
            values.push_back(pointer.target);
        }
    }
    for (const Thesaurus::Id& value : values) {
        for (const auto& pointer : m_thesaurus.synset(value).pointers) {
            if (pointer.symbol != "=") {
                continue;
            }
            const auto scale = scales().find(m_thesaurus.synset(pointer.target).words.front());
            if (scale != scales().end()) {
                return scale->second;
            }
        }
    }
    const Thesaurus::Synset own = m_thesaurus.synset(sense);
    for (const auto& pointer : own.pointers) {
        const bool isMadeFrom = pointer.symbol == "+" || pointer.symbol == "\\";
        if (isMadeFrom && pointer.target.part == PartOfSpeech::Noun) {
            if (const auto found = byNoun(pointer.target)) {
                return found;
            }
        }
    }
    return own.lexicographerFile == kParticiples ? std::optional(AttributeClass::State)
                                                 : std::nullopt;
}

std::optional<AttributeClass> AttributeClassifier::byNoun(const Thesaurus::Id& sense) const
{
    for (const Thesaurus::Id& above : m_thesaurus.chain(sense)) {
        if (const auto root = m_roots.find(above); root != m_roots.end()) {
            return root->second;
        }
    }
    return std::nullopt;
}

std::optional<Thesaurus::Id> AttributeClassifier::nounSense(std::string_view attribute) const
{
    const auto senses = m_thesaurus.senses(attribute, PartOfSpeech::Noun);
    for (std::size_t i = 0; i < std::min(kSenses, senses.size()); ++i) {
        if (byNoun(senses[i])) {
            return senses[i];
        }
    }
    return std::nullopt;
}

} // namespace tagalign::model::tags
