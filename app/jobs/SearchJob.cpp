#include "app/jobs/SearchJob.h"

#include "app/ModelChoice.h"
#include "app/jobs/Runs.h"
#include "db/Database.h"
#include "db/ImageRepository.h"
#include "model/pipeline/PromptSession.h"

namespace tagalign::app {

QList<FoundImage> searchImages(const Project& project, const QString& prompt, std::size_t limit)
{
    const db::Database database(project.databaseFile());
    model::pipeline::PromptSession session(modelFiles(project, database));
    const auto run = newestRun(project, database);
    if (run) {
        session.setHead(headFile(project, *run).toStdString());
    }
    const QList<db::Image> images = db::ImageRepository(database.connection()).images();
    std::vector<std::string> hashes;
    for (const db::Image& image : images) {
        hashes.push_back(image.sha256.toStdString());
    }
    QList<FoundImage> found;
    for (const auto& hit : session.search(hashes, prompt.toStdString(), run.has_value(), limit)) {
        found.append({project.absolutePath(images.at(qsizetype(hit.image)).path), hit.score});
    }
    return found;
}

} // namespace tagalign::app
