#include "app/jobs/JobQueue.h"

#include <QMutex>
#include <QWaitCondition>

#include <atomic>

namespace tagalign::app {

namespace {

constexpr qint64 kReportEveryMs = 50;

} // namespace

/// The job's end of the line. Shared by the queue and the job's thread.
class JobQueue::Control : public JobContext
{
public:
    Control(JobQueue* queue, int id)
        : m_queue(queue),
          m_id(id)
    {
        m_sinceReport.start();
    }

    void report(const JobProgress& progress) override
    {
        const bool last = progress.total > 0 && progress.done >= progress.total;
        if (!last && m_reported && m_sinceReport.elapsed() < kReportEveryMs) {
            return;
        }
        m_reported = true;
        m_sinceReport.restart();
        QMetaObject::invokeMethod(
            m_queue, [queue = m_queue, id = m_id, progress] { queue->onProgress(id, progress); },
            Qt::QueuedConnection);
    }

    bool isCancelled() const override { return m_cancelled; }

    void waitWhilePaused() override
    {
        QMutexLocker lock(&m_mutex);
        while (m_paused && !m_cancelled) {
            m_wake.wait(&m_mutex);
        }
    }

    void cancel()
    {
        const QMutexLocker lock(&m_mutex);
        m_cancelled = true;
        m_wake.wakeAll();
    }

    void setPaused(bool paused)
    {
        const QMutexLocker lock(&m_mutex);
        m_paused = paused;
        m_wake.wakeAll();
    }

private:
    JobQueue* m_queue;
    int m_id;
    QElapsedTimer m_sinceReport; ///< job's thread only, like m_reported
    bool m_reported = false;
    std::atomic_bool m_cancelled = false;
    bool m_paused = false;
    QMutex m_mutex;
    QWaitCondition m_wake;
};

struct JobQueue::Entry
{
    Job job;
    std::shared_ptr<Control> control;
    std::function<void(JobContext&)> work;
    std::function<void()> done;
    QElapsedTimer running;
    QElapsedTimer phase; ///< since the total changed or the count began anew
};

qint64 JobQueue::Job::remainingMs() const
{
    const qint64 done = progress.done - phaseStart;
    if (state != State::Running || progress.total <= 0 || done <= 0 || phaseMs < 1000) {
        return -1;
    }
    return phaseMs * (progress.total - progress.done) / done;
}

JobQueue::JobQueue(QObject* parent)
    : QObject(parent)
{
    m_pool.setMaxThreadCount(1);
}

JobQueue::~JobQueue()
{
    cancelAll();
    m_pool.waitForDone();
}

int JobQueue::add(const QString& title, std::function<void(JobContext&)> work,
                  std::function<void()> done)
{
    static int lastId = 0; // on the GUI thread, as all of this class
    const int id = ++lastId;
    auto entry = std::make_unique<Entry>();
    entry->job = {.id = id, .title = title};
    entry->control = std::make_shared<Control>(this, id);
    entry->work = std::move(work);
    entry->done = std::move(done);
    m_entries.emplace(id, std::move(entry));
    startNext();
    Q_EMIT changed();
    return id;
}

QList<JobQueue::Job> JobQueue::jobs() const
{
    QList<Job> jobs;
    for (const auto& [id, entry] : m_entries) {
        Job job = entry->job;
        if (!job.isOver() && entry->running.isValid()) {
            job.elapsedMs = entry->running.elapsed();
            job.phaseMs = entry->phase.isValid() ? entry->phase.elapsed() : 0;
        }
        jobs.append(job);
    }
    return jobs;
}

bool JobQueue::isBusy() const
{
    return std::any_of(m_entries.begin(), m_entries.end(),
                       [](const auto& entry) { return !entry.second->job.isOver(); });
}

void JobQueue::startNext()
{
    for (const auto& [id, entry] : m_entries) {
        if (entry->job.state == State::Running || entry->job.state == State::Paused) {
            return;
        }
    }
    for (const auto& [id, entry] : m_entries) {
        if (entry->job.state != State::Queued) {
            continue;
        }
        entry->job.state = State::Running;
        entry->running.start();
        m_pool.start([this, jobId = id, control = entry->control, work = entry->work] {
            State state = State::Succeeded;
            QString message;
            try {
                work(*control);
            } catch (const model::Cancelled&) {
                state = State::Cancelled;
            } catch (const std::exception& error) {
                state = State::Failed;
                message = QString::fromUtf8(error.what());
            }
            QMetaObject::invokeMethod(
                this, [this, jobId, state, message] { onEnded(jobId, state, message); },
                Qt::QueuedConnection);
        });
        return;
    }
}

void JobQueue::onProgress(int id, const JobProgress& progress)
{
    if (const auto found = m_entries.find(id);
        found != m_entries.end() && !found->second->job.isOver()) {
        Entry& entry = *found->second;
        const bool isNewPhase = !entry.phase.isValid() ||
                                progress.total != entry.job.progress.total ||
                                progress.done < entry.job.progress.done;
        if (isNewPhase) {
            entry.phase.start();
            entry.job.phaseStart = progress.done;
        }
        entry.job.progress = progress;
        Q_EMIT changed();
    }
}

void JobQueue::onEnded(int id, State state, const QString& message)
{
    Entry& entry = *m_entries.at(id);
    entry.job.state = state;
    entry.job.message = message;
    entry.job.elapsedMs = entry.running.elapsed();
    const auto done = state == State::Succeeded ? std::move(entry.done) : std::function<void()>();
    entry.work = {};
    startNext();
    if (done) {
        done();
    }
    Q_EMIT changed();
    Q_EMIT finished(id, state, message);
}

void JobQueue::cancel(int id)
{
    const auto found = m_entries.find(id);
    if (found == m_entries.end() || found->second->job.isOver()) {
        return;
    }
    if (found->second->job.state == State::Queued) {
        found->second->job.state = State::Cancelled;
        Q_EMIT changed();
        Q_EMIT finished(id, State::Cancelled, {});
        return;
    }
    found->second->control->cancel();
}

void JobQueue::cancelAll()
{
    for (const auto& [id, entry] : m_entries) {
        entry->control->cancel();
        if (entry->job.state == State::Queued) {
            entry->job.state = State::Cancelled;
        }
    }
}

void JobQueue::setPaused(int id, bool paused)
{
    const auto found = m_entries.find(id);
    if (found == m_entries.end() || found->second->job.isOver() ||
        found->second->job.state == State::Queued) {
        return;
    }
    found->second->job.state = paused ? State::Paused : State::Running;
    found->second->control->setPaused(paused);
    Q_EMIT changed();
}

void JobQueue::dismiss(int id)
{
    const auto found = m_entries.find(id);
    if (found != m_entries.end() && found->second->job.isOver()) {
        m_entries.erase(found);
        Q_EMIT changed();
    }
}

QString remainingText(qint64 milliseconds)
{
    if (milliseconds < 0) {
        return {};
    }
    const qint64 seconds = (milliseconds + 999) / 1000;
    return seconds < 60 ? JobQueue::tr("about %1 s left").arg(seconds)
                        : JobQueue::tr("about %1 min left").arg((seconds + 59) / 60);
}

} // namespace tagalign::app
