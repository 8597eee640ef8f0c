#pragma once

#include "app/llm/LlmPrompt.h"

#include <QByteArray>
#include <QString>
#include <QStringList>

namespace tagalign::app {

/// What servers differ in. Starts with what OpenAI's does; gives in where one refuses it.
struct LlmDialect
{
    enum class Format { Schema, Object, None };

    Format format = Format::Schema;
    bool hasTemperature = true;
    QString lengthField = QStringLiteral("max_tokens");

    bool operator==(const LlmDialect&) const = default;

    /// Leaves out what the server refused. @param message what it says about that.
    /// @return a sentence on what was left out; empty if nothing can be.
    [[nodiscard]] QString giveIn(const QString& message);
};

/// The body of a chat completion about these captions: the prompt is the system's message, the
/// captions are data in the user's, numbered from 1.
[[nodiscard]] QByteArray llmRequestBody(const QString& model, const LlmPrompt& prompt,
                                        const QStringList& captions, const LlmDialect& dialect);

/// The body as it is kept: with the prompt's version in place of its text, which is kept once, and
/// without the schema, which the version covers.
[[nodiscard]] QString llmRequestToKeep(const QByteArray& body, const LlmPrompt& prompt);

/// The user's message: {"captions": [{"id": 1, "text": ".."}]}.
[[nodiscard]] QByteArray llmCaptionData(const QStringList& captions);

/// What comes back for one request.
struct LlmReply
{
    QString content;          ///< what the model wrote
    QString problem;          ///< half a sentence; empty if there is content
    bool isCutOff = false;    ///< the model came to its limit of tokens
    double inputTokens = 0.0; ///< 0 where the server does not count
    double outputTokens = 0.0;
};

/// Reads the body of an answer. Nothing in it is trusted.
[[nodiscard]] LlmReply readLlmReply(const QByteArray& body);

/// What a server says about its refusal, at most 300 characters; empty if it says nothing.
[[nodiscard]] QString llmErrorMessage(const QByteArray& body);

} // namespace tagalign::app
