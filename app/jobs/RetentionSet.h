#pragma once

#include "app/Project.h"
#include "app/jobs/ImportJob.h"
#include "app/jobs/JobContext.h"
#include "db/Database.h"
#include "model/pipeline/PilotData.h"

#include <QList>
#include <QString>

namespace tagalign::app {

/// Pictures that have nothing to do with the pilot, to see what a head forgets of them: any data
/// set that can be imported. They are read anew at each evaluation and are no part of the project;
/// only their features are kept with it.
struct RetentionSet
{
    model::pipeline::PilotData data; ///< all for testing; tags on at least three pictures, the most
                                     ///< frequent 200; without captions
    QList<ImportProblem> problems;   ///< pictures that were left out
};

/// The data set that the project names, as an absolute path; empty: none. @throws db::Error
[[nodiscard]] QString retentionSource(const db::Database& database);

/// Makes it the project's from now on; an empty source: none. What cannot be read of it the next
/// evaluation says. @throws model::Error if there is nothing of that name; db::Error
void chooseRetentionSet(const Project& project, const QString& source);

/// Reads at most 1,000 pictures of the data set, a sample that does not change with its order, and
/// their tags out of the English captions, and encodes them. Pictures that the pilot has too are
/// left out.
/// @throws model::FormatError if nothing readable is there; model::Error if no tag is on three
///         pictures; model::Cancelled.
[[nodiscard]] RetentionSet readRetentionSet(const Project& project, const db::Database& database,
                                            const QString& source, JobContext& context);

} // namespace tagalign::app
