#pragma once

#include "app/llm/LlmPrompt.h"
#include "app/llm/LlmSettings.h"
#include "db/Database.h"

namespace tagalign::app {

/// What a run would send, cost and take.
struct LlmEstimate
{
    int captions = 0; ///< not read with this model and prompt yet
    int texts = 0;    ///< different ones among them that no answer is kept for: these are sent
    int requests = 0;
    double inputTokens = 0.0;
    double outputTokens = 0.0;
    double dollars = 0.0;
    double seconds = 0.0;
    int measuredOn = 0; ///< answers that tokens and time were taken from; 0: they are guesses

    /// "812 captions to read: 640 requests, about 0.4 million tokens, .." in one or two sentences.
    [[nodiscard]] QString sentence(const LlmSettings& settings) const;

    /// What goes where: "The text of 812 captions goes to ..; no pictures, ..".
    /// @param hasKey whether requests will carry one.
    [[nodiscard]] QString leaving(const LlmSettings& settings, bool hasKey) const;
};

/// Tokens of a text without knowing the model's vocabulary: a quarter of its Latin characters, and
/// one for each of the others.
[[nodiscard]] double estimatedTokens(const QString& text);

/// Reads the project; asks nothing of the network. Settings without endpoint or model give counts
/// as for a model that has read nothing. @throws db::Error
[[nodiscard]] LlmEstimate estimateLlm(const db::Database& database, const LlmSettings& settings,
                                      const LlmPrompt& prompt);

} // namespace tagalign::app
