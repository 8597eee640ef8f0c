#pragma once

#include <QSqlDatabase>
#include <QString>

namespace tagalign::db {

/// One connection to a project file (SQLite, WAL, foreign keys on).
///
/// Lives on the thread that opened it; open one per job. Several connections and processes may
/// read at once, writers wait for each other up to 10 s.
class Database
{
public:
    /// Newest schema this program knows; equals the number of the last migration.
    static constexpr int kSchemaVersion = 8;

    /// Opens or creates the file, checks its integrity and migrates it. Before a migration of a
    /// file that holds data, a copy is kept beside it as "<name>.v<N>.backup".
    /// @throws Error if it cannot be opened, is damaged (saying which backup there is), or was
    ///         written by a newer program.
    explicit Database(const QString& path);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    [[nodiscard]] const QSqlDatabase& connection() const { return m_connection; }

    /// A project-wide value; `fallback` if it was never set. @throws Error
    [[nodiscard]] QString setting(const QString& key, const QString& fallback = {}) const;
    void setSetting(const QString& key, const QString& value); ///< may be empty. @throws Error

private:
    void checkIntegrity() const;
    void migrate();
    void backUp(int version) const;

    QString m_path;
    QString m_name; ///< of the connection, unique in the process
    QSqlDatabase m_connection;
};

} // namespace tagalign::db
