#include "db/AuditLog.h"

#include "db/Statement.h"

#include <QCryptographicHash>
#include <QDateTime>

namespace tagalign::db {

namespace {

QString rowHash(const QStringList& fields)
{
    QCryptographicHash hash(QCryptographicHash::Sha256);
    for (const QString& field : fields) {
        const QByteArray bytes = field.toUtf8();
        hash.addData(QByteArray::number(bytes.size()) + ':'); // no two rows share one encoding
        hash.addData(bytes);
    }
    return QString::fromLatin1(hash.result().toHex());
}

} // namespace

QString timestamp()
{
    return QDateTime::currentDateTimeUtc().toString(Qt::ISODateWithMs);
}

void AuditLog::append(const QString& who, const QString& action, const QString& detail)
{
    QSqlQuery last =
        execute(m_connection, QStringLiteral("SELECT hash FROM audit ORDER BY id DESC LIMIT 1"));
    const QString previous = last.next() ? last.value(0).toString() : QString();
    last.finish();
    const QString at = timestamp();
    execute(m_connection,
            QStringLiteral("INSERT INTO audit (at, who, action, detail, previous_hash, hash) "
                           "VALUES (?, ?, ?, ?, ?, ?)"),
            {at, who, action, detail, previous.isEmpty() ? QStringLiteral("") : previous,
             rowHash({at, who, action, detail, previous})});
}

std::optional<AuditLog::Break> AuditLog::firstBreak() const
{
    QSqlQuery rows =
        execute(m_connection, QStringLiteral("SELECT id, at, who, action, detail, previous_hash, "
                                             "hash FROM audit ORDER BY id"));
    QString previous;
    qint64 expectedId = 1;
    while (rows.next()) {
        const qint64 id = rows.value(0).toLongLong();
        if (id != expectedId++) {
            return Break{id, QStringLiteral("a row before it is missing")};
        }
        if (rows.value(5).toString() != previous) {
            return Break{id, QStringLiteral("it does not follow the row before it")};
        }
        previous = rows.value(6).toString();
        const QString hash =
            rowHash({rows.value(1).toString(), rows.value(2).toString(), rows.value(3).toString(),
                     rows.value(4).toString(), rows.value(5).toString()});
        if (hash != previous) {
            return Break{id, QStringLiteral("it was changed after it was written")};
        }
    }
    return std::nullopt;
}

int AuditLog::size() const
{
    QSqlQuery query = execute(m_connection, QStringLiteral("SELECT COUNT(*) FROM audit"));
    return query.next() ? query.value(0).toInt() : 0;
}

} // namespace tagalign::db
