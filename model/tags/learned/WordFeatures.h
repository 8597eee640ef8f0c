#pragma once

#include "model/tags/CaptionWords.h"
#include "model/tags/learned/ParserVocabulary.h"

#include <array>
#include <bitset>
#include <cstdint>

namespace tagalign::model::tags {

/// What the learned parser's network is told of one word.
struct WordFeatures
{
    static constexpr std::size_t kCharacters = 16;
    static constexpr int kCharacterKinds = 44; ///< padding, letters, digits, signs, other
    static constexpr std::size_t kFlags = 80;  ///< WordFeatures.cpp draws them

    int word = ParserVocabulary::kUnknown;
    std::array<std::uint8_t, kCharacters> characters{}; ///< the first 8 and the last 8
    std::bitset<kFlags> flags;
};

enum class Casing { AsIs, Lower, Title, Upper };

/// A word's frequency as noun, verb, adjective and adverb, the field of the noun, its role among
/// its neighbours, compounds and capitals.
/// @param words of readWords() over the caption.
[[nodiscard]] std::vector<WordFeatures> featuresOf(std::string_view caption,
                                                   const std::vector<CaptionWord>& words,
                                                   const ParserVocabulary& vocabulary,
                                                   const WordNet& wordNet,
                                                   Casing casing = Casing::AsIs);

} // namespace tagalign::model::tags
