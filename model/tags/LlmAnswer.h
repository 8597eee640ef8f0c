#pragma once

#include "model/tags/CaptionParser.h"
#include "model/tags/WordNet.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tagalign::model::tags {

/// What a language model's answer says about one caption.
struct LlmReading
{
    std::optional<ParsedCaption> parsed; ///< nothing: see problem
    std::string text;                    ///< this caption's part of the answer, JSON
    std::string problem;                 ///< what is wrong with it, half a sentence
};

/// The JSON schema that answers are asked to follow, within what "strict" structured output allows.
[[nodiscard]] std::string_view llmAnswerSchema();

/// Reads an answer about captions, which the request numbered from 1. Whatever surrounds the JSON
/// object (thoughts, code fences) is passed over; nothing in the answer is trusted. A tag whose
/// name is not in the caption's own words (in any inflection) is marked as inferred.
/// @return one for each caption, in their order; never throws for what the model wrote.
[[nodiscard]] std::vector<LlmReading> readLlmAnswer(std::string_view answer,
                                                    const std::vector<std::string>& captions,
                                                    const WordNet& wordNet);

/// The same for what LlmReading::text kept of one caption's part.
[[nodiscard]] LlmReading readLlmPart(std::string_view part, std::string_view caption,
                                     const WordNet& wordNet);

} // namespace tagalign::model::tags
