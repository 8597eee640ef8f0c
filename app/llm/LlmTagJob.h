#pragma once

#include "app/Project.h"
#include "app/jobs/JobContext.h"
#include "app/llm/LlmPrompt.h"
#include "app/llm/LlmSettings.h"
#include "db/Database.h"
#include "model/tags/CaptionParser.h"

#include <QByteArray>
#include <QList>
#include <QString>
#include <QStringList>

namespace tagalign::app {

/// The parser's name in the table of parses; its version is the model's name.
constexpr const char* kLlmParser = "llm";

/// A caption that could not be read.
struct LlmFailure
{
    QString caption; ///< its text
    QString reason;  ///< half a sentence
};

struct LlmSummary
{
    int captions = 0;         ///< read now
    int fromKept = 0;         ///< of them by answers that were there already
    int requests = 0;         ///< sent, repeated ones included
    double inputTokens = 0.0; ///< as the server counts them, malformed answers included
    double outputTokens = 0.0;
    double dollars = 0.0;
    int tagsInferred = 0; ///< read now, not in their captions' words
    int tagsFound = 0;    ///< in the project
    int tagsEnabled = 0;
    double seconds = 0.0;
    QList<LlmFailure> failures; ///< captions that were skipped; a later run tries them again
    QStringList notes;          ///< what the server did not take

    [[nodiscard]] QString sentence() const;
};

/// Reads tags out of every caption that the model has not read with this prompt yet, by asking the
/// endpoint. Each answer is on the disk before the next is waited for, so that a run that was
/// cancelled or killed goes on where it was and pays nothing twice (but for requests under way).
/// @param key may be empty. @throws model::Error if nothing more can be read; model::Cancelled
LlmSummary readTagsWithLlm(const Project& project, const LlmSettings& settings,
                           const LlmPrompt& prompt, const QByteArray& key, JobContext& context);

/// What one caption's answer was.
struct LlmTrial
{
    QString caption;
    model::tags::ParsedCaption parsed;
    QString answer;  ///< what the model wrote
    QString problem; ///< half a sentence; empty if it could be read
    double milliseconds = 0.0;
    bool isKept = false; ///< nothing was asked: no caption is left without a kept answer
};

/// Asks about the first caption that no answer is kept for, and keeps the answer.
/// @throws model::Error as readTagsWithLlm(), and if the project has no captions.
LlmTrial tryLlm(const Project& project, const LlmSettings& settings, const LlmPrompt& prompt,
                const QByteArray& key, JobContext& context);

} // namespace tagalign::app
