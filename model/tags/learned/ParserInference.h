#pragma once

#include "model/tags/learned/ParserNetwork.h"
#include "model/tags/learned/TagDecoder.h"

#include <functional>
#include <span>

namespace tagalign::model::tags {

/// As readWords(), but words that nobody knows are read as the vocabulary's nearest. Names are left
/// as they are.
[[nodiscard]] std::vector<CaptionWord>
readCorrected(std::string_view caption, const ParserVocabulary& vocabulary, const WordNet& wordNet);

/// Does WordNet know the word, inflected or not?
[[nodiscard]] bool isKnown(const std::string& word, const WordNet& wordNet);

/// Captions' words, spelling corrected, and what the network is told of them.
struct ReadCaptions
{
    std::vector<std::vector<CaptionWord>> words;
    std::vector<std::vector<WordFeatures>> features;

    void add(std::string_view caption, const ParserVocabulary& vocabulary, const WordNet& wordNet);
};

/// Runs the network over captions in batches of similar length, without autograd.
/// @param onParsed called once for each caption that has words, in no particular order.
void parseCaptions(const ParserModel& model, const ReadCaptions& captions, const WordNet& wordNet,
                   const std::function<void(std::size_t caption, ParsedCaption parsed)>& onParsed);

} // namespace tagalign::model::tags
