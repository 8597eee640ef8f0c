#include "app/ModelDownloads.h"

#include "app/jobs/FetchModelJob.h"

#include <algorithm>

namespace tagalign::app {

ModelDownloads::ModelDownloads(QObject* parent)
    : QObject(parent)
{
    connect(&jobs, &JobQueue::changed, this, &ModelDownloads::changed);
    connect(&jobs, &JobQueue::finished, this, &ModelDownloads::onFinished);
}

void ModelDownloads::start(const QString& name)
{
    if (!m_ids.contains(name)) {
        m_ids[name] = jobs.add(tr("Model"), [name](JobContext& context) {
            (void)fetchModel(name, {}, FetchSettings::ofThisMachine(), context);
        });
        Q_EMIT changed();
    }
}

void ModelDownloads::cancel(const QString& name)
{
    if (const auto id = m_ids.constFind(name); id != m_ids.constEnd()) {
        jobs.cancel(*id);
    }
}

std::optional<JobQueue::Job> ModelDownloads::jobOf(const QString& name) const
{
    const QList<JobQueue::Job> all = jobs.jobs();
    const auto found = std::find_if(all.begin(), all.end(), [&](const JobQueue::Job& job) {
        return m_ids.contains(name) && job.id == m_ids.value(name);
    });
    return found == all.end() ? std::nullopt : std::optional(*found);
}

void ModelDownloads::onFinished(int id, JobQueue::State state, const QString& message)
{
    const QString name = m_ids.key(id);
    m_ids.remove(name);
    Q_EMIT ended(name, state == JobQueue::State::Failed ? message : QString());
}

} // namespace tagalign::app
