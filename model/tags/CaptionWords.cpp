#include "model/tags/CaptionWords.h"

#include <unicode/utf8.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <unordered_map>
#include <unordered_set>

namespace tagalign::model::tags {

namespace {

constexpr std::size_t kMaxWords = 2000; ///< a caption is no book

using RoleTable = std::unordered_map<std::string_view, WordRole>;

/// Words whose role does not depend on WordNet.
const RoleTable& closedClass()
{
    static const RoleTable table = [] {
        RoleTable roles;
        const auto add = [&roles](WordRole role, std::initializer_list<std::string_view> words) {
            for (const std::string_view word : words) {
                roles.emplace(word, role);
            }
        };
        add(WordRole::Determiner,
            {"a",     "an",   "the",   "this",    "that",     "these", "those", "some",
             "any",   "each", "every", "his",     "her",      "its",   "their", "my",
             "your",  "our",  "many",  "several", "few",      "all",   "both",  "another",
             "other", "most", "more",  "various", "multiple", "such",  "one",   "'s"});
        add(WordRole::Negation, {"no", "not", "without", "n't", "never", "isn't", "aren't"});
        add(WordRole::And, {"and", "or", "&"});
        add(WordRole::Be, {"is", "are", "was", "were", "be", "been", "being", "am", "looks", "look",
                           "seems", "appears", "'re"});
        add(WordRole::Preposition,
            {"of",         "in",      "on",      "at",      "by",     "with",   "from",
             "to",         "into",    "onto",    "over",    "under",  "near",   "behind",
             "beside",     "besides", "between", "through", "across", "along",  "around",
             "above",      "below",   "beneath", "against", "among",  "for",    "as",
             "off",        "up",      "down",    "out",     "about",  "inside", "outside",
             "underneath", "towards", "toward",  "upon",    "during", "while",  "past",
             "atop",       "next",    "via",     "like",    "than",   "within"});
        add(WordRole::Other,
            {"it",     "he",      "she",     "they",       "them",    "him",       "we",
             "us",     "you",     "i",       "me",         "who",     "which",     "what",
             "where",  "when",    "there",   "here",       "someone", "something", "one's",
             "itself", "himself", "herself", "themselves", "but",     "because",   "if",
             "so",     "then",    "has",     "have",       "had",     "does",      "do",
             "did",    "can",     "could",   "will",       "would",   "may",       "might",
             "that's", "it's",    "there's", "being",      "etc",     "lot",       "lots",
             "can't",  "don't"});
        add(WordRole::Adverb,
            {"very", "too", "just", "only", "also", "together", "away", "back", "quite", "really",
             "still", "already", "almost", "ago", "even", "nearly", "partially", "fully"});
        return roles;
    }();
    return table;
}

const std::unordered_map<std::string_view, std::string_view>& numbers()
{
    static const std::unordered_map<std::string_view, std::string_view> table{
        {"two", "2"},   {"three", "3"}, {"four", "4"}, {"five", "5"}, {"six", "6"},
        {"seven", "7"}, {"eight", "8"}, {"nine", "9"}, {"ten", "10"}};
    return table;
}

/// Words that WordNet's texts, which are not captions, count mostly as something else.
const std::unordered_set<std::string_view>& captionAdjectives()
{
    static const std::unordered_set<std::string_view> words{
        "red",   "green", "blue",    "yellow", "orange",   "purple",  "pink",    "brown",
        "black", "white", "grey",    "gray",   "silver",   "gold",    "golden",  "tan",
        "beige", "navy",  "light",   "dark",   "open",     "round",   "square",  "short",
        "long",  "tall",  "big",     "little", "small",    "large",   "wet",     "dry",
        "young", "old",   "clear",   "plaid",  "wooden",   "metal",   "plastic", "brick",
        "glass", "stone", "leather", "cement", "concrete", "striped", "stuffed", "adult",
        "bare",  "flat",  "double",  "clean",  "empty"};
    return words;
}

/// Typographic quotes and dashes, emoji and other symbols are no letters, though above 0x80.
bool isSymbolStart(std::string_view rest)
{
    return rest.starts_with("\xE2") || rest.starts_with("\xF0") || rest.starts_with("\xEF\xBF") ||
           rest.starts_with("\xC2");
}

/// Bytes of the letter, digit, apostrophe or hyphen that the text starts with; 0 if it starts with
/// anything else, such as bytes that are no UTF-8.
std::size_t letterLength(std::string_view rest)
{
    const auto c = static_cast<unsigned char>(rest.front());
    if (c < 0x80) {
        return std::isalnum(c) != 0 || c == '\'' || c == '-' ? 1 : 0;
    }
    if (isSymbolStart(rest)) {
        return 0;
    }
    constexpr std::size_t kLongest = 4;
    std::int32_t length = 0;
    UChar32 character = 0;
    U8_NEXT(rest.data(), length, std::int32_t(std::min(rest.size(), kLongest)), character);
    return character < 0 ? 0 : std::size_t(length);
}

std::size_t characterLength(std::string_view rest)
{
    std::size_t length = 1;
    while (length < rest.size() && (static_cast<unsigned char>(rest[length]) & 0xC0U) == 0x80U) {
        ++length;
    }
    return length;
}

std::string lowerCase(std::string_view text)
{
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return c < 0x80 ? char(std::tolower(c)) : char(c); });
    return lower;
}

/// Markup as <b> says nothing about the picture.
std::size_t markupLength(std::string_view rest)
{
    if (rest.size() < 3 || rest[0] != '<' ||
        (std::isalpha(static_cast<unsigned char>(rest[1])) == 0 && rest[1] != '/')) {
        return 0;
    }
    const auto end = rest.find('>');
    return end == std::string_view::npos ? 0 : end + 1;
}

/// "&nbsp;", "&#39;"
std::size_t entityLength(std::string_view rest)
{
    constexpr std::size_t kLongest = 8;
    std::size_t length = 1;
    while (length < std::min(rest.size(), kLongest) &&
           (std::isalnum(static_cast<unsigned char>(rest[length])) != 0 || rest[length] == '#')) {
        ++length;
    }
    const bool isEntity =
        rest.front() == '&' && length > 1 && length < rest.size() && rest[length] == ';';
    return isEntity ? length + 1 : 0;
}

/// "0.5", "1,200": a point between digits ends nothing.
bool isInsideNumber(std::string_view text, std::size_t position)
{
    const auto isDigit = [text](std::size_t i) {
        return i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])) != 0;
    };
    return (text[position] == '.' || text[position] == ',') && position > 0 &&
           isDigit(position - 1) && isDigit(position + 1);
}

} // namespace

std::vector<CaptionWord> splitWords(std::string_view caption)
{
    std::vector<CaptionWord> words;
    std::size_t position = 0;
    while (position < caption.size() && words.size() < kMaxWords) {
        const std::string_view rest = caption.substr(position);
        if (const std::size_t skipped = std::max(markupLength(rest), entityLength(rest))) {
            position += skipped;
            continue;
        }
        const auto c = static_cast<unsigned char>(rest.front());
        if (letterLength(rest) == 0 || c == '\'' || c == '-') {
            if (c == '.' || c == ',' || c == ';' || c == '!' || c == '?' || c == ':' || c == '(' ||
                c == ')') {
                words.push_back({std::string(1, char(c)), {position, 1}, WordRole::Stop, {}});
            }
            position += characterLength(rest);
            continue;
        }
        std::size_t length = 0;
        while (length < rest.size()) {
            const std::size_t more =
                isInsideNumber(rest, length) ? 1 : letterLength(rest.substr(length));
            if (more == 0) {
                break;
            }
            length += more;
        }
        std::string_view word = rest.substr(0, length);
        while (word.ends_with('\'') || word.ends_with('-')) {
            word.remove_suffix(1);
        }
        const bool isPossessive = word.size() > 2 && (word.ends_with("'s") || word.ends_with("'S"));
        const std::size_t stem = word.size() - (isPossessive ? 2 : 0);
        words.push_back({lowerCase(word.substr(0, stem)), {position, stem}, WordRole::Other, {}});
        if (isPossessive) {
            words.push_back({"'s", {position + stem, 2}, WordRole::Determiner, {}});
        }
        position += length;
    }
    return words;
}

namespace {

/// How a word may be read and how likely each reading is.
class Readings
{
public:
    Readings(const std::string& word, const WordNet& wordNet)
        : m_noun(wordNet.lemma(word, PartOfSpeech::Noun)),
          m_verb(wordNet.lemma(word, PartOfSpeech::Verb)),
          m_adjective(wordNet.lemma(word, PartOfSpeech::Adjective)),
          m_isAdverb(wordNet.frequency(word, PartOfSpeech::Adverb) > 0)
    {
        m_nounCount = m_noun ? wordNet.frequency(*m_noun, PartOfSpeech::Noun) : 0;
        m_verbCount = m_verb ? wordNet.frequency(*m_verb, PartOfSpeech::Verb) : 0;
        m_adjectiveCount =
            m_adjective ? wordNet.frequency(*m_adjective, PartOfSpeech::Adjective) : 0;
        if (captionAdjectives().contains(word)) {
            m_adjectiveCount = std::max(m_adjectiveCount, m_nounCount + m_verbCount + 1);
            m_adjective = word;
        }
    }

    [[nodiscard]] bool mayBeNoun() const { return m_noun.has_value(); }

    [[nodiscard]] bool mayBeVerb() const { return m_verb.has_value(); }

    [[nodiscard]] bool mayBeAdjective() const { return m_adjective.has_value(); }

    [[nodiscard]] bool isAdverb() const { return m_isAdverb; }

    [[nodiscard]] bool isMostlyNoun() const
    {
        return m_nounCount > 0 && m_nounCount >= m_verbCount && m_nounCount >= m_adjectiveCount;
    }

    [[nodiscard]] bool isMostlyAdjective() const
    {
        return m_adjectiveCount > m_nounCount && m_adjectiveCount >= m_verbCount;
    }

    [[nodiscard]] bool isMostlyVerb() const
    {
        return m_verbCount > m_nounCount && m_verbCount > m_adjectiveCount;
    }

    [[nodiscard]] std::string lemmaFor(WordRole role, const std::string& word) const
    {
        switch (role) {
        case WordRole::Noun:
            return m_noun.value_or(word);
        case WordRole::Verb:
            return m_verb.value_or(word);
        default:
            return word;
        }
    }

private:
    std::optional<std::string> m_noun;
    std::optional<std::string> m_verb;
    std::optional<std::string> m_adjective;
    bool m_isAdverb;
    int m_nounCount = 0;
    int m_verbCount = 0;
    int m_adjectiveCount = 0;
};

bool isModifier(WordRole role)
{
    return role == WordRole::Determiner || role == WordRole::Adjective ||
           role == WordRole::Number || role == WordRole::Negation;
}

/// "white and red shirt", "a round, blue plate": the adjective goes on to the next one.
bool adjectiveFollows(const std::vector<CaptionWord>& words, std::size_t index)
{
    return index + 2 < words.size() &&
           (words[index + 1].text == "and" || words[index + 1].text == ",") &&
           captionAdjectives().contains(words[index + 2].text);
}

/// Can the word that follows be (part of) a noun group's head?
bool headFollows(const std::vector<CaptionWord>& words, std::size_t index, const WordNet& wordNet)
{
    if (index + 1 >= words.size() || words[index + 1].role == WordRole::Stop) {
        return false;
    }
    const std::string& next = words[index + 1].text;
    return !closedClass().contains(next) && !numbers().contains(next) &&
           (wordNet.lemma(next, PartOfSpeech::Noun) ||
            wordNet.lemma(next, PartOfSpeech::Adjective));
}

WordRole openRole(const std::vector<CaptionWord>& words, std::size_t index, const WordNet& wordNet)
{
    const std::string& word = words[index].text;
    const Readings readings(word, wordNet);
    const WordRole before = index > 0 ? words[index - 1].role : WordRole::Stop;
    const bool isFollowedByHead =
        headFollows(words, index, wordNet) || adjectiveFollows(words, index);
    const bool startsGroup = isModifier(before);

    if (word.ends_with("ing") && readings.mayBeVerb() && !readings.isMostlyAdjective()) {
        // WordNet's "build" is more frequent than "building", but not in a noun's place.
        const bool isNoun = wordNet.frequency(word, PartOfSpeech::Noun) > 1 &&
                            (startsGroup || before == WordRole::Preposition);
        return isNoun && !isFollowedByHead ? WordRole::Noun : WordRole::Gerund;
    }
    const bool hasVerbForm =
        readings.mayBeVerb() && wordNet.frequency(word, PartOfSpeech::Verb) == 0;
    if (hasVerbForm && !word.ends_with('s') && !readings.isMostlyNoun()) {
        return readings.isMostlyAdjective() ? WordRole::Adjective : WordRole::Participle;
    }
    if (readings.mayBeAdjective() &&
        (readings.isMostlyAdjective() || (isFollowedByHead && !readings.isMostlyNoun()))) {
        const bool isNamedThing = startsGroup && !isFollowedByHead && readings.mayBeNoun() &&
                                  before != WordRole::Adjective;
        return isNamedThing ? WordRole::Noun : WordRole::Adjective;
    }
    if (readings.mayBeVerb() && before == WordRole::Noun &&
        (readings.isMostlyVerb() || hasVerbForm) && !isFollowedByHead) {
        return WordRole::Verb;
    }
    const bool opensClause = before == WordRole::Stop && readings.mayBeNoun();
    if (readings.mayBeVerb() && readings.isMostlyVerb() && !startsGroup && !opensClause &&
        before != WordRole::Preposition) {
        return WordRole::Verb;
    }
    if (readings.mayBeNoun()) {
        return WordRole::Noun;
    }
    if (readings.isAdverb()) {
        return WordRole::Adverb;
    }
    if (readings.mayBeVerb()) {
        return WordRole::Verb;
    }
    // A word that WordNet does not know names something if it stands where a head would.
    return (startsGroup || before == WordRole::Preposition) && !isFollowedByHead ? WordRole::Noun
                                                                                 : WordRole::Other;
}

bool isPreposition(const std::string& word)
{
    const auto found = closedClass().find(word);
    return found != closedClass().end() && found->second == WordRole::Preposition;
}

/// Marks what WordNet has as a compound noun ("teddy bear", "trash can", "parking lot"), whatever
/// its words are alone.
void markCompounds(std::vector<CaptionWord>& words, const WordNet& wordNet)
{
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
        const CaptionWord& first = words[i];
        const CaptionWord& second = words[i + 1];
        const bool isPlain = first.role == WordRole::Other && second.role == WordRole::Other &&
                             !closedClass().contains(first.text) &&
                             !captionAdjectives().contains(first.text) &&
                             !isPreposition(second.text) &&
                             first.span.start + first.span.length + 1 == second.span.start &&
                             wordNet.lemma(first.text, PartOfSpeech::Noun);
        const auto compound =
            isPlain ? wordNet.lemma(first.text + '_' + second.text, PartOfSpeech::Noun)
                    : std::nullopt;
        if (compound) {
            words[i].role = words[i + 1].role = WordRole::Noun;
            words[i].lemma = first.text;
            words[i + 1].lemma = compound->substr(compound->find('_') + 1);
        }
    }
}

} // namespace

std::vector<CaptionWord> readWords(std::string_view caption, const WordNet& wordNet)
{
    std::vector<CaptionWord> words = splitWords(caption);
    findRoles(words, wordNet);
    return words;
}

void findRoles(std::vector<CaptionWord>& words, const WordNet& wordNet)
{
    markCompounds(words, wordNet);
    for (std::size_t i = 0; i < words.size(); ++i) {
        CaptionWord& word = words[i];
        if (word.role != WordRole::Other) {
            continue;
        }
        if (const auto closed = closedClass().find(word.text); closed != closedClass().end()) {
            word.role = closed->second;
            continue;
        }
        if (const auto number = numbers().find(word.text); number != numbers().end()) {
            word.role = WordRole::Number;
            word.lemma = number->second;
            continue;
        }
        if (std::all_of(word.text.begin(), word.text.end(),
                        [](unsigned char c) { return std::isdigit(c) != 0; })) {
            word.role = WordRole::Number;
            word.lemma = word.text;
            continue;
        }
        word.role = openRole(words, i, wordNet);
        word.lemma = Readings(word.text, wordNet).lemmaFor(word.role, word.text);
    }
}

} // namespace tagalign::model::tags
