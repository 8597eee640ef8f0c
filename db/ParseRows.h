#pragma once

#include "db/Rows.h"

#include <QSqlQuery>

#include <map>
#include <set>
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

    /// Does the row stored last have this tag of these words already, since a person judged it?
    [[nodiscard]] bool isKept(qint64 tag, const NewCandidate& candidate) const;

private:
    [[nodiscard]] qint64 runOf(const NewParse& parse);
    [[nodiscard]] qint64 staleRowOf(const NewParse& parse);
    void takeOver(qint64 id, const NewParse& parse);

    QSqlQuery m_insert;
    QSqlQuery m_select; ///< a stale row
    QSqlQuery m_update;
    QSqlQuery m_selectKept;
    QSqlQuery m_insertRun;
    QSqlQuery m_selectRun;
    std::map<std::tuple<QString, QString, QString>, qint64> m_runs;
    std::set<std::tuple<QString, int, int, qint64>> m_kept; ///< kind, start, length, tag
};

} // namespace tagalign::db
