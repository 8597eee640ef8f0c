#include "app/jobs/Runs.h"

#include "app/ModelChoice.h"
#include "app/jobs/PilotSnapshot.h"
#include "db/RunRepository.h"
#include "model/Error.h"
#include "model/pipeline/StoreKey.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>

namespace tagalign::app {

namespace {

constexpr int kStartSeconds = 60;

QString lockFile(const Project& project, const db::Run& run)
{
    return project.runFolder(run.folder) + QStringLiteral("/lock");
}

QString fingerprintOf(const QString& checkpoint)
{
    return QString::fromStdString(model::pipeline::checkpointFingerprint(checkpoint.toStdString()));
}

bool isAbandoned(const Project& project, const db::Run& run)
{
    if (run.status != db::RunStatus::Running) {
        return false;
    }
    if (!QFile::exists(lockFile(project, run))) { // it may be about to be made
        const auto started = QDateTime::fromString(run.startedAt, Qt::ISODateWithMs);
        return started.secsTo(QDateTime::currentDateTimeUtc()) > kStartSeconds;
    }
    QLockFile lock(lockFile(project, run));
    lock.setStaleLockTime(0); // a training may take days; a dead owner is noticed all the same
    return lock.tryLock(0);
}

} // namespace

RunLock::RunLock(const Project& project, const db::Run& run)
    : m_file(lockFile(project, run))
{
    m_file.setStaleLockTime(0);
    QDir().mkpath(project.runFolder(run.folder));
    if (!m_file.tryLock(0)) {
        const bool isTaken = m_file.error() == QLockFile::LockFailedError;
        throw model::Error(isTaken
                               ? "run " + run.folder.toStdString() +
                                     " is being trained by another process; wait for it or cancel "
                                     "it there"
                               : lockFile(project, run).toStdString() +
                                     " cannot be written; check the disk and run again");
    }
}

int closeAbandonedRuns(const Project& project, const db::Database& database)
{
    db::RunRepository runs(database.connection());
    int closed = 0;
    for (const db::Run& run : runs.runs()) {
        if (isAbandoned(project, run)) {
            runs.finish(run.id, db::RunStatus::Cancelled,
                        QCoreApplication::translate("Runs", "The program ended before the run "
                                                            "did."));
            ++closed;
        }
    }
    return closed;
}

std::optional<db::Run> newestRun(const Project& project, const db::Database& database)
{
    const QString model = fingerprintOf(checkpointOf(database));
    for (const db::Run& run : db::RunRepository(database.connection()).runs()) {
        if (run.status == db::RunStatus::Done && modelOf(run.snapshot).fingerprint == model &&
            QFile::exists(headFile(project, run))) {
            return run;
        }
    }
    return std::nullopt;
}

bool isOfPresentModel(const db::Database& database, const db::Run& run)
{
    return modelOf(run.snapshot).fingerprint == fingerprintOf(checkpointOf(database));
}

std::optional<model::pipeline::ModelFiles> modelFilesOf(const Project& project, const db::Run& run)
{
    const RunModel model = modelOf(run.snapshot);
    const QString checkpoint = model.checkpoint.isEmpty() ? starterModelFolder() : model.checkpoint;
    try {
        if (fingerprintOf(checkpoint) == model.fingerprint) {
            return model::pipeline::ModelFiles{.checkpoint = checkpoint.toStdString(),
                                               .store = project.featuresFolder().toStdString()};
        }
    } catch (const model::Error&) {
        // gone or broken: nothing can be shown with it
    }
    return std::nullopt;
}

QList<UsableRun> usableRuns(const Project& project, const db::Database& database)
{
    const QString present = fingerprintOf(checkpointOf(database));
    QList<UsableRun> usable;
    for (const db::Run& run : db::RunRepository(database.connection()).runs()) {
        if (run.status != db::RunStatus::Done || !QFile::exists(headFile(project, run))) {
            continue;
        }
        if (const auto files = modelFilesOf(project, run)) {
            const RunModel model = modelOf(run.snapshot);
            usable.append({run, model.title, *files, model.fingerprint == present});
        }
    }
    return usable;
}

QList<db::Run> runsLike(const db::Database& database,
                        const model::pipeline::TrainSettings& settings)
{
    const QString wanted = QString::fromStdString(toJson(settings));
    const QString data = describeData(database);
    QList<db::Run> runs = db::RunRepository(database.connection()).runs();
    runs.removeIf(
        [&](const db::Run& run) { return run.settings != wanted || run.snapshot != data; });
    return runs;
}

RunCurves readCurves(const Project& project, const db::Run& run)
{
    RunCurves curves;
    QFile file(project.runFolder(run.folder) + QStringLiteral("/metrics.jsonl"));
    if (!file.open(QIODevice::ReadOnly)) {
        return curves;
    }
    while (!file.atEnd()) {
        const QJsonObject epoch = QJsonDocument::fromJson(file.readLine()).object();
        curves.trainLoss.append(epoch["train"]["total"].toDouble());
        curves.validationLoss.append(epoch["validation"]["total"].toDouble());
        curves.objectMap.append(epoch["object_map"].toDouble());
        curves.attributeMap.append(epoch["attribute_map"].toDouble());
        if (epoch["best"].toBool()) {
            curves.best = int(curves.trainLoss.size());
        }
    }
    return curves;
}

QString headFile(const Project& project, const db::Run& run)
{
    return project.runFolder(run.folder) + QStringLiteral("/head.safetensors");
}

QString snapshotFile(const Project& project, const db::Run& run)
{
    return project.runFolder(run.folder) + QStringLiteral("/snapshot.json");
}

} // namespace tagalign::app
