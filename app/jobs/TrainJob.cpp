#include "app/jobs/TrainJob.h"

#include "app/ModelChoice.h"
#include "app/jobs/PilotSnapshot.h"
#include "db/Database.h"
#include "db/RunRepository.h"

#include <QCoreApplication>
#include <QJsonDocument>
#include <QJsonObject>

namespace tagalign::app {

using model::pipeline::HeadKind;
using model::pipeline::TagPooling;
using model::pipeline::TrainEvent;
using model::pipeline::TrainSettings;

namespace {

db::Run runFor(db::RunRepository& runs, const TrainSettings& settings,
               const std::optional<db::RunId>& resume, const QString& snapshot)
{
    if (resume) {
        if (const auto run = runs.run(*resume)) {
            return *run;
        }
        throw model::Error("the run to go on with does not exist");
    }
    return runs.start(headName(settings.head), settingsToJson(settings), snapshot);
}

QString epochSentence(const TrainEvent& event)
{
    return QCoreApplication::translate("Train", "Training: epoch %1 of %2")
        .arg(event.epoch)
        .arg(event.epochs);
}

} // namespace

QString headName(HeadKind kind)
{
    return kind == HeadKind::Adapter ? QStringLiteral("adapter") : QStringLiteral("gated-conv");
}

QString headFile(const Project& project, const db::Run& run)
{
    return project.runFolder(run.folder) + QStringLiteral("/head.safetensors");
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
                             {"seed", qint64(settings.seed)}};
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
            .seed = std::uint64_t(object["seed"].toInteger(1))};
}

db::Run trainProject(const Project& project, const TrainSettings& settings,
                     const std::optional<db::RunId>& resume, JobContext& context,
                     const OnEpoch& onEpoch)
{
    const db::Database database(project.databaseFile());
    db::RunRepository runs(database.connection());
    const PilotSnapshot snapshot = takeSnapshot(project, database);
    const db::Run run = runFor(runs, settings, resume, snapshot.description);
    const auto onTrain = [&context, &onEpoch](const TrainEvent& event) {
        context.report({qint64(event.epoch - 1) * event.steps + event.step,
                        qint64(event.epochs) * event.steps, epochSentence(event)});
        if (event.epochEnded && onEpoch) {
            onEpoch(event);
        }
        context.waitWhilePaused();
        return context.isCancelled() ? model::Next::Stop : model::Next::Continue;
    };
    try {
        const auto result =
            model::pipeline::trainHead(modelFiles(project, database), snapshot.data, settings,
                                       project.runFolder(run.folder).toStdString(), onTrain);
        runs.finish(run.id, db::RunStatus::Done,
                    QCoreApplication::translate("Train", "best epoch %1 of %2, %3 s on %4")
                        .arg(result.bestEpoch)
                        .arg(result.epochs.size())
                        .arg(result.seconds, 0, 'f', 1)
                        .arg(QString::fromStdString(result.device)));
    } catch (const model::Cancelled&) {
        runs.finish(run.id, db::RunStatus::Cancelled, {});
        throw;
    } catch (const std::exception& error) {
        runs.finish(run.id, db::RunStatus::Failed, QString::fromUtf8(error.what()));
        throw;
    }
    return *runs.run(run.id);
}

} // namespace tagalign::app
