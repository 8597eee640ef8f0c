#include "app/jobs/TrainJob.h"

#include "app/ModelChoice.h"
#include "app/jobs/PilotSnapshot.h"
#include "app/jobs/QualityJob.h"
#include "app/jobs/Runs.h"
#include "db/Database.h"
#include "db/RunRepository.h"
#include "model/pipeline/StoreKey.h"

#include <QCoreApplication>
#include <QFile>

namespace tagalign::app {

using model::pipeline::TrainEvent;
using model::pipeline::TrainSettings;

namespace {

QString progressSentence(const TrainEvent& event)
{
    return event.epoch == 0 ? QCoreApplication::translate("Train", "Training: embedding the texts")
                            : QCoreApplication::translate("Train", "Training: epoch %1 of %2")
                                  .arg(event.epoch)
                                  .arg(event.epochs);
}

JobProgress progressOf(const TrainEvent& event)
{
    if (event.epoch == 0) {
        return {event.step, event.steps, progressSentence(event)};
    }
    return {qint64(event.epoch - 1) * event.steps + event.step, qint64(event.epochs) * event.steps,
            progressSentence(event)};
}

QString doneSentence(const model::pipeline::TrainResult& result)
{
    QString sentence = QCoreApplication::translate("Train", "best epoch %1 of %2, %3 s on %4")
                           .arg(result.bestEpoch)
                           .arg(result.epochs.size())
                           .arg(result.seconds, 0, 'f', 1)
                           .arg(QString::fromStdString(result.device));
    for (const std::string& caution : result.cautions) {
        sentence += QStringLiteral("; ") + QString::fromStdString(caution);
    }
    return sentence;
}

/// Trains a run that is marked as running and marks how it ended.
db::Run train(const Project& project, const db::Database& database, const db::Run& run,
              const PilotSnapshot& snapshot, JobContext& context, const OnEpoch& onEpoch)
{
    db::RunRepository runs(database.connection());
    const auto onTrain = [&context, &onEpoch](const TrainEvent& event) {
        context.report(progressOf(event));
        if (event.epochEnded && onEpoch) {
            onEpoch(event);
        }
        context.waitWhilePaused();
        return context.isCancelled() ? model::Next::Stop : model::Next::Continue;
    };
    try {
        if (!QFile::exists(snapshotFile(project, run))) {
            saveSnapshot(snapshot, snapshotFile(project, run));
        }
        const auto result = model::pipeline::trainHead(
            modelFiles(project, database), snapshot.data,
            model::pipeline::trainSettingsFromJson(run.settings.toStdString()),
            project.runFolder(run.folder).toStdString(), onTrain);
        runs.finish(run.id, db::RunStatus::Done, doneSentence(result));
    } catch (const model::Cancelled&) {
        runs.finish(run.id, db::RunStatus::Cancelled, {});
        throw;
    } catch (const std::exception& error) {
        runs.finish(run.id, db::RunStatus::Failed, QString::fromUtf8(error.what()));
        throw;
    }
    return *runs.run(run.id);
}

} // namespace

db::Run trainProject(const Project& project, const TrainSettings& settings, JobContext& context,
                     const OnEpoch& onEpoch)
{
    const db::Database database(project.databaseFile());
    refreshTagQuality(project, database); // verdicts may have come since
    const PilotSnapshot snapshot = takeSnapshot(project, database);
    const db::Run run = db::RunRepository(database.connection())
                            .start(QString::fromStdString(titleOf(settings)),
                                   QString::fromStdString(toJson(settings)), snapshot.description);
    const RunLock lock(project, run);
    return train(project, database, run, snapshot, context, onEpoch);
}

db::Run resumeRun(const Project& project, const db::Run& run, JobContext& context,
                  const OnEpoch& onEpoch)
{
    const db::Database database(project.databaseFile());
    const auto model =
        model::pipeline::checkpointFingerprint(modelFiles(project, database).checkpoint);
    if (modelOf(run.snapshot).fingerprint.toStdString() != model) {
        throw model::Error("run " + run.folder.toStdString() +
                           " was begun with another model; choose that model again or start a "
                           "new run");
    }
    const RunLock lock(project, run);
    const PilotSnapshot snapshot = loadSnapshot(snapshotFile(project, run));
    db::RunRepository(database.connection()).resume(run.id);
    return train(project, database, run, snapshot, context, onEpoch);
}

} // namespace tagalign::app
