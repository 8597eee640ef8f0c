#include "tests/app/support/LlmServer.h"

#include "tests/app/support/HttpMessages.h"

#include <QElapsedTimer>
#include <QJsonArray>
#include <QJsonDocument>
#include <QMutex>
#include <QMutexLocker>
#include <QPointer>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTimer>

#include <algorithm>
#include <memory>

namespace tagalign::tests {

namespace {

QJsonObject partOf(int id, const QString& caption)
{
    QStringList words = caption.split(QLatin1Char(' '), Qt::SkipEmptyParts);
    QJsonArray objects;
    if (!words.isEmpty()) {
        const QString thing = words.takeLast();
        QJsonArray attributes;
        for (const QString& word : words) {
            if (word != QLatin1String("a") && word != QLatin1String("the")) {
                attributes.append(QJsonObject{{"name", word.toLower()}, {"words", word}});
            }
        }
        objects.append(
            QJsonObject{{"name", thing.toLower()}, {"words", thing}, {"attributes", attributes}});
    }
    return {{"id", id}, {"objects", objects}};
}

QByteArray completion(const QByteArray& content, const QByteArray& finish, bool countsTokens)
{
    const QJsonObject said{{"role", "assistant"}, {"content", QString::fromUtf8(content)}};
    QJsonObject body{{"id", "chatcmpl-1"},
                     {"object", "chat.completion"},
                     {"choices", QJsonArray{QJsonObject{
                                     {"index", 0},
                                     {"message", said},
                                     {"finish_reason",
                                      QString::fromLatin1(finish.isEmpty() ? "stop" : finish)}}}}};
    if (countsTokens) {
        body["usage"] = QJsonObject{{"prompt_tokens", LlmServer::kInputTokens},
                                    {"completion_tokens", LlmServer::kOutputTokens}};
    }
    return QJsonDocument(body).toJson(QJsonDocument::Compact);
}

QStringList captionsOf(const QJsonObject& request)
{
    const QString data = request["messages"].toArray().at(1)["content"].toString();
    QStringList captions;
    for (const auto& caption :
         QJsonDocument::fromJson(data.toUtf8()).object()["captions"].toArray()) {
        captions.append(caption.toObject()["text"].toString());
    }
    return captions;
}

} // namespace

QByteArray llmContent(const QStringList& captions)
{
    QJsonArray parts;
    for (const QString& caption : captions) {
        parts.append(partOf(int(parts.size()) + 1, caption));
    }
    return QJsonDocument(QJsonObject{{"captions", parts}}).toJson(QJsonDocument::Compact);
}

class LlmServer::Worker : public QObject
{
public:
    void listen()
    {
        m_clock.start();
        m_server = new QTcpServer(this);
        m_server->listen(QHostAddress::LocalHost);
        port = m_server->serverPort();
        connect(m_server, &QTcpServer::newConnection, this, [this] {
            while (QTcpSocket* socket = m_server->nextPendingConnection()) {
                accept(socket);
            }
        });
    }

    void close()
    {
        delete m_server;
        qDeleteAll(findChildren<QTcpSocket*>(Qt::FindDirectChildrenOnly));
    }

    quint16 port = 0;
    mutable QMutex mutex; ///< of all below
    QList<std::pair<QString, Fault>> faults;
    QList<Request> requests;
    QByteArray refusedField;
    int delayMs = 0;
    int atOnce = 0;
    int mostAtOnce = 0;
    bool countsTokens = true;

private:
    void accept(QTcpSocket* socket)
    {
        socket->setParent(this);
        connect(socket, &QTcpSocket::disconnected, socket, &QObject::deleteLater);
        connect(socket, &QTcpSocket::readyRead, this,
                [this, socket, text = std::make_shared<QByteArray>()] {
                    *text += socket->readAll();
                    const qsizetype end = text->indexOf("\r\n\r\n");
                    if (end < 0) {
                        return;
                    }
                    const HttpHead head = readHttpHead(text->left(end));
                    const QByteArray body = text->mid(end + 4);
                    if (body.size() >= head.headers.value("content-length").toLongLong()) {
                        text->clear();
                        answer(socket, head, body);
                    }
                });
    }

    void answer(QTcpSocket* socket, const HttpHead& head, const QByteArray& body)
    {
        const QMutexLocker lock(&mutex);
        Request request{head.path, head.headers, body, QJsonDocument::fromJson(body).object(), {}};
        request.captions = captionsOf(request.json);
        request.atMs = m_clock.elapsed();
        requests.append(request);
        mostAtOnce = std::max(mostAtOnce, ++atOnce);
        const Fault fault = faultFor(request.captions);
        if (fault.isSilent) {
            connect(socket, &QTcpSocket::disconnected, this, [this] {
                const QMutexLocker over(&mutex);
                --atOnce;
            });
            return;
        }
        const QByteArray bytes = bytesFor(request, fault);
        QTimer::singleShot(delayMs, this, [this, guard = QPointer<QTcpSocket>(socket), bytes] {
            {
                const QMutexLocker over(&mutex);
                --atOnce;
            }
            if (guard) {
                guard->write(bytes);
                guard->disconnectFromHost();
            }
        });
    }

    Fault faultFor(const QStringList& captions)
    {
        for (auto& [part, fault] : faults) {
            const bool isMeant = std::any_of(
                captions.begin(), captions.end(),
                [&wanted = part](const QString& caption) { return caption.contains(wanted); });
            if (isMeant && fault.times > 0) {
                --fault.times;
                return fault;
            }
        }
        return {};
    }

    QByteArray bytesFor(const Request& request, const Fault& fault) const
    {
        if (!request.path.endsWith("/v1/chat/completions")) {
            return httpAnswer("404 Not Found", {}, R"({"error":{"message":"no such path"}})");
        }
        if (!refusedField.isEmpty() && request.body.contains(refusedField)) {
            return httpAnswer("400 Bad Request", {},
                              R"({"error":{"message":"this server does not support )" +
                                  refusedField + R"("}})");
        }
        const QByteArray content =
            fault.content.isEmpty() ? llmContent(request.captions) : fault.content;
        const QByteArray body = fault.isRaw || fault.status != 0
                                    ? fault.body
                                    : completion(content, fault.finish, countsTokens);
        const QByteArray status =
            fault.status == 0 ? "200 OK" : QByteArray::number(fault.status) + " Planted";
        const QByteArray whole =
            httpAnswer(status, fault.headers, body + QByteArray(fault.filler, ' '));
        return fault.cutAfter < 0 ? whole
                                  : whole.left(whole.indexOf("\r\n\r\n") + 4 + fault.cutAfter);
    }

    QTcpServer* m_server = nullptr;
    QElapsedTimer m_clock;
};

LlmServer::LlmServer()
    : m_worker(std::make_unique<Worker>())
{
    m_worker->moveToThread(&m_thread);
    m_thread.start();
    QMetaObject::invokeMethod(
        m_worker.get(), [this] { m_worker->listen(); }, Qt::BlockingQueuedConnection);
}

LlmServer::~LlmServer()
{
    QMetaObject::invokeMethod(
        m_worker.get(), [this] { m_worker->close(); }, Qt::BlockingQueuedConnection);
    m_thread.quit();
    m_thread.wait();
}

QString LlmServer::endpoint() const
{
    return QStringLiteral("http://127.0.0.1:%1/v1").arg(m_worker->port);
}

void LlmServer::setFault(const QString& caption, const Fault& fault)
{
    const QMutexLocker lock(&m_worker->mutex);
    m_worker->faults.prepend({caption, fault});
}

void LlmServer::clearFaults()
{
    const QMutexLocker lock(&m_worker->mutex);
    m_worker->faults.clear();
}

void LlmServer::setDelay(int milliseconds)
{
    const QMutexLocker lock(&m_worker->mutex);
    m_worker->delayMs = milliseconds;
}

void LlmServer::setRefusedField(const QByteArray& field)
{
    const QMutexLocker lock(&m_worker->mutex);
    m_worker->refusedField = field;
}

void LlmServer::setCountsTokens(bool counts)
{
    const QMutexLocker lock(&m_worker->mutex);
    m_worker->countsTokens = counts;
}

QList<LlmServer::Request> LlmServer::requests() const
{
    const QMutexLocker lock(&m_worker->mutex);
    return m_worker->requests;
}

int LlmServer::requestsAbout(const QString& caption) const
{
    const QList<Request> all = requests();
    return int(std::count_if(all.begin(), all.end(), [&caption](const Request& request) {
        return request.captions.contains(caption);
    }));
}

int LlmServer::mostAtOnce() const
{
    const QMutexLocker lock(&m_worker->mutex);
    return m_worker->mostAtOnce;
}

void LlmServer::forgetRequests()
{
    const QMutexLocker lock(&m_worker->mutex);
    m_worker->requests.clear();
    m_worker->mostAtOnce = 0;
}

} // namespace tagalign::tests
