#include "db/RunRepository.h"

#include "db/AuditLog.h"
#include "db/Statement.h"

namespace tagalign::db {

namespace {

RunStatus statusOf(const QString& name)
{
    return name == QLatin1String("done")        ? RunStatus::Done
           : name == QLatin1String("cancelled") ? RunStatus::Cancelled
           : name == QLatin1String("failed")    ? RunStatus::Failed
                                                : RunStatus::Running;
}

QList<Run> readRuns(QSqlQuery rows)
{
    QList<Run> runs;
    while (rows.next()) {
        runs.append({RunId{rows.value(0).toLongLong()}, rows.value(1).toString(),
                     rows.value(2).toString(), statusOf(rows.value(3).toString()),
                     rows.value(4).toString(), rows.value(5).toString(), rows.value(6).toString(),
                     rows.value(7).toString(), rows.value(8).toString()});
    }
    return runs;
}

QString selectRuns(const QString& rest)
{
    return QStringLiteral("SELECT id, name, folder, status, settings, snapshot, started_at, "
                          "finished_at, message FROM run ") +
           rest;
}

} // namespace

QString statusName(RunStatus status)
{
    switch (status) {
    case RunStatus::Running:
        return QStringLiteral("running");
    case RunStatus::Done:
        return QStringLiteral("done");
    case RunStatus::Cancelled:
        return QStringLiteral("cancelled");
    case RunStatus::Failed:
        return QStringLiteral("failed");
    }
    Q_UNREACHABLE();
}

Run RunRepository::start(const QString& name, const QString& settings, const QString& snapshot)
{
    Transaction transaction(m_connection);
    Run run{.name = name,
            .status = RunStatus::Running,
            .settings = settings,
            .snapshot = snapshot,
            .startedAt = timestamp()};
    const QSqlQuery row =
        execute(m_connection,
                QStringLiteral("INSERT INTO run (name, folder, status, settings, snapshot, "
                               "started_at) VALUES (?, '', 'running', ?, ?, ?)"),
                {name, settings, snapshot, run.startedAt});
    run.id = RunId{insertedId(row)};
    run.folder = QStringLiteral("%1").arg(qint64(run.id), 4, 10, QLatin1Char('0'));
    execute(m_connection, QStringLiteral("UPDATE run SET folder = ? WHERE id = ?"),
            {run.folder, qint64(run.id)});
    AuditLog(m_connection)
        .append(QStringLiteral("program"), QStringLiteral("run started"),
                QStringLiteral("%1 %2").arg(run.folder, settings));
    transaction.commit();
    return run;
}

void RunRepository::resume(RunId run)
{
    Transaction transaction(m_connection);
    execute(m_connection,
            QStringLiteral("UPDATE run SET status = 'running', message = '', finished_at = '' "
                           "WHERE id = ?"),
            {qint64(run)});
    AuditLog(m_connection)
        .append(QStringLiteral("program"), QStringLiteral("run resumed"),
                QString::number(qint64(run)));
    transaction.commit();
}

void RunRepository::finish(RunId run, RunStatus status, const QString& message)
{
    Transaction transaction(m_connection);
    execute(m_connection,
            QStringLiteral("UPDATE run SET status = ?, message = ?, finished_at = ? WHERE id = ?"),
            {statusName(status), message.isNull() ? QStringLiteral("") : message, timestamp(),
             qint64(run)});
    AuditLog(m_connection)
        .append(QStringLiteral("program"), QStringLiteral("run ") + statusName(status),
                QString::number(qint64(run)));
    transaction.commit();
}

QList<Run> RunRepository::runs() const
{
    return readRuns(execute(m_connection, selectRuns(QStringLiteral("ORDER BY id DESC"))));
}

std::optional<Run> RunRepository::run(RunId id) const
{
    const QList<Run> found =
        readRuns(execute(m_connection, selectRuns(QStringLiteral("WHERE id = ?")), {qint64(id)}));
    return found.isEmpty() ? std::nullopt : std::optional(found.first());
}

void RunRepository::replaceMetrics(RunId run, const QList<Metric>& metrics)
{
    Transaction transaction(m_connection);
    execute(m_connection, QStringLiteral("DELETE FROM metric WHERE run_id = ?"), {qint64(run)});
    auto insert =
        prepared(m_connection, QStringLiteral("INSERT INTO metric (run_id, name, kind, tag_id, "
                                              "before_value, after_value, low, high, count) "
                                              "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"));
    for (const Metric& metric : metrics) {
        const QVariant tag =
            metric.tag ? QVariant(qint64(*metric.tag)) : QVariant(QMetaType::fromType<qint64>());
        const QVariantList values{qint64(run), metric.name,   metric.kind,
                                  tag,         metric.before, metric.after,
                                  metric.low,  metric.high,   metric.count};
        for (int place = 0; place < values.size(); ++place) {
            insert.bindValue(place, values.at(place));
        }
        db::run(insert);
    }
    transaction.commit();
}

QList<Metric> RunRepository::metricsOf(RunId run) const
{
    QSqlQuery rows = execute(m_connection,
                             QStringLiteral("SELECT name, kind, tag_id, before_value, after_value, "
                                            "low, high, count FROM metric WHERE run_id = ? "
                                            "ORDER BY id"),
                             {qint64(run)});
    QList<Metric> metrics;
    while (rows.next()) {
        Metric metric{.name = rows.value(0).toString(),
                      .kind = rows.value(1).toString(),
                      .before = rows.value(3).toDouble(),
                      .after = rows.value(4).toDouble(),
                      .low = rows.value(5).toDouble(),
                      .high = rows.value(6).toDouble(),
                      .count = rows.value(7).toInt()};
        if (!rows.isNull(2)) {
            metric.tag = TagId{rows.value(2).toLongLong()};
        }
        metrics.append(metric);
    }
    return metrics;
}

void RunRepository::rememberQuery(const QString& text)
{
    execute(m_connection,
            QStringLiteral("INSERT INTO query (text, used_at) VALUES (?, ?) "
                           "ON CONFLICT (text) DO UPDATE SET used_at = excluded.used_at"),
            {text, timestamp()});
}

QStringList RunRepository::recentQueries(int limit) const
{
    QSqlQuery rows = execute(
        m_connection,
        QStringLiteral("SELECT text FROM query ORDER BY used_at DESC, id DESC LIMIT ?"), {limit});
    QStringList queries;
    while (rows.next()) {
        queries.append(rows.value(0).toString());
    }
    return queries;
}

} // namespace tagalign::db
