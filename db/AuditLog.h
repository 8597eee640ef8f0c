#pragma once

#include <QSqlDatabase>
#include <QString>

#include <optional>

namespace tagalign::db {

/// The append-only record of who did what. Each row carries the SHA-256 of the row before it, so
/// that a changed or removed row breaks the chain.
class AuditLog
{
public:
    explicit AuditLog(const QSqlDatabase& connection)
        : m_connection(connection)
    {
    }

    /// Call it inside the transaction of what it records. @throws Error
    void append(const QString& who, const QString& action, const QString& detail);

    struct Break
    {
        qint64 row = 0;
        QString reason;
    };

    /// The first row that does not fit, or nothing if the chain is whole. @throws Error
    [[nodiscard]] std::optional<Break> firstBreak() const;

    [[nodiscard]] int size() const; ///< rows. @throws Error

private:
    QSqlDatabase m_connection;
};

/// UTC now as stored everywhere: ISO 8601 with milliseconds.
[[nodiscard]] QString timestamp();

} // namespace tagalign::db
