#include "model/tags/japanese/JapanesePhraseBuilder.h"

#include "model/tags/japanese/JapaneseLexicon.h"

#include <algorithm>

namespace tagalign::model::tags {

namespace {

constexpr std::size_t kLongestSalesTalk = 12; ///< morphemes

} // namespace

bool PhraseBuilder::has(std::size_t ahead) const
{
    return m_at + ahead < m_words.size();
}

bool PhraseBuilder::isPart(std::string_view part, std::size_t ahead) const
{
    return has(ahead) && m_words[m_at + ahead].part == part;
}

bool PhraseBuilder::isWord(const Words& surfaces, std::size_t ahead) const
{
    return has(ahead) && surfaces.contains(m_words[m_at + ahead].surface);
}

bool PhraseBuilder::isBase(const Words& bases, std::size_t ahead) const
{
    return has(ahead) && bases.contains(m_words[m_at + ahead].base);
}

bool PhraseBuilder::isStem(std::size_t ahead) const
{
    return isPart("動詞", ahead) && m_words[m_at + ahead].form == "連用形" &&
           isPart("名詞", ahead + 1) && !m_words[m_at + ahead + 1].afterSpace &&
           m_words[m_at + ahead + 1].detail != "非自立" &&
           m_words[m_at + ahead + 1].detail != "数" && m_words[m_at + ahead].base != "する" &&
           !isExistence(m_words[m_at + ahead].base);
}

bool PhraseBuilder::startsNominal() const
{
    return isPart("名詞") || isStem(0) || (isPart("接頭詞") && isPart("名詞", 1));
}

std::size_t PhraseBuilder::salesTalkAt(std::size_t i) const
{
    return salesTalk(joined(i, std::min(i + kLongestSalesTalk, m_words.size())));
}

std::string PhraseBuilder::joined(std::size_t begin, std::size_t end) const
{
    std::string text;
    for (std::size_t i = begin; i < end; ++i) {
        text += m_words[i].surface;
    }
    return text;
}

Link PhraseBuilder::readLink()
{
    Link link = Link::None;
    while (isPart("助詞") && !isWord({"ので", "から", "て"})) {
        const bool isList = isWord({"も"}) && isPart("名詞", 1); // 犬も猫もいません
        link = isList ? Link::And : linkOf(m_words[m_at].surface);
        ++m_at;
    }
    if (isPart("助詞")) {
        ++m_at;
        return isWord({"の"}) && ++m_at > 0 ? Link::Attributive : Link::Oblique;
    }
    if (isPart("助動詞") && isBase({"だ", "です"}) && !isWord({"な"})) {
        link = isWord({"で"}) ? Link::And : Link::End;
        ++m_at;
    }
    return link;
}

Link PhraseBuilder::linkOf(const std::string& particle)
{
    static const Words ands{"と", "や", "か", "とか", "やら"};
    static const Words topics{"は", "が", "も"};
    return particle == "の"            ? Link::Attributive
           : particle == "を"          ? Link::Complement
           : ands.contains(particle)   ? Link::And
           : topics.contains(particle) ? Link::Topic
                                       : Link::Oblique;
}

bool PhraseBuilder::readNegation()
{
    const std::size_t begin = m_at;
    while (isPart("助詞") && isWord({"は", "も"})) {
        ++m_at;
    }
    const std::size_t verb = isPart("動詞") && isExistence(m_words[m_at].base) ? 1 : 0;
    std::size_t end = m_at + verb;
    while (verb == 1 && end < m_words.size() && m_words[end].base == "ます") {
        ++end;
    }
    static const Words negations{"ない", "無い", "ぬ", "ん", "なし", "無し"};
    if (end < m_words.size() && (verb == 0 || m_words[end].part == "助動詞") &&
        negations.contains(m_words[end].base)) {
        m_at = end + 1;
        skipInflection();
        if (isPart("助詞") && isWord({"の"})) {
            ++m_at;
        }
        return true;
    }
    m_at = begin;
    return false;
}

void PhraseBuilder::skipInflection()
{
    while (isPart("助動詞") || (isPart("助詞") && isWord({"て", "で", "ので", "し"})) ||
           (isPart("動詞") && m_words[m_at].detail == "非自立" && m_at > 0 &&
            m_words[m_at - 1].part == "助詞")) {
        ++m_at;
    }
}

bool PhraseBuilder::endedPolitely() const
{
    static const Words polite{"です", "ます", "だ", "ん"};
    const bool isPast =
        m_at > 1 && m_words[m_at - 1].surface == "だ" && m_words[m_at - 2].part == "動詞"; // 凹んだ
    return m_at > 0 && !isPast && polite.contains(m_words[m_at - 1].base);
}

void PhraseBuilder::add(PhraseKind kind, std::size_t begin, std::size_t end, Link link)
{
    const std::string text = joined(begin, end);
    const std::size_t start = m_words[begin].span.start;
    const Span& last = m_words[end - 1].span;
    m_phrases.push_back({.kind = kind,
                         .link = link,
                         .lemma = text,
                         .display = text,
                         .span = {start, last.start + last.length - start},
                         .isCompound = end - begin > 1});
}

void PhraseBuilder::extendOver(const std::string& particle)
{
    m_phrases.back().display += particle;
}

} // namespace tagalign::model::tags
