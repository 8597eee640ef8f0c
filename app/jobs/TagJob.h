#pragma once

#include "app/Project.h"
#include "app/jobs/CaptionParsers.h"
#include "app/jobs/JobContext.h"
#include "db/Database.h"
#include "db/Rows.h"
#include "model/tags/CaptionParser.h"

#include <QStringList>

#include <vector>

namespace tagalign::app {

struct TagSummary
{
    int captions = 0;    ///< read now
    int tagsEnabled = 0; ///< frequent enough to verify and train on
    int tagsFound = 0;
    double seconds = 0.0;
    QStringList problems; ///< languages that could not be read, with the remedy
    int leftUnread = 0;   ///< captions whose parser's run was reverted; told in problems

    [[nodiscard]] QString sentence() const;
};

/// Reads object and attribute tags out of every caption not read yet by this version of its
/// language's parser. Captions of earlier imports, all stored as English, get their language first.
/// Tags on fewer images than the project's minimum (minimumImages()) are found but not enabled. A
/// parser whose run was reverted reads nothing.
/// @throws std::exception
TagSummary extractTags(const Project& project, JobContext& context);

/// The same with some of the parsers.
TagSummary readTags(const Project& project, const std::vector<ParserOfLanguage>& readers,
                    JobContext& context);

/// Enables the tags that are frequent enough, see extractTags(), and guesses classes of attributes
/// that have none. Returns how many are enabled.
/// @throws db::Error
int enableFrequentTags(const db::Database& database);

/// A parser's tag as it is stored.
[[nodiscard]] db::NewCandidate candidateOf(const model::tags::ParsedTag& tag);

/// Is there something to do for extractTags()? @throws db::Error
[[nodiscard]] bool hasUnreadCaptions(const db::Database& database);

} // namespace tagalign::app
