#pragma once

#include "db/Database.h"

#include <QList>
#include <QString>

namespace tagalign::app {

/// The first metric: how many of the tags in use that captions gave are really on their image.
struct TagPrecision
{
    QString kind; ///< objects, attributes or both
    int accepted = 0;
    int rejected = 0;
    int pairs = 0;    ///< of image and tag, judged or not
    double low = 0.0; ///< Wilson's 95 % interval of the share
    double high = 1.0;

    [[nodiscard]] int judged() const { return accepted + rejected; }

    /// accepted / judged; NaN if none was judged.
    [[nodiscard]] double share() const;

    /// Of which pairs it is the share: of all, or an estimate from some.
    [[nodiscard]] QString basis() const;
};

/// Of the verdicts so far. @throws db::Error
[[nodiscard]] QList<TagPrecision> tagPrecision(const db::Database& database);

/// A line each, for a terminal.
[[nodiscard]] QString precisionTable(const QList<TagPrecision>& rows);

} // namespace tagalign::app
