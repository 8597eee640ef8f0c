#include "app/jobs/DemoJob.h"

#include "app/ModelChoice.h"
#include "app/demo/DemoPairs.h"
#include "app/demo/SceneTruth.h"
#include "app/jobs/PilotSnapshot.h"
#include "app/jobs/Runs.h"
#include "app/jobs/SimulatedReview.h"
#include "app/jobs/TagKinds.h"
#include "db/Database.h"
#include "db/ImageRepository.h"
#include "model/pipeline/Evaluation.h"
#include "model/pipeline/RegionEvaluation.h"

#include <QCoreApplication>
#include <QFileInfo>

namespace tagalign::app {

namespace {

struct TruthData
{
    model::pipeline::PilotData data;
    std::vector<model::pipeline::TagRegion> regions;
};

/// The tags of the truth's words only, and on validation and test images what is true of them.
TruthData truthDataOf(const PilotSnapshot& snapshot, const SceneTruth& truth)
{
    TruthData result;
    for (const model::pipeline::PilotTag& tag : snapshot.data.tags) {
        if (SceneTruth::isKnown(storedKind(tag.kind), QString::fromStdString(tag.text))) {
            result.data.tags.push_back(tag);
        }
    }
    for (const model::pipeline::PilotImage& known : snapshot.data.images) {
        model::pipeline::PilotImage image = known;
        image.targets.clear();
        image.ownerships.clear(); // of tags by the snapshot's numbers
        const QString picture = QString::fromStdString(image.file.string());
        for (std::size_t tag = 0;
             tag < result.data.tags.size() && image.split != model::pipeline::Split::Train; ++tag) {
            const QString lemma = QString::fromStdString(result.data.tags[tag].text);
            const db::TagKind kind = storedKind(result.data.tags[tag].kind);
            const SceneTruth::Answer answer = truth.answer(picture, kind, lemma);
            if (answer == SceneTruth::Answer::Unknown) {
                image.targets.push_back({.tag = tag, .probability = 0.0, .verified = false});
            }
            if (answer != SceneTruth::Answer::Present) {
                continue;
            }
            image.targets.push_back({.tag = tag, .probability = 1.0, .verified = true});
            model::pipeline::TagRegion region{.image = result.data.images.size(),
                                              .tag = tag,
                                              .mask = truth.maskFile(picture).toStdString()};
            for (const int number : truth.numbers(picture, kind, lemma)) {
                region.values.push_back(std::uint8_t(number));
            }
            result.regions.push_back(std::move(region));
        }
        result.data.images.push_back(std::move(image));
    }
    return result;
}

} // namespace

QString demoPairsFolder(const Project& project)
{
    return QFileInfo(project.folder()).path() + QLatin1Char('/') + project.name() +
           QStringLiteral("-pairs");
}

QString makeDemoPairs(const Project& project, const DemoPilot& pilot, int count,
                      JobContext& context)
{
    QString folder = demoPairsFolder(project);
    if (!QFileInfo::exists(folder + QStringLiteral("/captions.jsonl"))) {
        const bool isWhole =
            writeDemoPairs(folder, pilotPairs(pilot, count), [&context, count](int number) {
                context.report({number, count, QStringLiteral("Composing demo pictures")});
                context.waitWhilePaused();
                return !context.isCancelled();
            });
        if (!isWhole) {
            throw model::Cancelled();
        }
    }
    return folder;
}

int reviewDemo(const Project& project, int share, JobContext& context)
{
    const int images =
        db::ImageRepository(db::Database(project.databaseFile()).connection()).counts().images /
        share;
    return reviewSimulated(project, SceneTruth(demoPairsFolder(project)), {.images = images},
                           context);
}

PilotSummary runDemoPilot(const Project& project, const DemoPilot& pilot, int count,
                          int reviewShare, const model::pipeline::TrainSettings& settings,
                          JobContext& context, const OnStep& onStep)
{
    const ImportSummary imported =
        importPairs(project, makeDemoPairs(project, pilot, count, context), context);
    onStep(imported.sentence());
    const TagSummary tags = extractTags(project, context);
    onStep(tags.sentence());
    const int verdicts = reviewDemo(project, reviewShare, context);
    onStep(QCoreApplication::translate("Demo",
                                       "%1 verdicts given by a simulated reviewer, who is wrong in "
                                       "3 of 100.")
               .arg(verdicts));
    return runPilot(project, {}, settings, context, onStep);
}

QList<db::Metric> measureAgainstTruth(const Project& project, const db::Run& run,
                                      JobContext& context)
{
    const db::Database database(project.databaseFile());
    const SceneTruth truth(demoPairsFolder(project));
    const TruthData pilot = truthDataOf(takeSnapshot(project, database), truth);
    const auto files = modelFiles(project, database);
    const std::filesystem::path head = headFile(project, run).toStdString();
    QList<db::Metric> metrics;
    const auto evaluation = model::pipeline::evaluateHead(
        files, pilot.data, head, {}, context.forModel(QStringLiteral("Measuring tags of")));
    for (const auto& row : evaluation.metrics) {
        metrics.append(metricOf(row));
    }
    const auto regions =
        model::pipeline::evaluateRegions(files, pilot.data, pilot.regions, head, {},
                                         context.forModel(QStringLiteral("Measuring regions of")));
    for (const auto& row : regions) {
        metrics.append(metricOf(row));
    }
    return metrics;
}

} // namespace tagalign::app
