#pragma once

#include "model/tags/learned/CaptionGrammar.h"
#include "model/tags/learned/LabelledCaption.h"

#include <random>

namespace tagalign::model::tags {

/// Writes labelled captions by a grammar: kinds of text that annotated captions of photographs
/// lack. The same seed gives the same captions.
class CaptionGenerator
{
public:
    /// @param wordNet outlives this. @throws Error, FormatError as CaptionGrammar's.
    CaptionGenerator(const std::filesystem::path& grammar, const WordNet& wordNet,
                     std::uint64_t seed);

    [[nodiscard]] LabelledCaption next();

private:
    struct Piece
    {
        std::string text;
        WordLabel label = WordLabel::None;
        std::optional<std::size_t> owner; ///< index into the pieces
    };

    using Pieces = std::vector<Piece>;
    struct Expansion;

    [[nodiscard]] Expansion expand(const std::string& rule);
    [[nodiscard]] std::vector<std::string> plainWords(const GrammarToken& token);
    [[nodiscard]] std::string production(const std::string& rule);
    [[nodiscard]] const std::string& pick(const std::vector<std::string>& from);
    [[nodiscard]] std::string inventedName();
    [[nodiscard]] std::string inventedCode();
    [[nodiscard]] LabelledCaption labelled(const Pieces& pieces) const;

    const WordNet& m_wordNet;
    CaptionGrammar m_grammar;
    std::mt19937_64 m_random;
};

} // namespace tagalign::model::tags
