#include "app/jobs/SegmentationJob.h"

#include "app/Error.h"
#include "app/ModelChoice.h"
#include "app/ModelStore.h"
#include "app/jobs/Runs.h"
#include "db/Database.h"

#include <QCoreApplication>
#include <QStringList>
#include <QTemporaryDir>

#include <optional>

namespace tagalign::app {

namespace {

constexpr int kLabelsNamed = 10;

std::optional<std::size_t> classNamed(const model::dataset::SegmentationSet& set,
                                      const QString& label)
{
    for (std::size_t i = 0; i < set.classes.size(); ++i) {
        if (label.compare(QString::fromStdString(set.classes[i].label), Qt::CaseInsensitive) == 0) {
            return i;
        }
    }
    return std::nullopt;
}

std::optional<std::size_t> backgroundOf(const model::dataset::SegmentationSet& set,
                                        const QString& asked)
{
    if (asked == QStringLiteral("none")) {
        return std::nullopt;
    }
    if (asked.isEmpty()) {
        return classNamed(set, QStringLiteral("background"));
    }
    const auto found = classNamed(set, asked);
    if (!found) {
        QStringList labels;
        for (const auto& each : set.classes) {
            if (labels.size() < kLabelsNamed) {
                labels.append(QString::fromStdString(each.label));
            }
        }
        throw errorOf(
            QCoreApplication::translate("Segmentation",
                                        "the set has no class \"%1\" to be the background; its "
                                        "classes are %2%3")
                .arg(asked, labels.join(QStringLiteral(", ")),
                     set.classes.size() > kLabelsNamed ? QStringLiteral(", ..") : QString()));
    }
    return found;
}

/// Fills in the request's model and head. @return with the project's folder for embeddings, if
/// there is a project.
model::pipeline::ModelFiles filesFor(SegmentationRequest& request)
{
    if (request.project.isEmpty()) {
        request.model =
            request.model.isEmpty() ? starterModelFolder() : modelFolderOf(request.model);
        return {.checkpoint = request.model.toStdString(), .store = {}};
    }
    const Project project = Project::open(request.project);
    const db::Database database(project.databaseFile());
    auto files = modelFiles(project, database);
    request.model = QString::fromStdString(files.checkpoint.string());
    if (const auto run = newestRun(project, database)) {
        request.head = headFile(project, *run);
    }
    return files;
}

} // namespace

SegmentationReport evaluateSegmentation(SegmentationRequest request, JobContext& context,
                                        const OnPicture& onPicture)
{
    auto files = filesFor(request);
    const QTemporaryDir store;
    if (files.store.empty()) {
        files.store = store.path().toStdString();
    }
    auto set = model::dataset::readSegmentationSet(
        request.folder.toStdString(),
        context.forModel(QCoreApplication::translate("Segmentation", "Reading")));
    request.settings.background = backgroundOf(set, request.background);
    auto result = model::pipeline::evaluateSegmentation(
        files, set, request.head.toStdString(), request.settings,
        context.forModel(QCoreApplication::translate("Segmentation", "Segmenting")),
        [&](const model::pipeline::SegmentedPicture& segmented) {
            if (onPicture) {
                onPicture(segmented, set);
            }
        });
    result.problems.insert(result.problems.begin(), set.problems.begin(), set.problems.end());
    return {std::move(request), std::move(set), std::move(result)};
}

} // namespace tagalign::app
