#pragma once

#include "app/Project.h"
#include "db/Database.h"
#include "db/Rows.h"
#include "model/pipeline/PilotData.h"
#include "model/pipeline/TrainSettings.h"

#include <QLockFile>
#include <QVector>

#include <optional>

namespace tagalign::app {

/// Held while a run trains, so that another process knows that it lives; a crash gives it free.
class RunLock
{
public:
    /// @throws model::Error if another process trains this run.
    RunLock(const Project& project, const db::Run& run);

private:
    QLockFile m_file;
};

/// Runs that a killed program left as running become cancelled; how many. @throws db::Error
int closeAbandonedRuns(const Project& project, const db::Database& database);

/// The newest finished run whose head fits the project's present model and is still there.
/// @throws std::exception
[[nodiscard]] std::optional<db::Run> newestRun(const Project& project,
                                               const db::Database& database);

[[nodiscard]] bool isOfPresentModel(const db::Database& database, const db::Run& run);

/// A run's own model, whichever the project uses now; nothing if it is no longer there as it was.
[[nodiscard]] std::optional<model::pipeline::ModelFiles> modelFilesOf(const Project& project,
                                                                      const db::Run& run);

/// A finished run that can still be shown: its head and its model are there.
struct UsableRun
{
    db::Run run;
    QString modelTitle;
    model::pipeline::ModelFiles model;
    bool isOfPresentModel = false;
};

/// Newest first. @throws db::Error
[[nodiscard]] QList<UsableRun> usableRuns(const Project& project, const db::Database& database);

/// Runs with these settings on the model and the data as they are now, newest first, whatever
/// became of them. @throws std::exception
[[nodiscard]] QList<db::Run> runsLike(const db::Database& database,
                                      const model::pipeline::TrainSettings& settings);

/// A run's figures by epoch, the first epoch first.
struct RunCurves
{
    QVector<double> trainLoss;
    QVector<double> validationLoss;
    QVector<double> objectMap;    ///< tag mAP on validation images
    QVector<double> attributeMap; ///< the same
    int best = 0;                 ///< epoch, from 1; 0 if there is none
};

/// As the training has written them so far; empty if it has not begun.
[[nodiscard]] RunCurves readCurves(const Project& project, const db::Run& run);

/// Where the run's trained head lies. It exists once the run is done.
[[nodiscard]] QString headFile(const Project& project, const db::Run& run);

/// Where the data lies that the run was begun with.
[[nodiscard]] QString snapshotFile(const Project& project, const db::Run& run);

} // namespace tagalign::app
