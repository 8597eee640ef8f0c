#include "db/TraceRepository.h"

#include "db/Statement.h"
#include "db/TagRepository.h"

namespace tagalign::db {

TagTrace TraceRepository::traceOf(ImageId image, TagId tag) const
{
    return {sourcesOf(image, tag), silentOn(image, tag), verdictsOn(image, tag)};
}

QList<TraceSource> TraceRepository::sourcesOf(ImageId image, TagId tag) const
{
    QSqlQuery rows = execute(
        m_connection,
        QStringLiteral("SELECT c.id, p.caption_id, k.text, c.span_start, c.span_length, "
                       "COALESCE(o.display, ''), c.confidence, c.inferred, p.run_id, p.parser, "
                       "p.parser_version, p.prompt_version, COALESCE(q.text, ''), p.request, "
                       "p.answer, COALESCE(r.reverted_at, '') "
                       "FROM candidate c JOIN parse p ON p.id = c.parse_id "
                       "JOIN caption k ON k.id = p.caption_id "
                       "LEFT JOIN parser_run r ON r.id = p.run_id "
                       "LEFT JOIN tag o ON o.id = c.owner_tag_id "
                       "LEFT JOIN prompt q ON q.version = p.prompt_version "
                       "WHERE c.image_id = ? AND c.tag_id = ? ORDER BY c.confidence DESC, c.id"),
        {qint64(image), qint64(tag)});
    QList<TraceSource> sources;
    while (rows.next()) {
        sources.append({CandidateId{rows.value(0).toLongLong()},
                        CaptionId{rows.value(1).toLongLong()}, rows.value(2).toString(),
                        rows.value(3).toInt(), rows.value(4).toInt(), rows.value(5).toString(),
                        rows.value(6).toDouble(), rows.value(7).toBool(),
                        ParserRunId{rows.value(8).toLongLong()}, rows.value(9).toString(),
                        rows.value(10).toString(), rows.value(11).toString(),
                        rows.value(12).toString(), rows.value(13).toString(),
                        rows.value(14).toString(), !rows.value(15).toString().isEmpty()});
    }
    return sources;
}

QList<SilentParser> TraceRepository::silentOn(ImageId image, TagId tag) const
{
    QSqlQuery rows =
        execute(m_connection,
                QStringLiteral("SELECT r.parser, r.parser_version, r.prompt_version, COUNT(*) "
                               "FROM parser_run r JOIN parse p ON p.run_id = r.id "
                               "JOIN caption k ON k.id = p.caption_id "
                               "WHERE k.image_id = ? AND p.stale = 0 AND r.reverted_at = '' "
                               "AND NOT EXISTS (SELECT 1 FROM candidate c JOIN parse s ON "
                               "s.id = c.parse_id WHERE s.run_id = r.id AND c.image_id = ? AND "
                               "c.tag_id = ?) "
                               "GROUP BY r.id, r.parser, r.parser_version, r.prompt_version "
                               "ORDER BY r.id"),
                {qint64(image), qint64(image), qint64(tag)});
    QList<SilentParser> silent;
    while (rows.next()) {
        silent.append({rows.value(0).toString(), rows.value(1).toString(), rows.value(2).toString(),
                       rows.value(3).toInt()});
    }
    return silent;
}

QList<TraceVerdict> TraceRepository::verdictsOn(ImageId image, TagId tag) const
{
    QSqlQuery rows = execute(
        m_connection,
        QStringLiteral("SELECT v.id, v.verdict, v.previous, v.who, v.at, v.duration_ms, v.mode, "
                       "CASE WHEN v.undoes IS NULL THEN 0 ELSE 1 END, "
                       "CASE WHEN EXISTS (SELECT 1 FROM verdict u WHERE u.undoes = v.id) "
                       "THEN 1 ELSE 0 END, v.candidate_id "
                       "FROM verdict v JOIN candidate c ON c.id = v.candidate_id "
                       "WHERE c.image_id = ? AND c.tag_id = ? ORDER BY v.id"),
        {qint64(image), qint64(tag)});
    QList<TraceVerdict> verdicts;
    while (rows.next()) {
        verdicts.append(
            {VerdictId{rows.value(0).toLongLong()}, stateOf(rows.value(1).toString()),
             stateOf(rows.value(2).toString()), rows.value(3).toString(), rows.value(4).toString(),
             rows.value(5).toInt(),
             rows.value(6).toString() == QLatin1String("bulk") ? Mode::Bulk : Mode::Single,
             rows.value(7).toBool(), rows.value(8).toBool(),
             CandidateId{rows.value(9).toLongLong()}});
    }
    return verdicts;
}

} // namespace tagalign::db
