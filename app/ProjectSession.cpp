#include "app/ProjectSession.h"

#include <exception>

namespace tagalign::app {

ProjectSession::ProjectSession(Project project, QObject* parent)
    : QObject(parent),
      m_project(std::move(project)),
      m_worker(new QObject)
{
    m_worker->moveToThread(&m_thread);
    m_thread.start();
    std::exception_ptr problem;
    QMetaObject::invokeMethod(
        m_worker,
        [this, &problem] {
            try {
                m_database = std::make_unique<db::Database>(m_project.databaseFile());
            } catch (...) {
                problem = std::current_exception();
            }
        },
        Qt::BlockingQueuedConnection);
    if (problem) {
        m_thread.quit();
        m_thread.wait();
        delete m_worker;
        std::rethrow_exception(problem);
    }
}

ProjectSession::~ProjectSession()
{
    QMetaObject::invokeMethod(
        m_worker, [this] { m_database.reset(); }, Qt::BlockingQueuedConnection);
    m_thread.quit();
    m_thread.wait();
    delete m_worker;
}

void ProjectSession::post(std::function<void(db::Database&)> work, std::function<void()> onFailed)
{
    QMetaObject::invokeMethod(
        m_worker,
        [this, work = std::move(work), onFailed = std::move(onFailed)] {
            try {
                work(*m_database);
            } catch (const std::exception& error) {
                reply(this, [this, onFailed, message = QString::fromUtf8(error.what())] {
                    Q_EMIT failed(message);
                    onFailed();
                });
            }
        },
        Qt::QueuedConnection);
}

void ProjectSession::reply(const QPointer<QObject>& receiver, std::function<void()> then)
{
    QMetaObject::invokeMethod(
        this,
        [receiver, then = std::move(then)] {
            if (receiver) {
                then();
            }
        },
        Qt::QueuedConnection);
}

} // namespace tagalign::app
