#pragma once

#include <QSqlDatabase>
#include <QSqlQuery>
#include <QString>
#include <QVariant>

namespace tagalign::db {

/// A prepared statement. @throws Error with the statement and the driver's text.
[[nodiscard]] QSqlQuery prepared(const QSqlDatabase& connection, const QString& sql);

/// Runs a prepared statement. @throws Error with the statement and the driver's text.
void run(QSqlQuery& query);

/// Prepares, binds by position, runs. @throws Error
QSqlQuery execute(const QSqlDatabase& connection, const QString& sql,
                  const QVariantList& values = {});

/// The id of the row that the statement inserted.
[[nodiscard]] qint64 insertedId(const QSqlQuery& query);

/// Qt binds a null string as NULL.
[[nodiscard]] inline QString notNull(const QString& text)
{
    return text.isNull() ? QStringLiteral("") : text;
}

/// One write transaction. Takes the write lock at once, so that two writers wait for each other
/// instead of failing half-way. Rolls back unless committed.
class Transaction
{
public:
    explicit Transaction(const QSqlDatabase& connection); ///< @throws Error
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    void commit(); ///< @throws Error

private:
    QSqlDatabase m_connection;
    bool m_open = false;
};

} // namespace tagalign::db
