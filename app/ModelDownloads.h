#pragma once

#include "app/jobs/JobQueue.h"

#include <QMap>
#include <QObject>

#include <optional>

namespace tagalign::app {

/// The window's downloads of models, one after the other. They go on whatever project is open, and
/// beside its jobs, which they do not slow down.
class ModelDownloads : public QObject
{
    Q_OBJECT

public:
    explicit ModelDownloads(QObject* parent = nullptr);

    JobQueue jobs;

    /// @param name of the catalogue. Nothing happens if it is on its way already.
    void start(const QString& name);
    void cancel(const QString& name);

    /// The download that runs or waits, if there is one.
    [[nodiscard]] std::optional<JobQueue::Job> jobOf(const QString& name) const;

Q_SIGNALS:
    void changed();                                          ///< of any download
    void ended(const QString& name, const QString& problem); ///< empty: fetched or cancelled

private:
    void onFinished(int id, JobQueue::State state, const QString& message);

    QMap<QString, int> m_ids; ///< of those under way
};

} // namespace tagalign::app
