#pragma once

#include "model/tags/CaptionParser.h"
#include "model/tags/CaptionWords.h"
#include "model/tags/learned/ParserVocabulary.h"
#include "model/tags/learned/WordLabels.h"

#include <array>

namespace tagalign::model::tags {

/// What the network says of one caption of L words.
struct WordScores
{
    std::vector<std::array<float, kLabelCount>> labels; ///< [L], each sums to 1
    std::vector<float> owners; ///< [L · L] row-major, logits: word i describes the head j
};

/// Reads spans off the labels, gives each attribute the most likely object as owner and writes
/// both in their normal form. An attribute in a caption without objects is no tag. Confidences
/// are calibrated by the vocabulary's scales; before that, an object's is that of its least sure
/// word, an attribute's that times its owner's share among all objects.
[[nodiscard]] ParsedCaption decodeTags(const std::vector<CaptionWord>& words,
                                       const WordScores& scores, const ParserVocabulary& vocabulary,
                                       const WordNet& wordNet);

/// The normal form of an object's phrase: the last word singular.
[[nodiscard]] std::string objectLemma(const std::string& phrase, const WordNet& wordNet);

} // namespace tagalign::model::tags
