#include "model/tags/RuleCaptionParser.h"

#include "model/tags/CaptionWords.h"
#include "model/tags/SpanOrder.h"

#include <algorithm>
#include <unordered_set>

namespace tagalign::model::tags {

namespace {

constexpr float kSure = 0.9F;
constexpr float kLikely = 0.75F; ///< predicate adjectives, participles after the noun
constexpr std::size_t kLongestCompound = 3;

/// Nouns that say what a thing is made of when they stand before it.
const std::unordered_set<std::string_view>& materials()
{
    static const std::unordered_set<std::string_view> words{
        "wood",  "metal", "steel",  "iron",   "brick",    "stone",  "glass",     "plastic",
        "paper", "brass", "copper", "cement", "concrete", "clay",   "leather",   "denim",
        "dirt",  "straw", "wool",   "cotton", "silk",     "gold",   "cardboard", "ceramic",
        "tile",  "rock",  "marble", "rubber", "wicker",   "chrome", "bamboo",    "porcelain"};
    return words;
}

/// Nouns that speak of an amount or of the picture when "of" follows ("a group of men").
const std::unordered_set<std::string_view>& amounts()
{
    static const std::unordered_set<std::string_view> words{
        "group", "couple", "pair",  "bunch",  "photo", "picture", "image", "view",    "kind",
        "type",  "piece",  "slice", "number", "part",  "row",     "set",   "variety", "lot"};
    return words;
}

/// Nouns that speak of a place in the picture after "in" or "on" ("on top of").
const std::unordered_set<std::string_view>& places()
{
    static const std::unordered_set<std::string_view> words{"front",  "top",   "side",  "middle",
                                                            "bottom", "left",  "right", "edge",
                                                            "back",   "close", "end"};
    return words;
}

/// Walks over the words of one caption and gathers tags.
class TagCollector
{
public:
    TagCollector(std::string_view caption, const std::vector<CaptionWord>& words,
                 const WordNet& wordNet)
        : m_caption(caption),
          m_words(words),
          m_wordNet(wordNet)
    {
    }

    ParsedCaption collect()
    {
        while (m_position < m_words.size()) {
            step();
        }
        sortBySpan(m_parsed.tags);
        return std::move(m_parsed);
    }

private:
    void step()
    {
        const CaptionWord& word = m_words[m_position];
        switch (word.role) {
        case WordRole::Noun:
            takeNouns();
            return;
        case WordRole::Adjective:
        case WordRole::Number:
            takeModifier(word);
            break;
        case WordRole::Participle:
        case WordRole::Gerund:
            takeParticiple(word);
            break;
        case WordRole::Be:
            m_isPredicate = m_subject.has_value();
            break;
        case WordRole::Negation:
            m_isNegated = true;
            break;
        case WordRole::Adverb:
        case WordRole::Determiner:
        case WordRole::And:
            break;
        case WordRole::Stop:
            endClause();
            break;
        case WordRole::Preposition:
        case WordRole::Verb:
        case WordRole::Other:
            m_modifiers.clear();
            m_isPredicate = false;
            break;
        }
        if (word.role == WordRole::Determiner) {
            m_modifiers.clear();
        }
        ++m_position;
    }

    void endClause()
    {
        // "a red, round ball": a comma between adjectives ends nothing.
        const bool isList = m_words[m_position].text == "," && !m_modifiers.empty();
        if (!isList) {
            m_modifiers.clear();
            m_isPredicate = m_isNegated = false;
            m_subject.reset();
        }
    }

    /// Is there a noun ahead that the word could belong to, with only modifiers between?
    [[nodiscard]] bool nounAhead() const
    {
        for (std::size_t i = m_position + 1; i < m_words.size(); ++i) {
            switch (m_words[i].role) {
            case WordRole::Noun:
                return true;
            case WordRole::Adjective:
            case WordRole::Number:
            case WordRole::And:
            case WordRole::Participle:
            case WordRole::Adverb:
                break;
            case WordRole::Stop:
                if (m_words[i].text == ",") {
                    break;
                }
                return false;
            default:
                return false;
            }
        }
        return false;
    }

    /// "covered with snow" tells of a relation, not of the thing alone.
    [[nodiscard]] bool prepositionFollows() const
    {
        return m_position + 1 < m_words.size() &&
               m_words[m_position + 1].role == WordRole::Preposition;
    }

    void takeModifier(const CaptionWord& word)
    {
        if (m_isPredicate && word.role == WordRole::Adjective &&
            (!nounAhead() || m_words[m_position - 1].role != WordRole::Determiner)) {
            if (!m_isNegated) {
                addAttribute(word, *m_subject, kLikely);
            }
            return;
        }
        m_modifiers.push_back(m_position);
    }

    void takeParticiple(const CaptionWord& word)
    {
        const WordRole before = m_position > 0 ? m_words[m_position - 1].role : WordRole::Stop;
        const bool isBeforeNoun =
            nounAhead() && (before == WordRole::Determiner || before == WordRole::Adjective ||
                            before == WordRole::Number || before == WordRole::Stop);
        if (isBeforeNoun) {
            m_modifiers.push_back(m_position);
            return;
        }
        const bool describesSubject = word.role == WordRole::Participle && !m_isNegated &&
                                      m_lastObject && (before == WordRole::Noun || m_isPredicate) &&
                                      !nounAhead();
        if (describesSubject) {
            addAttribute(word, m_isPredicate ? *m_subject : *m_lastObject, kLikely);
        }
        m_modifiers.clear();
        m_isPredicate = false;
    }

    /// A run of nouns: materials first are attributes, the rest is one object.
    void takeNouns()
    {
        std::size_t end = m_position;
        while (end < m_words.size() && m_words[end].role == WordRole::Noun) {
            ++end;
        }
        while (end - m_position > 1 && materials().contains(m_words[m_position].text)) {
            m_modifiers.push_back(m_position++);
        }
        while (m_position < end) {
            const std::size_t length = compoundLength(end);
            addObject(length);
            m_position += length;
        }
    }

    /// How many of the nouns from here on are one thing: what WordNet has as a compound, else all.
    [[nodiscard]] std::size_t compoundLength(std::size_t end) const
    {
        const std::size_t most = std::min(end - m_position, kLongestCompound);
        for (std::size_t length = most; length > 1; --length) {
            if (m_wordNet.lemma(joined(length, '_'), PartOfSpeech::Noun)) {
                return length;
            }
        }
        return most;
    }

    [[nodiscard]] std::string joined(std::size_t length, char separator) const
    {
        std::string text;
        for (std::size_t i = 0; i + 1 < length; ++i) {
            text += m_words[m_position + i].text + separator;
        }
        return text + m_words[m_position + length - 1].lemma;
    }

    [[nodiscard]] bool isVagueNoun(const CaptionWord& word) const
    {
        const std::size_t next = m_position + 1;
        if (amounts().contains(word.lemma)) {
            return next < m_words.size() && m_words[next].text == "of";
        }
        return places().contains(word.lemma) && m_position > 0 && next < m_words.size() &&
               (m_words[m_position - 1].role == WordRole::Preposition ||
                m_words[m_position - 1].role == WordRole::Determiner) &&
               m_words[next].role == WordRole::Preposition;
    }

    void addObject(std::size_t length)
    {
        const CaptionWord& first = m_words[m_position];
        const CaptionWord& last = m_words[m_position + length - 1];
        const bool isVague = length == 1 && isVagueNoun(last);
        const Span span{first.span.start, last.span.start + last.span.length - first.span.start};
        const std::string lemma = joined(length, ' ');
        if (isVague || m_isNegated) {
            if (!isVague) {
                m_parsed.absences.push_back({lemma, lemma, span});
            }
            m_modifiers.clear();
            m_isNegated = m_isNegated && isVague;
            return;
        }
        m_parsed.tags.push_back(
            {TagKind::Object, lemma, lemma, span, std::nullopt, length > 1 ? kLikely : kSure});
        m_lastObject = m_parsed.tags.size() - 1;
        if (!m_subject) {
            m_subject = m_lastObject;
        }
        for (const std::size_t modifier : m_modifiers) {
            addAttribute(m_words[modifier], *m_lastObject, kSure);
        }
        m_modifiers.clear();
        m_isPredicate = false;
    }

    void addAttribute(const CaptionWord& word, std::size_t owner, float confidence)
    {
        m_parsed.tags.push_back(
            {TagKind::Attribute, word.lemma, word.lemma, word.span, owner, confidence});
    }

    std::string_view m_caption;
    const std::vector<CaptionWord>& m_words;
    const WordNet& m_wordNet;
    ParsedCaption m_parsed;
    std::size_t m_position = 0;
    std::vector<std::size_t> m_modifiers;    ///< words waiting for their noun
    std::optional<std::size_t> m_subject;    ///< first object of the clause
    std::optional<std::size_t> m_lastObject; ///< latest object
    bool m_isPredicate = false;              ///< "is" was read after the subject
    bool m_isNegated = false;
};

} // namespace

ParsedCaption RuleCaptionParser::parse(std::string_view caption) const
{
    const std::vector<CaptionWord> words = readWords(caption, m_wordNet);
    return TagCollector(caption, words, m_wordNet).collect();
}

} // namespace tagalign::model::tags
