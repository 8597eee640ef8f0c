#include "db/ParserRunRepository.h"

#include "db/AuditLog.h"
#include "db/Error.h"
#include "db/Statement.h"
#include "db/TagRepository.h"

namespace tagalign::db {

namespace {

/// Placeholders: the first run, the second. Captions that both have read.
const QString kCommonCaptions =
    QStringLiteral("SELECT a.caption_id FROM parse a JOIN parse b ON b.caption_id = a.caption_id "
                   "WHERE a.run_id = ? AND b.run_id = ? AND a.stale = 0 AND b.stale = 0");

/// A candidate that a person has judged, now or before an undo, or one of the same words that
/// was rolled up from it, or that it was rolled up from. Verdicts refer to it.
const QString kIsJudged = QStringLiteral(
    "EXISTS (SELECT 1 FROM candidate j WHERE j.parse_id = candidate.parse_id AND j.span_start = "
    "candidate.span_start AND (j.id = candidate.id OR j.origin_id IS NOT NULL OR "
    "candidate.origin_id IS NOT NULL) AND (j.state <> "
    "'pending' OR EXISTS (SELECT 1 FROM verdict v WHERE v.candidate_id = j.id)))");

int countOf(const QSqlDatabase& connection, const QString& sql, const QVariantList& values)
{
    QSqlQuery row = execute(connection, sql, values);
    row.next();
    return row.value(0).toInt();
}

QString nameOf(const ParserRun& run)
{
    return QStringLiteral("run %1 (%2 %3)").arg(qint64(run.id)).arg(run.parser, run.parserVersion);
}

/// Of a row of the overlap: from column 4 on who found it, pairs, accepted, rejected.
void addSide(TagOverlap& overlap, const QSqlQuery& row)
{
    const int sides = row.value(4).toInt();
    JudgedPairs& place = sides == 3   ? overlap.both
                         : sides == 1 ? overlap.onlyFirst
                                      : overlap.onlySecond;
    place = {row.value(5).toLongLong(), row.value(6).toLongLong(), row.value(7).toLongLong()};
}

} // namespace

ParserRun runRow(const QSqlDatabase& connection, const QString& parser, const QString& version,
                 const QString& promptVersion)
{
    const QVariantList key{parser, version, notNull(promptVersion)};
    execute(connection,
            QStringLiteral("INSERT INTO parser_run (parser, parser_version, prompt_version, "
                           "started_at) VALUES (?, ?, ?, ?) ON CONFLICT (parser, parser_version, "
                           "prompt_version) DO NOTHING"),
            key + QVariantList{timestamp()});
    QSqlQuery row =
        execute(connection,
                QStringLiteral("SELECT id, reverted_at FROM parser_run WHERE parser = ? AND "
                               "parser_version = ? AND prompt_version = ?"),
                key);
    row.next();
    return {.id = ParserRunId{row.value(0).toLongLong()},
            .parser = parser,
            .parserVersion = version,
            .promptVersion = promptVersion,
            .revertedAt = row.value(1).toString()};
}

JudgedPairs& JudgedPairs::operator+=(const JudgedPairs& other)
{
    pairs += other.pairs;
    accepted += other.accepted;
    rejected += other.rejected;
    return *this;
}

ParserRunId ParserRunRepository::start(const QString& parser, const QString& version,
                                       const QString& promptVersion, const QString& who)
{
    Transaction transaction(m_connection);
    const ParserRun run = runRow(m_connection, parser, version, promptVersion);
    execute(m_connection,
            QStringLiteral("UPDATE parser_run SET finished_at = '', reverted_at = '' WHERE id = ?"),
            {qint64(run.id)});
    if (run.isReverted()) {
        AuditLog(m_connection).append(who, QStringLiteral("run again"), nameOf(run));
    }
    transaction.commit();
    return run.id;
}

void ParserRunRepository::finish(ParserRunId run)
{
    execute(m_connection, QStringLiteral("UPDATE parser_run SET finished_at = ? WHERE id = ?"),
            {timestamp(), qint64(run)});
}

/// @param idCondition "= ?" or "> ?".
QList<ParserRun> ParserRunRepository::runsWhere(const QString& idCondition, qint64 id) const
{
    QSqlQuery rows = execute(
        m_connection,
        QStringLiteral(
            "SELECT r.id, r.parser, r.parser_version, r.prompt_version, r.started_at, "
            "r.finished_at, r.reverted_at, (SELECT COUNT(*) FROM parse q WHERE q.run_id = r.id "
            "AND q.stale = 0), COUNT(f.tag_id), COUNT(DISTINCT f.image_id), "
            "COALESCE(SUM(CASE WHEN f.state = 'accept' THEN 1 ELSE 0 END), 0), "
            "COALESCE(SUM(CASE WHEN f.state = 'reject' THEN 1 ELSE 0 END), 0) "
            "FROM parser_run r LEFT JOIN (SELECT p.run_id, c.image_id, c.tag_id, "
            "MIN(c.state) AS state FROM candidate c JOIN parse p ON p.id = c.parse_id "
            "WHERE c.origin_id IS NULL AND p.run_id %1 "
            "GROUP BY p.run_id, c.image_id, c.tag_id) f ON f.run_id = r.id "
            "WHERE r.id %1 "
            "GROUP BY r.id, r.parser, r.parser_version, r.prompt_version, r.started_at, "
            "r.finished_at, r.reverted_at ORDER BY r.id")
            .arg(idCondition),
        {id, id});
    QList<ParserRun> runs;
    while (rows.next()) {
        runs.append({ParserRunId{rows.value(0).toLongLong()}, rows.value(1).toString(),
                     rows.value(2).toString(), rows.value(3).toString(), rows.value(4).toString(),
                     rows.value(5).toString(), rows.value(6).toString(), rows.value(7).toInt(),
                     rows.value(8).toInt(), rows.value(9).toInt(), rows.value(10).toInt(),
                     rows.value(11).toInt()});
    }
    return runs;
}

QList<ParserRun> ParserRunRepository::runs() const
{
    return runsWhere(QStringLiteral("> ?"), 0);
}

std::optional<ParserRun> ParserRunRepository::run(ParserRunId id) const
{
    const QList<ParserRun> found = runsWhere(QStringLiteral("= ?"), qint64(id));
    return found.isEmpty() ? std::nullopt : std::optional(found.first());
}

bool ParserRunRepository::isReverted(const QString& parser, const QString& version,
                                     const QString& promptVersion) const
{
    return countOf(m_connection,
                   QStringLiteral("SELECT COUNT(*) FROM parser_run WHERE parser = ? AND "
                                  "parser_version = ? AND prompt_version = ? AND "
                                  "reverted_at <> ''"),
                   {parser, version, notNull(promptVersion)}) > 0;
}

ParserRunRepository::TakenBack ParserRunRepository::revert(ParserRunId id, const QString& who)
{
    Transaction transaction(m_connection);
    const auto found = run(id);
    if (!found || found->isReverted()) {
        throw Error(
            found
                ? QStringLiteral("%1 was reverted before; run it again first.").arg(nameOf(*found))
                : QStringLiteral("There is no run %1; list the runs to see which there "
                                 "are.")
                      .arg(qint64(id)));
    }
    const TakenBack taken = takeBack(id);
    execute(m_connection, QStringLiteral("UPDATE parser_run SET reverted_at = ? WHERE id = ?"),
            {timestamp(), qint64(id)});
    AuditLog(m_connection)
        .append(who, QStringLiteral("revert"),
                QStringLiteral("%1: %2 tags taken back, %3 judged ones kept")
                    .arg(nameOf(*found))
                    .arg(taken.removed)
                    .arg(taken.kept));
    transaction.commit();
    return taken;
}

ParserRunRepository::TakenBack ParserRunRepository::prepareToReadAgain(ParserRunId id,
                                                                       const QString& who)
{
    Transaction transaction(m_connection);
    const TakenBack taken = takeBack(id);
    AuditLog(m_connection)
        .append(who, QStringLiteral("read all again"),
                QStringLiteral("run %1: %2 tags taken back, %3 judged ones kept")
                    .arg(qint64(id))
                    .arg(taken.removed)
                    .arg(taken.kept));
    transaction.commit();
    return taken;
}

ParserRunRepository::TakenBack ParserRunRepository::takeBack(ParserRunId id)
{
    const QString ofRun =
        QStringLiteral("parse_id IN (SELECT p.id FROM parse p WHERE p.run_id = ?)");
    const QVariantList values{qint64(id)};
    const int removed = // at once: the driver counts the rows of the last statement
        execute(m_connection,
                QStringLiteral("DELETE FROM candidate WHERE %1 AND NOT %2").arg(ofRun, kIsJudged),
                values)
            .numRowsAffected();
    const int kept = countOf(
        m_connection, QStringLiteral("SELECT COUNT(*) FROM candidate WHERE %1").arg(ofRun), values);
    execute(m_connection, QStringLiteral("DELETE FROM absence WHERE %1").arg(ofRun), values);
    execute(m_connection,
            QStringLiteral("DELETE FROM parse WHERE run_id = ? AND NOT EXISTS (SELECT 1 FROM "
                           "candidate c WHERE c.parse_id = parse.id)"),
            values);
    execute(m_connection, QStringLiteral("UPDATE parse SET stale = 1 WHERE run_id = ?"), values);
    return {removed, kept};
}

RunOverlap ParserRunRepository::overlap(ParserRunId first, ParserRunId second) const
{
    const qint64 a = qint64(first);
    const qint64 b = qint64(second);
    RunOverlap overlap{
        .captions =
            countOf(m_connection,
                    QStringLiteral("SELECT COUNT(*) FROM (%1) k").arg(kCommonCaptions), {a, b}),
        .tags = {}};
    QSqlQuery rows = execute(
        m_connection,
        QStringLiteral(
            "SELECT t.id, t.kind, t.display, t.enabled, f.sides, COUNT(*), "
            "SUM(CASE WHEN f.state = 'accept' THEN 1 ELSE 0 END), "
            "SUM(CASE WHEN f.state = 'reject' THEN 1 ELSE 0 END) FROM "
            "(SELECT c.image_id, c.tag_id, MIN(c.state) AS state, "
            "MAX(CASE WHEN p.run_id = ? THEN 1 ELSE 0 END) + "
            "MAX(CASE WHEN p.run_id = ? THEN 2 ELSE 0 END) AS sides "
            "FROM candidate c JOIN parse p ON p.id = c.parse_id WHERE c.origin_id IS NULL "
            "AND p.run_id IN (?, ?) AND p.caption_id IN (%1) GROUP BY c.image_id, c.tag_id) f "
            "JOIN tag t ON t.id = f.tag_id "
            "GROUP BY t.id, t.kind, t.display, t.enabled, f.sides ORDER BY t.id")
            .arg(kCommonCaptions),
        {a, b, a, b, a, b});
    while (rows.next()) {
        const TagId tag{rows.value(0).toLongLong()};
        if (overlap.tags.isEmpty() || overlap.tags.last().tag != tag) {
            overlap.tags.append({.tag = tag,
                                 .kind = kindOf(rows.value(1).toString()),
                                 .display = rows.value(2).toString(),
                                 .enabled = rows.value(3).toBool()});
        }
        addSide(overlap.tags.last(), rows);
    }
    return overlap;
}

QList<ImageId> ParserRunRepository::foundByOne(ParserRunId finder, ParserRunId other,
                                               TagId tag) const
{
    const qint64 a = qint64(finder);
    const qint64 b = qint64(other);
    QSqlQuery rows = execute(
        m_connection,
        QStringLiteral("SELECT c.image_id FROM candidate c JOIN parse p ON p.id = c.parse_id "
                       "WHERE c.tag_id = ? AND c.origin_id IS NULL AND p.run_id IN (?, ?) AND "
                       "p.caption_id IN (%1) "
                       "GROUP BY c.image_id "
                       "HAVING MAX(CASE WHEN p.run_id = ? THEN 1 ELSE 0 END) = 0 "
                       "ORDER BY MIN(CASE WHEN c.state = 'pending' THEN 0 ELSE 1 END), c.image_id")
            .arg(kCommonCaptions),
        {qint64(tag), a, b, a, b, b});
    QList<ImageId> images;
    while (rows.next()) {
        images.append(ImageId{rows.value(0).toLongLong()});
    }
    return images;
}

} // namespace tagalign::db
