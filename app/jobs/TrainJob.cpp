#include "app/jobs/TrainJob.h"

#include "app/ModelChoice.h"
#include "app/jobs/PilotSnapshot.h"
#include "app/jobs/Runs.h"
#include "db/Database.h"
#include "db/RunRepository.h"
#include "model/pipeline/StoreKey.h"

#include <QCoreApplication>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>

namespace tagalign::app {

using model::pipeline::Device;
using model::pipeline::HeadKind;
using model::pipeline::TagPooling;
using model::pipeline::TrainEvent;
using model::pipeline::TrainSettings;

namespace {

QString deviceName(Device device)
{
    return device == Device::Cpu    ? QStringLiteral("cpu")
           : device == Device::Cuda ? QStringLiteral("cuda")
                                    : QStringLiteral("auto");
}

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
            modelFiles(project, database), snapshot.data, settingsFromJson(run.settings),
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

QString headName(HeadKind kind)
{
    return kind == HeadKind::Adapter ? QStringLiteral("adapter") : QStringLiteral("gated-conv");
}

QString settingsToJson(const TrainSettings& settings)
{
    const QJsonObject object{{"head", headName(settings.head)},
                             {"pooling", settings.pooling == TagPooling::Mean
                                             ? QStringLiteral("mean")
                                             : QStringLiteral("lse")},
                             {"epochs", settings.epochs},
                             {"batch_size", settings.batchSize},
                             {"learning_rate", settings.learningRate},
                             {"weight_decay", settings.weightDecay},
                             {"clip_norm", settings.clipNorm},
                             {"caption_weight", settings.captionWeight},
                             {"object_weight", settings.objectWeight},
                             {"attribute_weight", settings.attributeWeight},
                             {"pull_weight", settings.pullWeight},
                             {"confidence_threshold", settings.confidenceThreshold},
                             {"seed", qint64(settings.seed)},
                             {"device", deviceName(settings.device)}};
    return QString::fromUtf8(QJsonDocument(object).toJson(QJsonDocument::Compact));
}

TrainSettings settingsFromJson(const QString& json)
{
    const QJsonObject object = QJsonDocument::fromJson(json.toUtf8()).object();
    if (object.isEmpty()) {
        throw model::FormatError("the run's settings are not readable");
    }
    const TrainSettings defaults;
    return {.head = object["head"] == headName(HeadKind::GatedConv) ? HeadKind::GatedConv
                                                                    : HeadKind::Adapter,
            .pooling = object["pooling"] == QLatin1String("mean") ? TagPooling::Mean
                                                                  : TagPooling::LogSumExp,
            .epochs = object["epochs"].toInt(defaults.epochs),
            .batchSize = object["batch_size"].toInt(defaults.batchSize),
            .learningRate = object["learning_rate"].toDouble(defaults.learningRate),
            .weightDecay = object["weight_decay"].toDouble(defaults.weightDecay),
            .clipNorm = object["clip_norm"].toDouble(defaults.clipNorm),
            .captionWeight = object["caption_weight"].toDouble(defaults.captionWeight),
            .objectWeight = object["object_weight"].toDouble(defaults.objectWeight),
            .attributeWeight = object["attribute_weight"].toDouble(defaults.attributeWeight),
            .pullWeight = object["pull_weight"].toDouble(defaults.pullWeight),
            .confidenceThreshold =
                object["confidence_threshold"].toDouble(defaults.confidenceThreshold),
            .seed = std::uint64_t(object["seed"].toInteger(1)),
            .device = object["device"] == QLatin1String("cpu")    ? Device::Cpu
                      : object["device"] == QLatin1String("cuda") ? Device::Cuda
                                                                  : Device::Automatic};
}

db::Run trainProject(const Project& project, const TrainSettings& settings, JobContext& context,
                     const OnEpoch& onEpoch)
{
    const db::Database database(project.databaseFile());
    const PilotSnapshot snapshot = takeSnapshot(project, database);
    const db::Run run =
        db::RunRepository(database.connection())
            .start(headName(settings.head), settingsToJson(settings), snapshot.description);
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
