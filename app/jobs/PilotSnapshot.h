#pragma once

#include "app/Project.h"
#include "db/Database.h"
#include "db/Rows.h"
#include "model/pipeline/PilotData.h"

#include <QList>
#include <QString>

namespace tagalign::app {

/// The project's data as training and evaluation take it, read at one moment.
struct PilotSnapshot
{
    model::pipeline::PilotData data;
    QList<db::TagId> tags; ///< of data.tags, by position
    QString description;   ///< JSON: counts and the last verdict, stored with the run
};

/// Enabled tags and all images. Verdicts make targets certain; what nobody has judged keeps the
/// parser's confidence. @throws db::Error
[[nodiscard]] PilotSnapshot takeSnapshot(const Project& project, const db::Database& database);

} // namespace tagalign::app
