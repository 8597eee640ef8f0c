#pragma once

#include "app/Project.h"
#include "app/jobs/ImportJob.h"
#include "app/jobs/JobContext.h"
#include "db/Database.h"

namespace tagalign::app {

struct EncodeSummary
{
    int encoded = 0;
    int reused = 0;
    double seconds = 0.0;
    QList<ImportProblem> problems;

    [[nodiscard]] QString sentence() const;
};

/// Computes and keeps the features of every image of the project that has none yet for the
/// project's model. Goes on where an earlier call stopped. @throws std::exception
EncodeSummary encodeProject(const Project& project, JobContext& context);

/// Is there something to do for encodeProject()? @throws std::exception
[[nodiscard]] bool hasUnencoded(const Project& project, const db::Database& database);

} // namespace tagalign::app
