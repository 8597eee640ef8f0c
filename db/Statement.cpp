#include "db/Statement.h"

#include "db/Error.h"

#include <QSqlError>

namespace tagalign::db {

namespace {

[[noreturn]] void fail(const QSqlQuery& query, const QString& sql)
{
    throw Error(QStringLiteral("The project file refused \"%1\": %2. Check free disk space and "
                               "that the folder can be written.")
                    .arg(sql.simplified().left(80), query.lastError().text().simplified()));
}

} // namespace

QSqlQuery prepared(const QSqlDatabase& connection, const QString& sql)
{
    QSqlQuery query(connection);
    query.setForwardOnly(true);
    if (!query.prepare(sql)) {
        fail(query, sql);
    }
    return query;
}

void run(QSqlQuery& query)
{
    if (!query.exec()) {
        fail(query, query.lastQuery());
    }
}

QSqlQuery execute(const QSqlDatabase& connection, const QString& sql, const QVariantList& values)
{
    QSqlQuery query = prepared(connection, sql);
    for (const QVariant& value : values) {
        query.addBindValue(value);
    }
    run(query);
    return query;
}

qint64 insertedId(const QSqlQuery& query)
{
    return query.lastInsertId().toLongLong();
}

Transaction::Transaction(const QSqlDatabase& connection)
    : m_connection(connection)
{
    execute(m_connection, QStringLiteral("BEGIN IMMEDIATE"));
    m_open = true;
}

Transaction::~Transaction()
{
    if (m_open) {
        QSqlQuery(m_connection).exec(QStringLiteral("ROLLBACK"));
    }
}

void Transaction::commit()
{
    execute(m_connection, QStringLiteral("COMMIT"));
    m_open = false;
}

} // namespace tagalign::db
