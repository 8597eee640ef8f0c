#pragma once

#include "app/Project.h"
#include "db/Database.h"
#include "model/pipeline/PilotData.h"

#include <QString>

namespace tagalign::app {

/// The folder with the starter model, migrations apart the only data the program ships:
/// beside the installed program, or in the source tree it was built from.
[[nodiscard]] QString resourceFolder();
[[nodiscard]] QString starterModelFolder();
[[nodiscard]] bool isStarterModel(const QString& checkpoint);

/// What people call the checkpoint: the catalogue's title, else its folder's name.
[[nodiscard]] QString modelTitle(const QString& checkpoint);

/// The checkpoint folder that the project uses; the starter if none was chosen.
[[nodiscard]] QString checkpointOf(const db::Database& database);

/// Checks that the folder, or the installed model of that name, holds a CLIP this program can load
/// and remembers it for the project. @throws std::exception with one sentence.
void chooseCheckpoint(const Project& project, const QString& nameOrFolder);

/// Checkpoint and feature cache as model wants them. @throws db::Error
[[nodiscard]] model::pipeline::ModelFiles modelFiles(const Project& project,
                                                     const db::Database& database);

} // namespace tagalign::app
