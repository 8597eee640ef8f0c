#include "db/VerdictRepository.h"

#include "db/AuditLog.h"
#include "db/Error.h"
#include "db/Statement.h"
#include "db/TagRepository.h"

namespace tagalign::db {

namespace {

struct Row
{
    qint64 candidate = 0;
    QString verdict;
    QString previous;
    QVariant undoes{QMetaType::fromType<qint64>()};
    int durationMs = 0;
};

/// Writes verdict rows of one batch and keeps candidate.state in step.
class BatchWriter
{
public:
    BatchWriter(const QSqlDatabase& connection, QString who, Mode mode)
        : m_insert(prepared(connection,
                            QStringLiteral("INSERT INTO verdict (candidate_id, verdict, previous, "
                                           "undoes, who, at, duration_ms, mode, batch) "
                                           "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"))),
          m_update(prepared(
              connection,
              QStringLiteral("UPDATE candidate SET state = ? WHERE image_id = (SELECT image_id "
                             "FROM candidate WHERE id = ?) AND tag_id = (SELECT tag_id FROM "
                             "candidate WHERE id = ?)"))),
          m_who(std::move(who)),
          m_mode(mode == Mode::Bulk ? QStringLiteral("bulk") : QStringLiteral("single")),
          m_at(timestamp())
    {
        QSqlQuery next =
            execute(connection, QStringLiteral("SELECT COALESCE(MAX(batch), 0) + 1 FROM verdict"));
        next.next();
        m_batch = next.value(0).toLongLong();
    }

    void write(const Row& row)
    {
        const QVariantList values{row.candidate, row.verdict,    row.previous, row.undoes, m_who,
                                  m_at,          row.durationMs, m_mode,       m_batch};
        for (int place = 0; place < values.size(); ++place) {
            m_insert.bindValue(place, values.at(place));
        }
        run(m_insert);
        m_update.bindValue(0, row.verdict);
        m_update.bindValue(1, row.candidate);
        m_update.bindValue(2, row.candidate);
        run(m_update);
    }

private:
    QSqlQuery m_insert;
    QSqlQuery m_update;
    QString m_who;
    QString m_mode;
    QString m_at;
    qint64 m_batch = 0;
};

/// What the pair's state is without this verdict: the last other one that was not undone. Tags that
/// were merged may have several.
QString stateWithout(const QSqlDatabase& connection, qint64 verdict)
{
    QSqlQuery row = execute(
        connection,
        QStringLiteral("SELECT v.verdict FROM verdict w JOIN candidate m ON m.id = w.candidate_id "
                       "JOIN candidate o ON o.image_id = m.image_id AND o.tag_id = m.tag_id JOIN "
                       "verdict v ON v.candidate_id = o.id WHERE w.id = ? AND v.id <> w.id AND "
                       "v.undoes IS NULL AND NOT EXISTS (SELECT 1 FROM verdict u WHERE u.undoes = "
                       "v.id) ORDER BY v.id DESC LIMIT 1"),
        {verdict});
    return row.next() ? row.value(0).toString() : stateName(State::Pending);
}

/// Numbers of candidates that were taken back may be given again.
QString currentState(const QSqlDatabase& connection, qint64 candidate,
                     const std::optional<ImageTag>& place)
{
    QSqlQuery row = execute(
        connection, QStringLiteral("SELECT state, image_id, tag_id FROM candidate WHERE id = ?"),
        {candidate});
    const bool isThere = row.next();
    const auto found = [&row] {
        return ImageTag{ImageId{row.value(1).toLongLong()}, TagId{row.value(2).toLongLong()}};
    };
    if (!isThere || (place && *place != found())) {
        throw Error(QStringLiteral("Tag candidate %1 does not exist any more; reload the page.")
                        .arg(candidate));
    }
    return row.value(0).toString();
}

} // namespace

void VerdictRepository::decide(const QList<Decision>& decisions, const QString& who)
{
    if (decisions.isEmpty()) {
        return;
    }
    const Mode mode = decisions.size() > 1 ? Mode::Bulk : Mode::Single;
    Transaction transaction(m_connection);
    BatchWriter writer(m_connection, who, mode);
    QStringList summary;
    for (const Decision& decision : decisions) {
        Q_ASSERT(decision.state != State::Pending);
        const qint64 candidate = qint64(decision.candidate);
        writer.write({.candidate = candidate,
                      .verdict = stateName(decision.state),
                      .previous = currentState(m_connection, candidate, decision.place),
                      .durationMs = decision.durationMs});
        summary.append(QStringLiteral("%1:%2").arg(candidate).arg(stateName(decision.state)));
    }
    AuditLog(m_connection).append(who, QStringLiteral("verdict"), summary.join(QLatin1Char(' ')));
    transaction.commit();
}

QList<VerdictRepository::Decision> VerdictRepository::undo(const QString& who)
{
    Transaction transaction(m_connection);
    QSqlQuery rows = execute(
        m_connection,
        QStringLiteral("SELECT id, candidate_id FROM verdict WHERE batch = (SELECT "
                       "MAX(v.batch) FROM verdict v WHERE v.who = ? AND v.undoes IS NULL AND NOT "
                       "EXISTS (SELECT 1 FROM verdict u WHERE u.undoes = v.id)) ORDER BY id DESC"),
        {who});
    QList<Row> inverse;
    while (rows.next()) {
        inverse.append(
            {.candidate = rows.value(1).toLongLong(), .undoes = rows.value(0).toLongLong()});
    }
    rows.finish();
    if (inverse.isEmpty()) {
        return {};
    }
    BatchWriter writer(m_connection, who, inverse.size() > 1 ? Mode::Bulk : Mode::Single);
    QList<Decision> changed;
    QStringList summary;
    for (Row& row : inverse) {
        row.verdict = stateWithout(m_connection, row.undoes.toLongLong());
        row.previous = currentState(m_connection, row.candidate, std::nullopt);
        writer.write(row);
        changed.append({CandidateId{row.candidate}, stateOf(row.verdict), 0});
        summary.append(QStringLiteral("%1:%2").arg(row.candidate).arg(row.verdict));
    }
    AuditLog(m_connection).append(who, QStringLiteral("undo"), summary.join(QLatin1Char(' ')));
    transaction.commit();
    return changed;
}

QHash<TagId, QString> VerdictRepository::judgesOf(ImageId image) const
{
    QSqlQuery rows =
        execute(m_connection,
                QStringLiteral("SELECT c.tag_id, v.who FROM verdict v JOIN candidate c ON c.id = "
                               "v.candidate_id WHERE c.image_id = ? ORDER BY v.id"),
                {qint64(image)});
    QHash<TagId, QString> judges;
    while (rows.next()) {
        judges.insert(TagId{rows.value(0).toLongLong()}, rows.value(1).toString());
    }
    return judges;
}

int VerdictRepository::judgedBy(const QString& who) const
{
    QSqlQuery row = execute(
        m_connection,
        QStringLiteral("SELECT COUNT(*) FROM verdict v JOIN (SELECT MAX(w.id) AS last FROM verdict "
                       "w JOIN candidate c ON c.id = w.candidate_id GROUP BY c.image_id, c.tag_id) "
                       "l ON l.last = v.id WHERE v.who = ? AND v.verdict <> 'pending'"),
        {who});
    row.next();
    return row.value(0).toInt();
}

qint64 VerdictRepository::lastId() const
{
    QSqlQuery row =
        execute(m_connection, QStringLiteral("SELECT COALESCE(MAX(id), 0) FROM verdict"));
    row.next();
    return row.value(0).toLongLong();
}

} // namespace tagalign::db
