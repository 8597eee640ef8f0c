#include "model/tags/japanese/JapanesePredicates.h"

#include "model/tags/japanese/JapaneseLexicon.h"

namespace tagalign::model::tags {

void PredicateReader::readAdjective()
{
    const std::size_t begin = m_at;
    const Morpheme& word = m_words[m_at++];
    if (word.base == "ない" || word.base == "無い" || word.detail == "接尾" ||
        word.detail == "非自立") {
        if (!m_phrases.empty() && (word.base == "ない" || word.base == "無い")) {
            negateLast();
        }
        skipInflection();
        return;
    }
    if (isPart("名詞") && m_words[m_at].detail == "接尾" && isWord({"さ", "み"})) {
        ++m_at; // 赤さ: no quality of a thing
        return;
    }
    Link link = Link::Attributive;
    const bool isNegated = isBase({"ない", "無い"}) && has();
    if (!isNegated && word.form.starts_with("連用テ")) {
        link = isWord({"て"}) || !(isPart("動詞") || isPart("形容詞")) ? Link::And : Link::Oblique;
    }
    add(PhraseKind::Quality, begin, begin + 1, link);
    Phrase& phrase = m_phrases.back();
    phrase.lemma = word.base;
    phrase.display = word.form.starts_with("連用") ? word.base : word.surface;
    phrase.isNegated = isNegated;
    skipInflection();
    if (link == Link::Attributive && endedPolitely()) {
        m_phrases.back().link = Link::End;
    }
}

void PredicateReader::readVerbFrom(std::size_t begin)
{
    const std::size_t head = m_at;
    ++m_at;
    const std::size_t tail = m_at;
    bool isNegated = false;
    while (isPart("助動詞") || isAuxiliaryVerb() || (isPart("助詞") && isWord({"て", "で"}))) {
        isNegated |= isBase({"ない", "ぬ", "ん", "まい", "ず"}) && isPart("助動詞");
        ++m_at;
    }
    if (isExistence(m_words[head].base) && begin == head) {
        addExistence(isNegated);
        return;
    }
    addVerb(begin, head, tail, isNegated);
}

void PredicateReader::negateLast()
{
    const std::size_t count = m_phrases.size();
    if (count > 1 && m_phrases[count - 1].kind == PhraseKind::Count) { // 傷一つない
        m_phrases.pop_back();
    }
    Phrase& last = m_phrases.back();
    const bool stands = last.kind == PhraseKind::Thing || last.kind == PhraseKind::Quality ||
                        last.kind == PhraseKind::Vague;
    if (stands) {
        last.isNegated = true;
        last.isClauseEnd = !isWord({"の"});
    }
    if (isWord({"の"})) {
        ++m_at;
    }
}

bool PredicateReader::isAuxiliaryVerb() const
{
    return isPart("動詞") && (m_words[m_at].detail == "接尾" || (m_words[m_at].detail == "非自立" &&
                                                                 m_words[m_at - 1].part == "助詞"));
}

void PredicateReader::addExistence(bool isNegated)
{
    if (isNegated && !m_phrases.empty()) {
        Phrase& last = m_phrases.back();
        last.isNegated = true;
        last.isClauseEnd = !startsNominal();
    } else if (endedPolitely()) {
        m_phrases.push_back({.kind = PhraseKind::Stop});
    }
}

void PredicateReader::addVerb(std::size_t begin, std::size_t head, std::size_t tail, bool isNegated)
{
    const Morpheme& last = m_words[m_at - 1];
    const bool isPlain = last.form == "基本形" && !endedPolitely();
    const bool isTe = last.part == "助詞";
    add(PhraseKind::Verb, begin, m_at,
        endedPolitely() ? Link::End
        : isPlain       ? Link::Attributive
        : isTe          ? Link::And
                        : Link::Oblique);
    Phrase& phrase = m_phrases.back();
    const bool isPassive =
        tail < m_at && m_words[tail].part == "動詞" && m_words[tail].detail == "接尾";
    phrase.lemma = joined(begin, head) +
                   (isPassive ? m_words[head].surface + m_words[tail].base : m_words[head].base);
    phrase.display = plainForm(begin, tail + (isPassive ? 1 : 0));
    phrase.isNegated = isNegated;
}

std::string PredicateReader::plainForm(std::size_t begin, std::size_t tail) const
{
    std::string text = joined(begin, tail);
    for (std::size_t i = tail; i < m_at; ++i) {
        const Morpheme& word = m_words[i];
        if (word.base == "ます") {
            text = joined(begin, i - 1) + m_words[i - 1].base;
            continue;
        }
        text += word.surface;
    }
    return m_words[m_at - 1].part == "助詞" ? text + "いる" : text;
}

} // namespace tagalign::model::tags
