#pragma once

#include "db/Rows.h"

#include <QSqlDatabase>
#include <QSqlQuery>

#include <map>
#include <tuple>

namespace tagalign::db {

/// Writes rows of the table of parses, each into its parser's run. Use it inside one transaction.
class ParseRows
{
public:
    explicit ParseRows(const QSqlDatabase& connection); ///< @throws Error

    /// The id of the parse's row: a new one, or that of a parse that was taken back.
    /// @throws Error if the caption was read by this parser before, or if its run was reverted.
    qint64 store(const NewParse& parse);

    /// Was any of them a parse that was taken back? What was kept of it is then there twice.
    [[nodiscard]] bool hasTakenOver() const { return m_hasTakenOver; }

private:
    [[nodiscard]] qint64 runOf(const NewParse& parse);
    [[nodiscard]] qint64 staleRowOf(const NewParse& parse);
    void takeOver(qint64 id, const NewParse& parse);

    QSqlDatabase m_connection;
    QSqlQuery m_insert;
    QSqlQuery m_select; ///< a stale row
    QSqlQuery m_update;
    std::map<std::tuple<QString, QString, QString>, qint64> m_runs;
    bool m_hasTakenOver = false;
};

} // namespace tagalign::db
