#include "db/Database.h"

#include "db/Error.h"
#include "db/Statement.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QSqlError>
#include <QUuid>

namespace tagalign::db {

namespace {

int schemaVersion(const QSqlDatabase& connection)
{
    QSqlQuery query = execute(connection, QStringLiteral("PRAGMA user_version"));
    return query.next() ? query.value(0).toInt() : 0;
}

/// Only these say that the bytes are wrong; others that they cannot be had just now.
bool isDamage(const QSqlError& error)
{
    constexpr int kCorrupt = 11;      // SQLITE_CORRUPT
    constexpr int kNotADatabase = 26; // SQLITE_NOTADB
    const int code = error.nativeErrorCode().toInt() & 0xFF;
    return code == kCorrupt || code == kNotADatabase;
}

QStringList migrationStatements(int number)
{
    const QDir folder(QStringLiteral(":/migrations"));
    const QStringList files =
        folder.entryList({QStringLiteral("%1_*.sql").arg(number, 4, 10, QLatin1Char('0'))});
    Q_ASSERT(files.size() == 1);
    QFile file(folder.filePath(files.first()));
    if (!file.open(QIODevice::ReadOnly)) {
        throw Error(QStringLiteral("Migration %1 is missing from the program.").arg(number));
    }
    return QString::fromUtf8(file.readAll()).split(QStringLiteral("\n;;\n"), Qt::SkipEmptyParts);
}

} // namespace

Database::Database(const QString& path)
    : m_path(path),
      m_name(QUuid::createUuid().toString())
{
    m_connection = QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), m_name);
    m_connection.setDatabaseName(path);
    m_connection.setConnectOptions(QStringLiteral("QSQLITE_BUSY_TIMEOUT=10000"));
    try {
        if (!m_connection.open()) {
            throw Error(QStringLiteral("%1 cannot be opened: %2. Check that the folder exists and "
                                       "can be written.")
                            .arg(path, m_connection.lastError().text().simplified()));
        }
        checkIntegrity();
        execute(m_connection, QStringLiteral("PRAGMA journal_mode = WAL"));
        execute(m_connection, QStringLiteral("PRAGMA synchronous = FULL"));
        execute(m_connection, QStringLiteral("PRAGMA foreign_keys = ON"));
        execute(m_connection, QStringLiteral("PRAGMA cache_size = -65536")); // KiB
        migrate();
    } catch (...) {
        m_connection = QSqlDatabase();
        QSqlDatabase::removeDatabase(m_name);
        throw;
    }
}

Database::~Database()
{
    m_connection.close();
    m_connection = QSqlDatabase();
    QSqlDatabase::removeDatabase(m_name);
}

void Database::checkIntegrity() const
{
    QString found;
    QSqlQuery query(m_connection);
    if (!query.exec(QStringLiteral("PRAGMA integrity_check(1)"))) {
        found = query.lastError().databaseText();
        if (!isDamage(query.lastError())) {
            throw Error(QStringLiteral("%1 cannot be read: %2. Check that no other program holds "
                                       "it, its permissions and free disk space.")
                            .arg(m_path, found.simplified()));
        }
    } else if (query.next()) {
        found = query.value(0).toString();
    }
    if (found == QLatin1String("ok")) {
        return;
    }
    const QFileInfo file(m_path);
    const QStringList backups = file.dir().entryList(
        {file.fileName() + QStringLiteral(".v*.backup")}, QDir::Files, QDir::Name);
    const QString way =
        backups.isEmpty()
            ? QStringLiteral("Restore it from your own backup, or recover what is readable with "
                             "\"sqlite3 %1 .recover\".")
                  .arg(file.fileName())
            : QStringLiteral("Move it away together with \"%1-wal\" and \"%1-shm\", then "
                             "copy the backup \"%2\" to its place.")
                  .arg(file.fileName(), backups.last());
    throw Error(QStringLiteral("%1 is damaged (%2). Nothing was changed. %3")
                    .arg(m_path, found.simplified(), way));
}

void Database::migrate()
{
    int version = schemaVersion(m_connection);
    if (version > kSchemaVersion) {
        throw Error(QStringLiteral("%1 was written by a newer program (schema %2, this program "
                                   "knows %3). Update the program; the file was not touched.")
                        .arg(m_path)
                        .arg(version)
                        .arg(kSchemaVersion));
    }
    if (version == kSchemaVersion) {
        return;
    }
    if (!m_connection.tables().isEmpty()) {
        backUp(version);
    }
    Transaction transaction(m_connection);
    // Another process may have migrated while this one waited for the lock.
    for (version = schemaVersion(m_connection); version < kSchemaVersion; ++version) {
        for (const QString& statement : migrationStatements(version + 1)) {
            if (!statement.trimmed().isEmpty()) {
                execute(m_connection, statement);
            }
        }
        execute(m_connection, QStringLiteral("PRAGMA user_version = %1").arg(version + 1));
    }
    transaction.commit();
}

void Database::backUp(int version) const
{
    const QString target = QStringLiteral("%1.v%2.backup").arg(m_path).arg(version);
    if (QFile::exists(target)) {
        return; // an earlier, interrupted migration made it
    }
    const QString partial = target + QStringLiteral(".partial");
    QFile::remove(partial);
    execute(m_connection, QStringLiteral("VACUUM INTO ?"), {partial});
    if (!QFile::rename(partial, target)) {
        throw Error(QStringLiteral("The backup %1 cannot be written, so the project was not "
                                   "migrated.")
                        .arg(target));
    }
}

QString Database::setting(const QString& key, const QString& fallback) const
{
    QSqlQuery query =
        execute(m_connection, QStringLiteral("SELECT value FROM setting WHERE key = ?"), {key});
    return query.next() ? query.value(0).toString() : fallback;
}

void Database::setSetting(const QString& key, const QString& value)
{
    execute(m_connection,
            QStringLiteral("INSERT INTO setting (key, value) VALUES (?, ?) "
                           "ON CONFLICT (key) DO UPDATE SET value = excluded.value"),
            {key, value.isNull() ? QLatin1String("") : value}); // no NULL: it is set
}

} // namespace tagalign::db
