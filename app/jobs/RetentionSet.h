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

/// Reads the data set (1,000 pictures of it at most, chosen by their content), its tags out of the
/// English captions, and encodes the pictures. Those that the pilot has too are left out.
/// @throws model::FormatError if nothing readable is there; model::Error if no tag is on three
///         pictures; model::Cancelled.
[[nodiscard]] RetentionSet readRetentionSet(const Project& project, const db::Database& database,
                                            const QString& source, JobContext& context);

/// Makes it the project's from now on, if it can be read; an empty source: none.
/// @throws as readRetentionSet()
void chooseRetentionSet(const Project& project, const QString& source, JobContext& context);

} // namespace tagalign::app
