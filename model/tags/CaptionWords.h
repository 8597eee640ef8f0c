#pragma once

#include "model/tags/CaptionParser.h"
#include "model/tags/WordNet.h"

#include <string>
#include <string_view>
#include <vector>

namespace tagalign::model::tags {

/// What a word does in a caption, as far as tags need to know.
enum class WordRole {
    Noun,
    Adjective,
    Participle, ///< -ed or irregular: "parked"
    Gerund,     ///< -ing: "sleeping"
    Verb,
    Be, ///< is, are, looks: what follows may describe the subject
    Adverb,
    Number,
    Determiner, ///< articles, possessives, "some"
    Negation,   ///< no, without
    And,
    Preposition,
    Other,
    Stop ///< punctuation that ends a clause
};

struct CaptionWord
{
    std::string text; ///< lower case
    Span span;        ///< in the caption's bytes
    WordRole role = WordRole::Other;
    std::string lemma; ///< base form for its role
};

/// Splits a caption: words in lower case with their spans, "'s" apart, punctuation that ends a
/// clause as WordRole::Stop. Markup, entities, emoji and other symbols are left out; so is what
/// follows the first 2,000 words.
[[nodiscard]] std::vector<CaptionWord> splitWords(std::string_view caption);

/// Finds each split word's role and base form by WordNet's frequencies and its neighbours.
void findRoles(std::vector<CaptionWord>& words, const WordNet& wordNet);

/// Both of these.
[[nodiscard]] std::vector<CaptionWord> readWords(std::string_view caption, const WordNet& wordNet);

} // namespace tagalign::model::tags
