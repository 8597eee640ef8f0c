#include "model/tags/japanese/JapaneseCaptionParser.h"

#include "model/tags/SpanOrder.h"
#include "model/tags/japanese/JapaneseLexicon.h"
#include "model/tags/japanese/JapanesePhrases.h"

#include <algorithm>

namespace tagalign::model::tags {

namespace {

constexpr float kSure = 0.9F;
constexpr float kLikely = 0.75F; ///< compounds, verbs, what is said of a subject

/// Walks over the phrases of one caption and gathers tags.
class PhraseCollector
{
public:
    explicit PhraseCollector(std::vector<Phrase> phrases)
        : m_phrases(std::move(phrases))
    {
    }

    ParsedCaption collect()
    {
        for (m_at = 0; m_at < m_phrases.size(); ++m_at) {
            step(m_phrases[m_at]);
        }
        sortBySpan(m_parsed.tags);
        return std::move(m_parsed);
    }

private:
    void step(const Phrase& phrase)
    {
        switch (phrase.kind) {
        case PhraseKind::Thing:
            takeThing(phrase);
            break;
        case PhraseKind::Quality:
            takeQuality(phrase);
            break;
        case PhraseKind::Verb:
            takeVerb(phrase);
            break;
        case PhraseKind::Count:
            takeCount(phrase);
            break;
        case PhraseKind::Place:
            takePlace(phrase);
            break;
        case PhraseKind::Vague:
            m_pending.clear();
            break;
        case PhraseKind::And:
        case PhraseKind::Comma:
            m_complement = false;
            break;
        case PhraseKind::Stop:
            m_pending.clear();
            m_subject.reset();
            m_relativeSubject.reset();
            m_complement = false;
            m_joined = 0;
            break;
        }
    }

    /// Does a thing follow that the phrase could describe, with only modifiers between?
    [[nodiscard]] bool thingAhead() const
    {
        for (std::size_t i = m_at + 1; i < m_phrases.size(); ++i) {
            const Phrase& phrase = m_phrases[i];
            switch (phrase.kind) {
            case PhraseKind::Thing:
                return true;
            case PhraseKind::Quality:
                if (phrase.isMaterial && isThing(i)) {
                    return true;
                }
                if (phrase.link == Link::Attributive || phrase.link == Link::And ||
                    phrase.link == Link::None) {
                    break;
                }
                return false;
            case PhraseKind::Verb:
            case PhraseKind::Count:
            case PhraseKind::Place:
                if (phrase.link == Link::Attributive) {
                    break;
                }
                return false;
            case PhraseKind::Comma:
                if (m_phrases[i - 1].link != Link::End) {
                    break;
                }
                return false;
            default:
                return false;
            }
        }
        return false;
    }

    /// Whether a material stands for a thing here: 木 in 木の写真 or 木が, but not in 木の箱.
    [[nodiscard]] bool isThing(std::size_t at) const
    {
        const Phrase& phrase = m_phrases[at];
        if (phrase.link == Link::Topic || phrase.link == Link::Complement ||
            phrase.link == Link::Oblique || at + 1 == m_phrases.size()) {
            return true;
        }
        const Phrase& next = m_phrases[at + 1];
        if (phrase.link == Link::And) {
            return !(next.kind == PhraseKind::Quality && next.isNoun &&
                     (next.link == Link::Attributive || next.link == Link::And) &&
                     !isThing(at + 1));
        }
        return next.kind == PhraseKind::Vague || next.kind == PhraseKind::Place ||
               next.kind == PhraseKind::Stop || next.kind == PhraseKind::And ||
               next.kind == PhraseKind::Comma ||
               (next.kind == PhraseKind::Quality && next.isMaterial && isThing(at + 1));
    }

    void takeThing(const Phrase& phrase)
    {
        if (phrase.isNegated) {
            if (phrase.isClauseEnd) { // 傷や汚れはありません: neither
                dropJoined();
            }
            m_pending.clear();
            m_joined = 0;
            return;
        }
        addObject(phrase);
        m_joined = phrase.link == Link::And ? m_joined + 1 : 0;
        if (phrase.link == Link::Topic) {
            m_subject = m_last;
            m_relativeSubject = m_last;
        }
        m_complement = phrase.link == Link::Complement;
    }

    void dropJoined()
    {
        for (; m_joined > 0 && m_last; --m_joined) {
            const std::size_t dropped = *m_last;
            auto& tags = m_parsed.tags;
            tags.erase(std::remove_if(tags.begin() + std::ptrdiff_t(dropped), tags.end(),
                                      [dropped](const ParsedTag& tag) {
                                          return !tag.owner || *tag.owner == dropped;
                                      }),
                       tags.end());
            m_last.reset();
            for (std::size_t i = tags.size(); i > 0 && !m_last; --i) {
                if (tags[i - 1].kind == TagKind::Object) {
                    m_last = i - 1;
                }
            }
        }
        m_subject.reset();
    }

    void takeQuality(const Phrase& phrase)
    {
        if (phrase.isMaterial && isThing(m_at)) {
            takeThing(phrase);
            return;
        }
        if (phrase.isNegated || phrase.link == Link::Oblique || phrase.link == Link::Complement ||
            (phrase.isNoun && phrase.link == Link::Topic)) {
            return;
        }
        if (phrase.link != Link::End && thingAhead() && !isPredicateBefore(phrase)) {
            m_pending.push_back(m_at);
        } else if (m_subject) {
            addAttribute(phrase, *m_subject, kLikely);
        } else if (m_last && phrase.isNoun && phrase.link != Link::Attributive) {
            addAttribute(phrase, *m_last, kLikely); // ワンピース 赤
        }
    }

    /// りんごは赤く、箱は青い: the comma ends what is said of the first.
    [[nodiscard]] bool isPredicateBefore(const Phrase& phrase) const
    {
        return m_subject && phrase.link == Link::And && m_at + 1 < m_phrases.size() &&
               m_phrases[m_at + 1].kind == PhraseKind::Comma;
    }

    void takeVerb(const Phrase& phrase)
    {
        const bool isRelation = m_complement; // 帽子をかぶった
        m_complement = false;
        if (isRelation || phrase.isNegated || isExistence(phrase.lemma) ||
            phrase.link == Link::Oblique) {
            m_relativeSubject.reset();
            return;
        }
        if (m_relativeSubject) { // 葉が落ちた木, 犬が走っている
            addAttribute(phrase, *m_relativeSubject, kLikely);
            m_relativeSubject.reset();
        } else if (phrase.link != Link::End && thingAhead()) {
            m_pending.push_back(m_at);
        } else if (m_subject) {
            addAttribute(phrase, *m_subject, kLikely);
        }
    }

    void takeCount(const Phrase& phrase)
    {
        if (phrase.link == Link::Attributive && thingAhead()) {
            m_pending.push_back(m_at);
        } else if (m_last && phrase.link != Link::Attributive) { // りんご3個, 猫が二匹
            addAttribute(phrase, *m_last, kSure);
        }
    }

    /// 左の箱; but テーブルの上の猫 tells of a relation.
    void takePlace(const Phrase& phrase)
    {
        const bool isRelation =
            m_at > 0 && m_phrases[m_at - 1].link == Link::Attributive &&
            (m_phrases[m_at - 1].kind == PhraseKind::Thing || m_phrases[m_at - 1].isMaterial);
        if (!isRelation && phrase.link == Link::Attributive && thingAhead()) {
            m_pending.push_back(m_at);
        }
    }

    void addObject(const Phrase& phrase)
    {
        m_parsed.tags.push_back({TagKind::Object, phrase.lemma, phrase.lemma, phrase.span,
                                 std::nullopt, phrase.isCompound ? kLikely : kSure});
        m_last = m_parsed.tags.size() - 1;
        for (const std::size_t modifier : m_pending) {
            const Phrase& quality = m_phrases[modifier];
            addAttribute(quality, *m_last, quality.kind == PhraseKind::Verb ? kLikely : kSure);
        }
        m_pending.clear();
        m_relativeSubject.reset();
    }

    void addAttribute(const Phrase& phrase, std::size_t owner, float confidence)
    {
        const std::string lemma = phrase.isNoun ? colourForm(phrase.lemma) : phrase.lemma;
        m_parsed.tags.push_back(
            {TagKind::Attribute, lemma, phrase.display, phrase.span, owner, confidence});
    }

    std::vector<Phrase> m_phrases;
    ParsedCaption m_parsed;
    std::size_t m_at = 0;
    std::vector<std::size_t> m_pending;           ///< modifiers waiting for their thing
    std::optional<std::size_t> m_subject;         ///< what は or が stands after
    std::optional<std::size_t> m_relativeSubject; ///< the same, with no thing since
    std::optional<std::size_t> m_last;            ///< latest object
    std::size_t m_joined = 0;  ///< objects in a row that や or と joins to the next
    bool m_complement = false; ///< を stands before
};

} // namespace

ParsedCaption JapaneseCaptionParser::parse(std::string_view caption) const
{
    return PhraseCollector(readPhrases(m_reader.read(caption))).collect();
}

} // namespace tagalign::model::tags
