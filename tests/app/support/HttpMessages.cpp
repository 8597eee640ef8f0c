#include "tests/app/support/HttpMessages.h"

namespace tagalign::tests {

HttpHead readHttpHead(const QByteArray& text)
{
    const QList<QByteArray> lines = text.split('\n');
    HttpHead head{.path = lines.first().split(' ').value(1)};
    for (const QByteArray& line : lines.mid(1)) {
        const qsizetype colon = line.indexOf(':');
        if (colon > 0) {
            head.headers.insert(line.left(colon).toLower(), line.mid(colon + 1).trimmed());
        }
    }
    return head;
}

QByteArray httpAnswer(const QByteArray& status, const QList<QByteArray>& headers,
                      const QByteArray& body)
{
    QByteArray answer = "HTTP/1.1 " + status + "\r\n";
    for (const QByteArray& header : headers) {
        answer += header + "\r\n";
    }
    return answer + "Content-Length: " + QByteArray::number(body.size()) +
           "\r\nConnection: close\r\n\r\n" + body;
}

} // namespace tagalign::tests
