#pragma once

#include "model/tags/japanese/JapaneseMorphemes.h"

#include <string>
#include <vector>

namespace tagalign::model::tags {

enum class PhraseKind {
    Thing,   ///< a noun or compound
    Quality, ///< an adjective, or a noun that says what another is like
    Verb,
    Count, ///< 二つ, 3個
    Place, ///< 左, 上
    Vague, ///< nouns that no tag is made of: 写真, もの, 商品
    And,   ///< 及び, ・
    Comma,
    Stop ///< the end of a clause, sales talk
};

/// How a phrase goes on to what follows it.
enum class Link {
    None,        ///< the next phrase follows bare, as in product titles
    Attributive, ///< の, な, or an inflected form that may stand before a noun
    And,         ///< と, や, a て-form
    Topic,       ///< は, が, も
    Complement,  ///< を
    Oblique,     ///< に, で, から, ..; adverbs
    End          ///< です, ます: the sentence ends
};

/// A phrase of a Japanese caption (roughly a bunsetsu): a content word or compound with its
/// particles.
struct Phrase
{
    PhraseKind kind = PhraseKind::Stop;
    Link link = Link::None;
    std::string lemma;   ///< dictionary form
    std::string display; ///< of qualities, verbs and counts: as before a noun
    Span span;           ///< without particles, but with what belongs to `display`
    bool isNegated = false;
    bool isMaterial = false; ///< a quality that is a thing where it describes nothing: 木, ガラス
    bool isNoun = false;     ///< a quality that is no adjective
    bool isCompound = false;  ///< of several morphemes
    bool isClauseEnd = false; ///< negated: nothing, with what it was joined to by や or と
};

/// Joins morphemes to phrases; sales talk becomes Stop.
[[nodiscard]] std::vector<Phrase> readPhrases(const std::vector<Morpheme>& morphemes);

} // namespace tagalign::model::tags
