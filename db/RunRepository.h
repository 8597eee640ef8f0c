#pragma once

#include "db/Rows.h"

#include <QList>
#include <QSqlDatabase>
#include <QStringList>

#include <optional>

namespace tagalign::db {

/// Training runs, their figures, and the prompts people typed. Lives on its connection's thread.
class RunRepository
{
public:
    explicit RunRepository(const QSqlDatabase& connection)
        : m_connection(connection)
    {
    }

    /// Stores a new run as running; id, startedAt are set here. @throws Error
    Run start(const QString& name, const QString& settings, const QString& snapshot);
    void resume(RunId run); ///< running again. @throws Error
    void finish(RunId run, RunStatus status, const QString& message);

    [[nodiscard]] QList<Run> runs() const; ///< newest first. @throws Error
    [[nodiscard]] std::optional<Run> run(RunId id) const;

    /// Replaces all figures of one run: all rows or none. @throws Error
    void replaceMetrics(RunId run, const QList<Metric>& metrics);
    [[nodiscard]] QList<Metric> metricsOf(RunId run) const;

    void rememberQuery(const QString& text);
    [[nodiscard]] QStringList recentQueries(int limit) const; ///< newest first

private:
    QSqlDatabase m_connection;
};

[[nodiscard]] QString statusName(RunStatus status);

} // namespace tagalign::db
