#include "db/ParseRows.h"

#include "db/Error.h"
#include "db/ParserRunRepository.h"
#include "db/Statement.h"

namespace tagalign::db {

ParseRows::ParseRows(const QSqlDatabase& connection)
    : m_connection(connection),
      m_insert(prepared(connection,
                        QStringLiteral("INSERT INTO parse (caption_id, parser, parser_version, "
                                       "milliseconds, prompt_version, request, answer, run_id) "
                                       "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"))),
      m_select(prepared(connection,
                        QStringLiteral("SELECT id FROM parse WHERE caption_id = ? AND parser = ? "
                                       "AND parser_version = ? AND prompt_version = ? AND "
                                       "stale = 1"))),
      m_update(
          prepared(connection, QStringLiteral("UPDATE parse SET milliseconds = ?, request = ?, "
                                              "answer = ?, stale = 0 WHERE id = ?")))
{
}

qint64 ParseRows::store(const NewParse& parse)
{
    const qint64 runId = runOf(parse);
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

qint64 ParseRows::runOf(const NewParse& parse)
{
    const std::tuple key(parse.parser, parse.parserVersion, notNull(parse.promptVersion));
    if (const auto known = m_runs.find(key); known != m_runs.end()) {
        return known->second;
    }
    const auto found = runRow(m_connection, parse.parser, parse.parserVersion, parse.promptVersion);
    const qint64 id = qint64(found.id);
    if (found.isReverted()) {
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
    m_hasTakenOver = true;
}

} // namespace tagalign::db
