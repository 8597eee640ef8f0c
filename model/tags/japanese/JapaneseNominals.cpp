#include "model/tags/japanese/JapaneseNominals.h"

#include "model/tags/japanese/JapaneseLexicon.h"

#include <algorithm>

namespace tagalign::model::tags {

void NominalReader::readNominal()
{
    if (isNumber()) {
        readNumber();
        return;
    }
    std::size_t end = m_at + 1;
    while (end < m_words.size() && !m_words[end].afterSpace && continuesNoun(end)) {
        ++end;
    }
    if (joinsPerson(end)) {
        end += 2;
    }
    const std::size_t begin = m_at;
    m_at = end;
    if (m_words[end - 1].detail == "サ変接続" && isBase({"する"})) {
        readVerbFrom(begin);
    } else {
        addNoun(begin, end);
    }
}

bool NominalReader::isNumber(std::size_t ahead) const
{
    return isPart("名詞", ahead) && (m_words[m_at + ahead].detail == "数" ||
                                     numberOf(m_words[m_at + ahead].surface).has_value());
}

bool NominalReader::continuesNoun(std::size_t i) const
{
    return (m_words[i].part == "名詞" && m_words[i].detail != "数" &&
            m_words[i].detail != "非自立" && !numberOf(m_words[i].surface) &&
            salesTalkAt(i) == 0) ||
           (m_words[i].part == "接頭詞" && i + 1 < m_words.size() &&
            m_words[i + 1].part == "名詞" && m_words[i].detail != "数接続") ||
           isStem(i - m_at);
}

bool NominalReader::joinsPerson(std::size_t end) const
{
    const std::string& word = m_words[m_at].surface;
    return end == m_at + 1 && (word == "男" || word == "女") && end + 1 < m_words.size() &&
           m_words[end].surface == "の" &&
           (m_words[end + 1].surface == "人" || m_words[end + 1].surface == "子");
}

void NominalReader::readNumber()
{
    const std::size_t begin = m_at;
    std::string digits;
    while (isPart("名詞") && m_words[m_at].detail == "数") {
        digits += m_words[m_at++].surface;
    }
    if (m_at == begin) {
        digits = m_words[m_at++].surface; // 二つ
    } else if (isCountersTurn()) {
        ++m_at;
    } else { // 30cm, 5年, 4K
        const bool isUnit =
            isPart("名詞") && (m_words[m_at].detail == "接尾" || m_words[m_at].surface.size() <= 2);
        m_at += isUnit ? 1 : 0;
        return;
    }
    const auto number = numberOf(digits);
    if (isPart("名詞") && isWord({"目", "組", "入り", "セット", "用", "分"})) {
        ++m_at; // 二つ目, 三つ組, 6個入り: no count of things
    } else if (number) {
        const std::size_t end = m_at;
        add(PhraseKind::Count, begin, end, readLink());
        m_phrases.back().lemma = *number;
        extendOver("の");
    }
}

bool NominalReader::isCountersTurn() const
{
    return isPart("名詞") && !m_words[m_at].afterSpace && isCounter(m_words[m_at].surface);
}

void NominalReader::addNoun(std::size_t begin, std::size_t end)
{
    while (end - begin > 1) {
        const std::size_t length = leadingModifier(begin, end);
        if (length == 0) {
            break;
        }
        addQualityNoun(begin, begin + length, Link::Attributive);
        begin += length;
    }
    end = withoutVague(begin, end);
    addLastNoun(begin, end);
}

std::size_t NominalReader::leadingModifier(std::size_t begin, std::size_t end) const
{
    for (std::size_t length = std::min<std::size_t>(end - begin - 1, 3); length > 0; --length) {
        const std::string text = joined(begin, begin + length);
        const NounClass kind = nounClass(text);
        const bool isSuffixed = length > 1 && isQualitySuffix(m_words[begin + length - 1].surface);
        const bool isModifier =
            (kind == NounClass::Look || kind == NounClass::Material) && !needsParticle(text);
        if ((isModifier || isSuffixed) && !isQualitySuffix(m_words[begin + length].surface) &&
            nounClass(joined(begin, begin + length + 1)) != NounClass::Look) {
            return length;
        }
    }
    return 0;
}

bool NominalReader::isUnderWay(std::size_t end) const
{
    return m_words[end - 1].surface == "中" && m_words[end - 2].detail == "サ変接続";
}

std::size_t NominalReader::withoutVague(std::size_t begin, std::size_t end) const
{
    static const Words pictures{"写真", "画像", "イメージ", "商品", "セット"};
    static const Words places{"上", "下", "内", "前", "際", "横", "側", "間"};
    const auto isVague = [&](const Morpheme& word) {
        return pictures.contains(word.surface) ||
               (word.detail == "接尾" && places.contains(word.surface));
    };
    while (end - begin > 1 && nounClass(joined(begin, end)) == NounClass::Thing &&
           isVague(m_words[end - 1])) {
        --end;
    }
    return end;
}

void NominalReader::addLastNoun(std::size_t begin, std::size_t end)
{
    const std::string text = joined(begin, end);
    const Morpheme& last = m_words[end - 1];
    const NounClass kind = nounClass(text);
    const bool isSuffixed = end - begin > 1 && (isQualitySuffix(last.surface) || isUnderWay(end));
    const bool isStemOfNa = last.detail == "形容動詞語幹" || isAdjectival(text);
    if ((isWord({"な"}) && isPart("助動詞")) || (isStemOfNa && !isWord({"の"}))) {
        addAdjectivalNoun(begin, end);
    } else if (kind == NounClass::Place) {
        add(PhraseKind::Place, begin, end, readLink());
        extendOver("の");
    } else if (kind == NounClass::Vague || isDependent(begin, end)) {
        add(PhraseKind::Vague, begin, end, readLink());
    } else if (kind == NounClass::Look || kind == NounClass::Material || isSuffixed) {
        const bool isJoined = kind == NounClass::Look && isWord({"で"}); // カラフルで丸い
        const Link link = readLink();
        addQualityNoun(begin, end, isJoined && link == Link::Oblique ? Link::And : link);
    } else {
        addThing(begin, end);
    }
}

bool NominalReader::isDependent(std::size_t begin, std::size_t end) const
{
    static const Words kinds{"非自立", "代名詞", "副詞可能", "特殊", "接続詞的", "引用文字列"};
    const Morpheme& word = m_words[begin];
    const bool isName =
        word.detail == "固有名詞" && word.detail2 != "一般" && isWrittenInKanji(word.surface);
    return end - begin == 1 && (kinds.contains(word.detail) || isName);
}

bool NominalReader::isWrittenInKanji(std::string_view word)
{
    return word.size() >= 3 && static_cast<unsigned char>(word[0]) >= 0xE4;
}

void NominalReader::addAdjectivalNoun(std::size_t begin, std::size_t end)
{
    Link link = Link::Attributive;
    if (isWord({"な"})) {
        ++m_at;
    } else if (isWord({"で"}) || isWord({"だっ"})) {
        link = Link::And;
        ++m_at;
    } else {
        link = readLink();
    }
    add(PhraseKind::Quality, begin, end, link);
    Phrase& phrase = m_phrases.back();
    phrase.lemma = colourForm(phrase.lemma);
    phrase.isNegated = readNegation();
    if (link == Link::Attributive && begin < m_at && m_words[m_at - 1].surface == "な") {
        extendOver("な");
    } else {
        phrase.display += "な";
    }
}

void NominalReader::addQualityNoun(std::size_t begin, std::size_t end, Link link)
{
    add(PhraseKind::Quality, begin, end, link);
    Phrase& phrase = m_phrases.back();
    phrase.isNoun = true;
    phrase.isMaterial = nounClass(phrase.lemma) == NounClass::Material;
    phrase.isNegated = link != Link::None && readNegation();
    if (link == Link::And && isBase({"ある"})) { // 赤である
        phrase.link = Link::End;
    }
    extendOver(isAdjectival(phrase.lemma) ? "な" : "の");
}

void NominalReader::addThing(std::size_t begin, std::size_t end)
{
    const std::string text = joined(begin, end);
    const bool joinsBy = isWord({"の", "が"});
    if (isFeature(text) && joinsBy && isBase({"ある", "つく", "付く", "入る"}, 1) &&
        isPart("動詞", 1)) {
        readFeature(begin, end);
        return;
    }
    add(PhraseKind::Thing, begin, end, Link::None);
    const std::size_t place = m_phrases.size() - 1;
    dropPlace(m_phrases[place]);
    if (joinsBy && isBase({"ない", "無い"}, 1)) { // ラベルのない瓶
        m_phrases[place].link = Link::Attributive;
        m_phrases[place].isNegated = true;
        m_at += 2;
        skipInflection();
        m_phrases[place].isClauseEnd = !isPart("名詞");
        return;
    }
    m_phrases[place].link = readLink();
    m_phrases[place].isNegated = readNegation();
    m_phrases[place].isClauseEnd = m_phrases[place].isNegated && !startsNominal();
}

void NominalReader::dropPlace(Phrase& phrase)
{
    for (const std::string_view ending : {"の下", "の上", "の中", "の前"}) {
        if (phrase.lemma.size() > ending.size() && phrase.lemma.ends_with(ending)) {
            phrase.lemma.resize(phrase.lemma.size() - ending.size());
            phrase.span.length -= std::min(phrase.span.length, ending.size());
        }
    }
}

void NominalReader::readFeature(std::size_t begin, std::size_t end)
{
    const std::size_t verb = m_at + 1;
    m_at += 2;
    const bool isPast = isWord({"た"});
    m_at += isPast ? 1 : 0;
    const bool isBeforeNoun =
        startsNominal() || isPart("形容詞") || isPart("動詞") || isPart("連体詞");
    if (!isBeforeNoun) { // 皿に傷があります: a thing that is there
        m_at = verb - 1;
        add(PhraseKind::Thing, begin, end, readLink());
        m_phrases.back().isNegated = readNegation();
        m_phrases.back().isClauseEnd = m_phrases.back().isNegated;
        return;
    }
    add(PhraseKind::Quality, begin, end, Link::Attributive);
    Phrase& phrase = m_phrases.back();
    phrase.lemma = joined(begin, end) + "のある";
    phrase.display = joined(begin, m_at);
    phrase.span.length =
        m_words[m_at - 1].span.start + m_words[m_at - 1].span.length - phrase.span.start;
}

} // namespace tagalign::model::tags
