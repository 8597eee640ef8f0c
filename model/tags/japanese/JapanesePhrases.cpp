#include "model/tags/japanese/JapanesePhrases.h"

#include "model/tags/japanese/JapaneseLexicon.h"
#include "model/tags/japanese/JapaneseNominals.h"

#include <algorithm>
#include <cctype>

namespace tagalign::model::tags {

namespace {

/// Walks over the morphemes of one caption and gathers phrases.
class PhraseReader : public NominalReader
{
public:
    using NominalReader::NominalReader;

    std::vector<Phrase> read()
    {
        while (m_at < m_words.size()) {
            step();
        }
        return std::move(m_phrases);
    }

private:
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
            readVerbFrom(m_at);
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
        const std::size_t bytes = salesTalkAt(m_at);
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
};

} // namespace

std::vector<Phrase> readPhrases(const std::vector<Morpheme>& morphemes)
{
    return PhraseReader(morphemes).read();
}

} // namespace tagalign::model::tags
