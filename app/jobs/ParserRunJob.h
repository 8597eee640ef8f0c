#pragma once

#include "app/Project.h"
#include "app/jobs/JobContext.h"
#include "app/jobs/TagJob.h"
#include "app/llm/LlmPrompt.h"
#include "db/ParserRunRepository.h"

#include <QString>

namespace tagalign::app {

/// "rules 1", "llm llama3.1 (prompt 1a2b3c)": for people.
[[nodiscard]] QString nameOf(const db::ParserRun& run);
[[nodiscard]] QString parserName(const QString& parser, const QString& version,
                                 const QString& promptVersion);

/// A stored UTC time where the person is, to the minute.
[[nodiscard]] QString localTime(const QString& utc);

[[nodiscard]] bool isOfLanguageModel(const db::ParserRun& run);
[[nodiscard]] bool isBuiltIn(const db::ParserRun& run); ///< this program reads with it

/// The run with this number. @throws model::Error naming it if there is none.
[[nodiscard]] db::ParserRun parserRun(const db::Database& database, db::ParserRunId id);

/// With which prompt a language model's run was read. @throws model::Error if this program cannot
/// ask by it any more.
[[nodiscard]] LlmPrompt promptOf(const db::Database& database, const db::ParserRun& run);

/// Takes the run's tags back but for judged ones; tags that grew rare are not in use any more.
/// @return a sentence on what was done. @throws std::exception
QString revertRun(const db::Database& database, db::ParserRunId id);

/// Which captions a run reads when it is run again.
enum class Reading {
    Unread, ///< new, changed, or taken back
    All     ///< those that it has read as well
};

/// Runs a built-in parser's run again, also after it was reverted.
/// @throws model::Error if it is a language model's, or this program has another version of the
///         parser; model::Cancelled
TagSummary runAgain(const Project& project, db::ParserRunId id, Reading reading,
                    JobContext& context);

} // namespace tagalign::app
