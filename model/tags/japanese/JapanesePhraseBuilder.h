#pragma once

#include "model/tags/japanese/JapanesePhrases.h"

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace tagalign::model::tags {

/// The morphemes of one caption, where reading has come to, and the phrases so far; with the looks
/// ahead and the particles that nouns and predicates share. IPADIC's names of parts of speech.
class PhraseBuilder
{
public:
    explicit PhraseBuilder(const std::vector<Morpheme>& morphemes)
        : m_words(morphemes)
    {
    }

protected:
    using Words = std::unordered_set<std::string_view>;

    [[nodiscard]] bool has(std::size_t ahead = 0) const;
    [[nodiscard]] bool isPart(std::string_view part, std::size_t ahead = 0) const;
    [[nodiscard]] bool isWord(const Words& surfaces, std::size_t ahead = 0) const;
    [[nodiscard]] bool isBase(const Words& bases, std::size_t ahead = 0) const;
    /// A verb's stem before a noun makes a compound: 折り紙, 焼き魚.
    [[nodiscard]] bool isStem(std::size_t ahead) const;
    [[nodiscard]] bool startsNominal() const;
    [[nodiscard]] std::size_t salesTalkAt(std::size_t i) const; ///< bytes of it, from morpheme i on
    [[nodiscard]] std::string joined(std::size_t begin, std::size_t end) const;
    /// Reads particles and です after a noun.
    Link readLink();
    /// ではない, じゃなく, はありません, なし.
    bool readNegation();
    /// Auxiliaries, and て with what hangs on it.
    void skipInflection();
    [[nodiscard]] bool endedPolitely() const;
    void add(PhraseKind kind, std::size_t begin, std::size_t end, Link link);
    /// 木 -> 木の, as it stands before a noun.
    void extendOver(const std::string& particle);

    const std::vector<Morpheme>& m_words;
    std::vector<Phrase> m_phrases;
    std::size_t m_at = 0; ///< the morpheme to read next

private:
    [[nodiscard]] static Link linkOf(const std::string& particle);
};

} // namespace tagalign::model::tags
