#pragma once

#include "model/tags/learned/LabelledCaption.h"
#include "model/tags/learned/ParserVocabulary.h"

namespace tagalign::model::tags {

/// How a phrase may match words, the surest first.
enum class Match {
    Exact,   ///< the same words, or a number's digit
    Letters, ///< but for blanks, hyphens and the plural: "cell phone" and "cellphone"
    Form,    ///< by a learned form
    Similar  ///< a shared stem or a misspelling: "wood" and "wooden", "raquet" and "racket"
};

/// A run of a caption's words.
struct Run
{
    std::size_t begin = 0;
    std::size_t end = 0;
};

[[nodiscard]] std::string phraseOf(const std::vector<CaptionWord>& words, Run run);

/// Finds phrases among a caption's words that have no label yet, and labels them.
class CaptionLabeller
{
public:
    /// Both outlive this.
    CaptionLabeller(LabelledCaption& caption, const WordNet& wordNet)
        : m_caption(caption),
          m_wordNet(wordNet)
    {
    }

    /// Runs of unlabelled words that the phrase may have been read from.
    [[nodiscard]] std::vector<Run> runsOf(const std::string& phrase, Match match,
                                          const ParserVocabulary::Forms& forms) const;

    void mark(Run run, WordLabel begin, std::optional<std::size_t> owner = std::nullopt);

    /// Marks nouns that a negation denies and nobody annotated.
    void markAbsences();

private:
    [[nodiscard]] bool isFree(std::size_t word) const;
    [[nodiscard]] bool isMatch(Run run, const std::string& phrase, Match match,
                               const ParserVocabulary::Forms& forms) const;
    [[nodiscard]] bool hasSameBase(Run run, const std::string& phrase) const;
    [[nodiscard]] std::size_t deniedEnd(std::size_t begin) const;

    LabelledCaption& m_caption;
    const WordNet& m_wordNet;
};

} // namespace tagalign::model::tags
