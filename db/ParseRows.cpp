#include "db/ParseRows.h"

#include "db/AuditLog.h"
#include "db/Error.h"
#include "db/Statement.h"
#include "db/TagRepository.h"

namespace tagalign::db {

namespace {

std::tuple<QString, int, int, qint64> keyOf(const QString& kind, int start, int length, qint64 tag)
{
    return {kind, start, length, tag};
}

} // namespace

ParseRows::ParseRows(const QSqlDatabase& connection)
    : m_insert(prepared(connection,
                        QStringLiteral("INSERT INTO parse (caption_id, parser, parser_version, "
                                       "milliseconds, prompt_version, request, answer, run_id) "
                                       "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"))),
      m_select(prepared(connection,
                        QStringLiteral("SELECT id FROM parse WHERE caption_id = ? AND parser = ? "
                                       "AND parser_version = ? AND prompt_version = ? AND "
                                       "stale = 1"))),
      m_update(
          prepared(connection, QStringLiteral("UPDATE parse SET milliseconds = ?, request = ?, "
                                              "answer = ?, stale = 0 WHERE id = ?"))),
      m_selectKept(prepared(
          connection, QStringLiteral("SELECT t.kind, c.span_start, c.span_length, c.tag_id FROM "
                                     "candidate c JOIN tag t ON t.id = c.tag_id WHERE "
                                     "c.parse_id = ?"))),
      m_insertRun(prepared(
          connection,
          QStringLiteral("INSERT INTO parser_run (parser, parser_version, prompt_version, "
                         "started_at) VALUES (?, ?, ?, ?) ON CONFLICT (parser, parser_version, "
                         "prompt_version) DO NOTHING"))),
      m_selectRun(prepared(connection,
                           QStringLiteral("SELECT id, reverted_at FROM parser_run WHERE parser = ? "
                                          "AND parser_version = ? AND prompt_version = ?")))
{
}

qint64 ParseRows::store(const NewParse& parse)
{
    const qint64 runId = runOf(parse);
    m_kept.clear();
    if (const qint64 stale = staleRowOf(parse); stale > 0) {
        takeOver(stale, parse);
        return stale;
    }
    const QVariantList values{qint64(parse.caption),        parse.parser,
                              parse.parserVersion,          parse.milliseconds,
                              notNull(parse.promptVersion), notNull(parse.request),
                              notNull(parse.answer),        runId};
    for (int place = 0; place < values.size(); ++place) {
        m_insert.bindValue(place, values.at(place));
    }
    run(m_insert);
    return insertedId(m_insert);
}

bool ParseRows::isKept(qint64 tag, const NewCandidate& candidate) const
{
    return m_kept.contains(
        keyOf(kindName(candidate.kind), candidate.spanStart, candidate.spanLength, tag));
}

qint64 ParseRows::runOf(const NewParse& parse)
{
    const std::tuple key(parse.parser, parse.parserVersion, notNull(parse.promptVersion));
    if (const auto known = m_runs.find(key); known != m_runs.end()) {
        return known->second;
    }
    for (QSqlQuery* query : {&m_insertRun, &m_selectRun}) {
        query->bindValue(0, std::get<0>(key));
        query->bindValue(1, std::get<1>(key));
        query->bindValue(2, std::get<2>(key));
    }
    m_insertRun.bindValue(3, timestamp());
    run(m_insertRun);
    run(m_selectRun);
    m_selectRun.next();
    const qint64 id = m_selectRun.value(0).toLongLong();
    const bool isReverted = !m_selectRun.value(1).toString().isEmpty();
    m_selectRun.finish();
    if (isReverted) {
        throw Error(QStringLiteral("Run %1 (%2 %3) was reverted, so its tags are not stored; run "
                                   "it again to have them.")
                        .arg(id)
                        .arg(parse.parser, parse.parserVersion));
    }
    m_runs.emplace(key, id);
    return id;
}

qint64 ParseRows::staleRowOf(const NewParse& parse)
{
    m_select.bindValue(0, qint64(parse.caption));
    m_select.bindValue(1, parse.parser);
    m_select.bindValue(2, parse.parserVersion);
    m_select.bindValue(3, notNull(parse.promptVersion));
    run(m_select);
    const qint64 id = m_select.next() ? m_select.value(0).toLongLong() : 0;
    m_select.finish();
    return id;
}

void ParseRows::takeOver(qint64 id, const NewParse& parse)
{
    m_update.bindValue(0, parse.milliseconds);
    m_update.bindValue(1, notNull(parse.request));
    m_update.bindValue(2, notNull(parse.answer));
    m_update.bindValue(3, id);
    run(m_update);
    m_selectKept.bindValue(0, id);
    run(m_selectKept);
    while (m_selectKept.next()) {
        m_kept.insert(keyOf(m_selectKept.value(0).toString(), m_selectKept.value(1).toInt(),
                            m_selectKept.value(2).toInt(), m_selectKept.value(3).toLongLong()));
    }
    m_selectKept.finish();
}

} // namespace tagalign::db
