#pragma once

#include "app/Project.h"
#include "app/jobs/JobContext.h"

#include <QList>
#include <QString>

namespace tagalign::app {

struct ImportProblem
{
    QString where;   ///< file, or file and line
    QString message; ///< one sentence: what is wrong
};

struct ImportSummary
{
    QString format;
    int listed = 0;     ///< images that the source names
    int imported = 0;   ///< new in the project
    int known = 0;      ///< were there already
    int changed = 0;    ///< were there with other bytes; captions and verdicts stay
    int duplicates = 0; ///< same bytes under another name in this source: captions merged
    int captions = 0;   ///< new
    QList<ImportProblem> problems;

    [[nodiscard]] QString sentence() const;
};

/// Reads image-caption pairs into the project: hashes, measures and checks each picture, merges
/// captions of identical files, and splits the images into train, validation and test with
/// near-duplicates together. What was imported stays when it is cancelled; running again goes on.
/// @throws std::exception with one sentence if the source cannot be read at all.
ImportSummary importPairs(const Project& project, const QString& source, JobContext& context);

} // namespace tagalign::app
