#pragma once

#include <QString>

namespace tagalign::app {

/// A place in UTF-8, in bytes, as a place in the QString of it, in UTF-16 units.
[[nodiscard]] inline int unitsOf(const QByteArray& utf8, int bytes)
{
    return int(QString::fromUtf8(utf8.left(bytes)).size());
}

} // namespace tagalign::app
