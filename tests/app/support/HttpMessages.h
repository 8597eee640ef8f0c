#pragma once

#include <QByteArray>
#include <QList>
#include <QMap>

namespace tagalign::tests {

/// What the servers on loopback read and write.
struct HttpHead
{
    QByteArray path;                      ///< as sent, escapes included
    QMap<QByteArray, QByteArray> headers; ///< names in small letters
};

/// @param text from the request line to the empty line.
[[nodiscard]] HttpHead readHttpHead(const QByteArray& text);

/// A whole answer after which the connection is closed. @param status "404 Not Found"
[[nodiscard]] QByteArray httpAnswer(const QByteArray& status, const QList<QByteArray>& headers,
                                    const QByteArray& body);

} // namespace tagalign::tests
