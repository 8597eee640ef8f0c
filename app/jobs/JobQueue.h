#pragma once

#include "app/jobs/JobContext.h"

#include <QElapsedTimer>
#include <QObject>
#include <QThreadPool>

#include <functional>
#include <map>
#include <memory>

namespace tagalign::app {

/// Runs the window's long jobs one after the other on a thread of its own.
///
/// Lives on the GUI thread; the work runs elsewhere and sees only its JobContext. Each job ends in
/// exactly one of succeeded, cancelled, failed. The destructor cancels all and waits.
class JobQueue : public QObject
{
    Q_OBJECT

public:
    enum class State { Queued, Running, Paused, Succeeded, Cancelled, Failed };

    struct Job
    {
        int id = 0; ///< unique in the program: queues may share a tray
        QString title;
        State state = State::Queued;
        JobProgress progress;
        qint64 elapsedMs = 0;  ///< since it began to run
        qint64 phaseMs = 0;    ///< since its present kind of work began,
        qint64 phaseStart = 0; ///< at this count
        QString message;       ///< why it failed

        [[nodiscard]] bool isOver() const { return state >= State::Succeeded; }

        [[nodiscard]] qint64 remainingMs() const; ///< -1 while unknown
    };

    explicit JobQueue(QObject* parent = nullptr);
    ~JobQueue() override;

    /// Queues work; `done` is called on the GUI thread after it succeeded.
    int add(const QString& title, std::function<void(JobContext&)> work,
            std::function<void()> done = {});

    [[nodiscard]] QList<Job> jobs() const; ///< by id; those over stay until dismissed
    [[nodiscard]] bool isBusy() const;     ///< something runs or waits

public Q_SLOTS:
    void cancel(int id);
    void cancelAll();
    void setPaused(int id, bool paused);
    void dismiss(int id); ///< forgets a job that is over

Q_SIGNALS:
    void changed();
    void finished(int id, tagalign::app::JobQueue::State state, const QString& message);

private:
    class Control;
    struct Entry;

    void startNext();
    void onProgress(int id, const JobProgress& progress);
    void onEnded(int id, State state, const QString& message);

    QThreadPool m_pool;
    std::map<int, std::unique_ptr<Entry>> m_entries;
};

/// "about 40 s left"; empty while unknown (negative).
[[nodiscard]] QString remainingText(qint64 milliseconds);

} // namespace tagalign::app
