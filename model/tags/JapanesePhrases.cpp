#include "model/tags/JapanesePhrases.h"

#include "model/tags/JapaneseLexicon.h"

#include <algorithm>
#include <unordered_set>

namespace tagalign::model::tags {

namespace {

using Words = std::unordered_set<std::string_view>;

constexpr std::size_t kLongestSalesTalk = 12; ///< morphemes

/// Walks over the morphemes of one caption and gathers phrases.
class PhraseReader
{
public:
    explicit PhraseReader(const std::vector<Morpheme>& morphemes)
        : m_words(morphemes)
    {
    }

    std::vector<Phrase> read()
    {
        while (m_at < m_words.size()) {
            step();
        }
        return std::move(m_phrases);
    }

private:
    [[nodiscard]] bool has(std::size_t ahead = 0) const { return m_at + ahead < m_words.size(); }

    [[nodiscard]] bool isPart(std::string_view part, std::size_t ahead = 0) const
    {
        return has(ahead) && m_words[m_at + ahead].part == part;
    }

    [[nodiscard]] bool isWord(const Words& surfaces, std::size_t ahead = 0) const
    {
        return has(ahead) && surfaces.contains(m_words[m_at + ahead].surface);
    }

    [[nodiscard]] bool isBase(const Words& bases, std::size_t ahead = 0) const
    {
        return has(ahead) && bases.contains(m_words[m_at + ahead].base);
    }

    void step()
    {
        if (skipSalesTalk() || skipCode()) {
            return;
        }
        const Morpheme& word = m_words[m_at];
        if (startsNominal()) {
            readNominal();
        } else if (word.part == "形容詞") {
            readAdjective();
        } else if (word.part == "動詞") {
            readVerb();
        } else if (word.part == "連体詞" && word.surface.size() > 6) { // 大きな, not その
            add(PhraseKind::Quality, m_at, m_at + 1, Link::Attributive);
            m_phrases.back().lemma = colourForm(word.surface);
            ++m_at;
        } else {
            readOther(word);
        }
    }

    void readOther(const Morpheme& word)
    {
        static const Words ands{"及び", "および", "または", "・", "&", "＆", "+", "そして", "/"};
        static const Words commas{"、", ",", "，"};
        if (ands.contains(word.surface)) {
            m_phrases.push_back({.kind = PhraseKind::And});
        } else if (commas.contains(word.surface)) {
            m_phrases.push_back({.kind = PhraseKind::Comma});
        } else if (word.part == "記号" || word.part == "接続詞" || word.part == "感動詞") {
            m_phrases.push_back({.kind = PhraseKind::Stop});
        }
        ++m_at;
    }

    bool skipSalesTalk()
    {
        std::string text;
        const std::size_t end = std::min(m_words.size(), m_at + kLongestSalesTalk);
        for (std::size_t i = m_at; i < end; ++i) {
            text += m_words[i].surface;
        }
        const std::size_t bytes = salesTalk(text);
        for (std::size_t read = 0; read < bytes && has(); ++m_at) {
            read += m_words[m_at].surface.size();
        }
        if (bytes > 0) {
            m_phrases.push_back({.kind = PhraseKind::Stop});
        }
        return bytes > 0;
    }

    /// Words of nothing but ASCII are brands, sizes and article numbers: "SONY", "30cm", "D-750".
    bool skipCode()
    {
        const auto isAscii = [this](std::size_t i) {
            const std::string& text = m_words[i].surface;
            return std::all_of(text.begin(), text.end(),
                               [](unsigned char c) { return c < 0x80 && c != ',' && c != '&'; });
        };
        std::size_t end = m_at;
        bool hasLetter = false;
        while (end < m_words.size() && isAscii(end) && (end == m_at || !m_words[end].afterSpace)) {
            hasLetter |= std::isalpha(static_cast<unsigned char>(m_words[end].surface[0])) != 0;
            ++end;
        }
        const bool goesOn = end < m_words.size() && m_words[end].part == "名詞" &&
                            !m_words[end].afterSpace; // USBケーブル
        if (end == m_at || !hasLetter || goesOn) {
            return false;
        }
        m_at = end;
        return true;
    }

    /// A verb's stem before a noun makes a compound: 折り紙, 焼き魚.
    [[nodiscard]] bool isStem(std::size_t ahead) const
    {
        return isPart("動詞", ahead) && m_words[m_at + ahead].form == "連用形" &&
               isPart("名詞", ahead + 1) && !m_words[m_at + ahead + 1].afterSpace &&
               m_words[m_at + ahead + 1].detail != "非自立" &&
               m_words[m_at + ahead + 1].detail != "数" && m_words[m_at + ahead].base != "する" &&
               !isExistence(m_words[m_at + ahead].base);
    }

    [[nodiscard]] bool startsNominal() const
    {
        return isPart("名詞") || isStem(0) || (isPart("接頭詞") && isPart("名詞", 1));
    }

    [[nodiscard]] bool isNumber(std::size_t ahead = 0) const
    {
        return isPart("名詞", ahead) && (m_words[m_at + ahead].detail == "数" ||
                                         numberOf(m_words[m_at + ahead].surface).has_value());
    }

    // --- nouns ---------------------------------------------------------------------------------

    void readNominal()
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

    [[nodiscard]] bool continuesNoun(std::size_t i) const
    {
        return (m_words[i].part == "名詞" && m_words[i].detail != "数" &&
                m_words[i].detail != "非自立" && !numberOf(m_words[i].surface) &&
                !startsSalesTalk(i)) ||
               (m_words[i].part == "接頭詞" && i + 1 < m_words.size() &&
                m_words[i + 1].part == "名詞" && m_words[i].detail != "数接続") ||
               isStem(i - m_at);
    }

    [[nodiscard]] bool startsSalesTalk(std::size_t i) const
    {
        std::string text;
        for (std::size_t k = i; k < std::min(i + kLongestSalesTalk, m_words.size()); ++k) {
            text += m_words[k].surface;
        }
        return salesTalk(text) > 0;
    }

    /// 男の人, 女の子: one thing, whatever the dictionary splits.
    [[nodiscard]] bool joinsPerson(std::size_t end) const
    {
        const std::string& word = m_words[m_at].surface;
        return end == m_at + 1 && (word == "男" || word == "女") && end + 1 < m_words.size() &&
               m_words[end].surface == "の" &&
               (m_words[end + 1].surface == "人" || m_words[end + 1].surface == "子");
    }

    void readNumber()
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
            const bool isUnit = isPart("名詞") && (m_words[m_at].detail == "接尾" ||
                                                   m_words[m_at].surface.size() <= 2);
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

    [[nodiscard]] bool isCountersTurn() const
    {
        return isPart("名詞") && !m_words[m_at].afterSpace && isCounter(m_words[m_at].surface);
    }

    [[nodiscard]] std::string joined(std::size_t begin, std::size_t end) const
    {
        std::string text;
        for (std::size_t i = begin; i < end; ++i) {
            text += m_words[i].surface;
        }
        return text;
    }

    /// Modifiers at the beginning (ステンレス鍋, 花柄ワンピース) become phrases of their own.
    void addNoun(std::size_t begin, std::size_t end)
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

    /// How many morphemes at the beginning are a modifier; a noun must be left.
    [[nodiscard]] std::size_t leadingModifier(std::size_t begin, std::size_t end) const
    {
        for (std::size_t length = std::min<std::size_t>(end - begin - 1, 3); length > 0; --length) {
            const std::string text = joined(begin, begin + length);
            const NounClass kind = nounClass(text);
            const bool isSuffixed =
                length > 1 && isQualitySuffix(m_words[begin + length - 1].surface);
            const bool isModifier =
                (kind == NounClass::Look || kind == NounClass::Material) && !needsParticle(text);
            if ((isModifier || isSuffixed) && !isQualitySuffix(m_words[begin + length].surface) &&
                nounClass(joined(begin, begin + length + 1)) != NounClass::Look) {
                return length;
            }
        }
        return 0;
    }

    /// 食事中, 使用中
    [[nodiscard]] bool isUnderWay(std::size_t end) const
    {
        return m_words[end - 1].surface == "中" && m_words[end - 2].detail == "サ変接続";
    }

    /// りんごの写真, りんご写真: the photo goes, and 机上: the place.
    [[nodiscard]] std::size_t withoutVague(std::size_t begin, std::size_t end) const
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

    void addLastNoun(std::size_t begin, std::size_t end)
    {
        const std::string text = joined(begin, end);
        const Morpheme& last = m_words[end - 1];
        const NounClass kind = nounClass(text);
        const bool isSuffixed =
            end - begin > 1 && (isQualitySuffix(last.surface) || isUnderWay(end));
        if (isWord({"な"}) && isPart("助動詞")) {
            addAdjectivalNoun(begin, end);
        } else if ((last.detail == "形容動詞語幹" || isAdjectival(text)) && !isWord({"の"})) {
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

    /// もの, こと, とき, これ, 今日: nothing to be seen. Names of people and places are no tags.
    [[nodiscard]] bool isDependent(std::size_t begin, std::size_t end) const
    {
        static const Words kinds{"非自立", "代名詞", "副詞可能", "特殊", "接続詞的", "引用文字列"};
        const Morpheme& word = m_words[begin];
        const bool isName =
            word.detail == "固有名詞" && word.detail2 != "一般" && isWrittenInKanji(word.surface);
        return end - begin == 1 && (kinds.contains(word.detail) || isName);
    }

    [[nodiscard]] static bool isWrittenInKanji(std::string_view word)
    {
        return word.size() >= 3 && static_cast<unsigned char>(word[0]) >= 0xE4;
    }

    void addAdjectivalNoun(std::size_t begin, std::size_t end)
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

    void addQualityNoun(std::size_t begin, std::size_t end, Link link)
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

    void addThing(std::size_t begin, std::size_t end)
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

    /// The dictionary has 木の下 as one word.
    static void dropPlace(Phrase& phrase)
    {
        for (const std::string_view ending : {"の下", "の上", "の中", "の前"}) {
            if (phrase.lemma.size() > ending.size() && phrase.lemma.ends_with(ending)) {
                phrase.lemma.resize(phrase.lemma.size() - ending.size());
                phrase.span.length -= std::min(phrase.span.length, ending.size());
            }
        }
    }

    /// 傷のある皿, ひびが入った壁: the flaw is the other's attribute.
    void readFeature(std::size_t begin, std::size_t end)
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

    // --- adjectives and verbs ------------------------------------------------------------------

    void readAdjective()
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
            link =
                isWord({"て"}) || !(isPart("動詞") || isPart("形容詞")) ? Link::And : Link::Oblique;
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

    /// Auxiliaries, and て with what hangs on it.
    void skipInflection()
    {
        while (isPart("助動詞") || (isPart("助詞") && isWord({"て", "で", "ので", "し"})) ||
               (isPart("動詞") && m_words[m_at].detail == "非自立" && m_at > 0 &&
                m_words[m_at - 1].part == "助詞")) {
            ++m_at;
        }
    }

    [[nodiscard]] bool endedPolitely() const
    {
        static const Words polite{"です", "ます", "だ", "ん"};
        const bool isPast = m_at > 1 && m_words[m_at - 1].surface == "だ" &&
                            m_words[m_at - 2].part == "動詞"; // 凹んだ
        return m_at > 0 && !isPast && polite.contains(m_words[m_at - 1].base);
    }

    /// "猫 いない", "赤く ない", "なし" after a bare noun.
    void negateLast()
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

    void readVerb() { readVerbFrom(m_at); }

    /// @param begin of a noun before する (破損した), else of the verb.
    void readVerbFrom(std::size_t begin)
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

    [[nodiscard]] bool isAuxiliaryVerb() const
    {
        return isPart("動詞") &&
               (m_words[m_at].detail == "接尾" ||
                (m_words[m_at].detail == "非自立" && m_words[m_at - 1].part == "助詞"));
    }

    /// 犬がいない庭, 車はありません: what is not there.
    void addExistence(bool isNegated)
    {
        if (isNegated && !m_phrases.empty()) {
            Phrase& last = m_phrases.back();
            last.isNegated = true;
            last.isClauseEnd = !startsNominal();
        } else if (endedPolitely()) {
            m_phrases.push_back({.kind = PhraseKind::Stop});
        }
    }

    void addVerb(std::size_t begin, std::size_t head, std::size_t tail, bool isNegated)
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
        phrase.lemma = joined(begin, head) + (isPassive ? m_words[head].surface + m_words[tail].base
                                                        : m_words[head].base);
        phrase.display = plainForm(begin, tail + (isPassive ? 1 : 0));
        phrase.isNegated = isNegated;
    }

    /// 割れています -> 割れている: as it would stand before a noun.
    [[nodiscard]] std::string plainForm(std::size_t begin, std::size_t tail) const
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

    // --- particles -----------------------------------------------------------------------------

    /// Reads particles and です after a noun.
    Link readLink()
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

    [[nodiscard]] static Link linkOf(const std::string& particle)
    {
        static const Words ands{"と", "や", "か", "とか", "やら"};
        static const Words topics{"は", "が", "も"};
        return particle == "の"            ? Link::Attributive
               : particle == "を"          ? Link::Complement
               : ands.contains(particle)   ? Link::And
               : topics.contains(particle) ? Link::Topic
                                           : Link::Oblique;
    }

    /// ではない, じゃなく, はありません, なし.
    bool readNegation()
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

    // --- phrases -------------------------------------------------------------------------------

    void add(PhraseKind kind, std::size_t begin, std::size_t end, Link link)
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

    /// 木 -> 木の, as it stands before a noun.
    void extendOver(const std::string& particle) { m_phrases.back().display += particle; }

    const std::vector<Morpheme>& m_words;
    std::vector<Phrase> m_phrases;
    std::size_t m_at = 0;
};

} // namespace

std::vector<Phrase> readPhrases(const std::vector<Morpheme>& morphemes)
{
    return PhraseReader(morphemes).read();
}

} // namespace tagalign::model::tags
