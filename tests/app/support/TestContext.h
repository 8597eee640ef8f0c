#pragma once

#include "app/jobs/JobContext.h"

#include <QString>
#include <QThread>

#include <atomic>

namespace tagalign::tests {

/// A job's context for tests: remembers the last report; cancelled and paused from any thread.
class TestContext : public app::JobContext
{
public:
    void report(const app::JobProgress& progress) override
    {
        last = progress;
        ++reports;
    }

    [[nodiscard]] bool isCancelled() const override { return cancelled; }

    void waitWhilePaused() override
    {
        while (paused && !cancelled) {
            isWaiting = true;
            QThread::msleep(10);
        }
        isWaiting = false;
    }

    app::JobProgress last; ///< of the job's thread
    std::atomic_int reports = 0;
    std::atomic_bool cancelled = false;
    std::atomic_bool paused = false;
    std::atomic_bool isWaiting = false;
};

} // namespace tagalign::tests
