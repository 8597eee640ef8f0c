#include "app/pages/Workspace.h"

#include "app/ModelChoice.h"
#include "app/jobs/EncodeJob.h"
#include "app/jobs/TagJob.h"
#include "app/jobs/TrainJob.h"
#include "db/RunRepository.h"

#include <QCoreApplication>
#include <QImageReader>
#include <QPointer>
#include <QThreadPool>

#include <memory>

namespace tagalign::app {

Workspace::Workspace(const Project& project, QObject* parent)
    : QObject(parent),
      session(project)
{
    connect(&session, &ProjectSession::failed, this, &Workspace::problem);
    connect(&prompts, &PromptService::failed, this, &Workspace::problem);
    connect(&jobs, &JobQueue::finished, this,
            [this](int, JobQueue::State state, const QString& message) {
                if (state == JobQueue::State::Failed) {
                    Q_EMIT problem(message);
                }
            });
    session.ask(
        this,
        [](db::Database& database) {
            return db::RunRepository(database.connection()).closeAbandoned();
        },
        [](int) {});
    session.ask(
        this, [project](db::Database& database) { return modelFiles(project, database); },
        [this](const model::pipeline::ModelFiles& files) { prompts.setModel(files); });
    useNewestHead();
}

void Workspace::loadImage(QObject* receiver, const QString& storedPath,
                          std::function<void(const QImage&)> then) const
{
    QThreadPool::globalInstance()->start([path = project().absolutePath(storedPath),
                                          guard = QPointer<QObject>(receiver),
                                          then = std::move(then)] {
        QImageReader reader(path);
        reader.setAutoTransform(true);
        const QImage image = reader.read();
        QMetaObject::invokeMethod(
            QCoreApplication::instance(),
            [guard, then, image] {
                if (guard) {
                    then(image);
                }
            },
            Qt::QueuedConnection);
    });
}

void Workspace::queueTagsAndFeatures()
{
    const Project where = project();
    jobs.add(
        tr("Tags"), [where](JobContext& context) { extractTags(where, context); },
        [this] { Q_EMIT tagsChanged(); });
    jobs.add(
        tr("Features"), [where](JobContext& context) { encodeProject(where, context); },
        [this] { Q_EMIT featuresChanged(); });
}

void Workspace::useNewestHead()
{
    session.ask(
        this,
        [](db::Database& database) { return db::RunRepository(database.connection()).lastDone(); },
        [this](const std::optional<db::Run>& run) {
            if (run) {
                useHead(*run);
            }
        });
}

void Workspace::useHead(const db::Run& run)
{
    prompts.setHead(headFile(project(), run));
    Q_EMIT headChanged();
}

widgets::TagState stateOf(db::State state)
{
    switch (state) {
    case db::State::Pending:
        return widgets::TagState::Pending;
    case db::State::Accepted:
        return widgets::TagState::Accepted;
    case db::State::Rejected:
        return widgets::TagState::Rejected;
    case db::State::Unsure:
        return widgets::TagState::Unsure;
    }
    Q_UNREACHABLE();
}

widgets::Heatmap heatmapOf(const model::pipeline::Heatmap& heatmap)
{
    return {heatmap.rows, heatmap.columns, {heatmap.values.begin(), heatmap.values.end()}};
}

} // namespace tagalign::app
