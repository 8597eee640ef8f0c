#pragma once

#include "db/Database.h"

#include <QByteArray>
#include <QList>
#include <QString>

namespace tagalign::app {

/// The vocabulary as CSV (RFC 4180, UTF-8), a tag a row, merged ones too. Cells that a spreadsheet
/// would take for a formula begin with a "'", which reading takes away. Import changes what differs
/// from the project: display, class, priority, use (on, off, auto), english, merged_into, parent;
/// the counts are for people.
[[nodiscard]] QByteArray vocabularyCsv(const db::Database& database); ///< @throws db::Error

/// @throws model::Error naming the file if it cannot be written
void exportVocabulary(const db::Database& database, const QString& file);

struct CsvProblem
{
    int line = 0; ///< from 1
    QString reason;
};

struct VocabularyImport
{
    int rows = 0;               ///< read
    int changed = 0;            ///< tags
    QList<CsvProblem> problems; ///< rows that were refused, by line

    [[nodiscard]] QString sentence() const;
};

/// Makes the changes of all good rows, as one undo step.
/// @throws model::Error naming the file if it cannot be read, or has no columns "kind" and "tag"
[[nodiscard]] VocabularyImport importVocabulary(const db::Database& database, const QString& file);

} // namespace tagalign::app
