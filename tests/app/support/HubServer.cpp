#include "tests/app/support/HubServer.h"

#include "tests/app/support/HttpMessages.h"

#include <QCryptographicHash>
#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QMutexLocker>
#include <QPointer>
#include <QRegularExpression>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTimer>
#include <QUrl>

namespace tagalign::tests {

namespace {

constexpr qint64 kLargeFile = 64 * 1024;
constexpr int kTickMs = 10;

QByteArray hexHash(const QByteArray& bytes, QCryptographicHash::Algorithm algorithm)
{
    return QCryptographicHash::hash(bytes, algorithm).toHex();
}

QByteArray gitBlob(const QByteArray& bytes)
{
    return hexHash("blob " + QByteArray::number(bytes.size()) + '\0' + bytes,
                   QCryptographicHash::Sha1);
}

} // namespace

struct Repository
{
    QByteArray commit;
    QMap<QString, QByteArray> files;
};

class HubServer::Worker : public QObject
{
public:
    void listen()
    {
        for (QTcpServer** server : {&m_hub, &m_files}) {
            *server = new QTcpServer(this);
            (*server)->listen(QHostAddress::LocalHost);
            connect(*server, &QTcpServer::newConnection, this,
                    [this, listener = *server] { accept(*listener); });
        }
        hubPort = m_hub->serverPort();
        filesPort = m_files->serverPort();
    }

    void close()
    {
        delete m_hub;
        delete m_files;
    }

    quint16 hubPort = 0;
    quint16 filesPort = 0;
    mutable QMutex mutex; ///< of all below
    QMap<QString, Repository> repositories;
    QMap<QString, Fault> faults;
    QList<Request> requests;
    QByteArray list;
    QString licence = QStringLiteral("mit");

private:
    void accept(QTcpServer& server)
    {
        while (QTcpSocket* socket = server.nextPendingConnection()) {
            socket->setParent(this); // a request under way may outlive its server
            connect(socket, &QTcpSocket::disconnected, socket, &QObject::deleteLater);
            connect(socket, &QTcpSocket::readyRead, this,
                    [this, socket, isFileServer = &server == m_files,
                     head = std::make_shared<QByteArray>()] {
                        *head += socket->readAll();
                        if (head->contains("\r\n\r\n")) {
                            answer(*socket, requestOf(*head, isFileServer));
                            head->clear();
                        }
                    });
        }
    }

    Request requestOf(const QByteArray& head, bool isFileServer) const
    {
        const HttpHead read = readHttpHead(head);
        Request request{.path = read.path, .headers = read.headers, .isFileServer = isFileServer};
        if (request.path.startsWith("http://")) { // as a proxy is asked
            const QUrl url = QUrl::fromEncoded(request.path);
            request.proxiedHost = url.host();
            request.isFileServer = url.port() == filesPort;
            request.path = url.toEncoded(QUrl::RemoveScheme | QUrl::RemoveAuthority);
        }
        return request;
    }

    void answer(QTcpSocket& socket, const Request& request)
    {
        const QMutexLocker lock(&mutex);
        requests.append(request);
        static const QRegularExpression listing(
            QStringLiteral("^/api/models/([^/]+/[^/]+)/revision/([^/?]+)\\?blobs=true$"));
        static const QRegularExpression file(QStringLiteral(
            "^(/api/resolve-cache/models)?/([^/]+/[^/]+)/(?:resolve/)?([0-9a-f]{40})/(.+)$"));
        const QString path = QString::fromLatin1(request.path);
        if (const auto match = listing.match(path); match.hasMatch() && !request.isFileServer) {
            sendList(socket, match.captured(1), match.captured(2));
            return;
        }
        const auto found = file.match(path);
        const QString name = QUrl::fromPercentEncoding(found.captured(4).toLatin1());
        const auto repository = repositories.find(found.captured(2));
        requests.last().isFile = request.isFileServer || !found.captured(1).isEmpty();
        if (repository == repositories.end() || !repository->files.contains(name) ||
            repository->commit != found.captured(3).toLatin1()) {
            send(socket, "404 Not Found", {"X-Error-Code: EntryNotFound"}, {});
        } else if (requests.last().isFile) {
            sendFile(socket, request, repository->files[name], name);
        } else if (repository->files[name].size() < kLargeFile) {
            send(socket, "307 Temporary Redirect",
                 {"Location: /api/resolve-cache/models" +
                  QByteArray(request.path).replace("/resolve/", "/")},
                 {});
        } else {
            send(socket, "302 Found",
                 {"Location: http://127.0.0.1:" + QByteArray::number(filesPort) + request.path},
                 {});
        }
    }

    void sendList(QTcpSocket& socket, const QString& name, const QString& revision)
    {
        const auto repository = repositories.find(name);
        if (repository == repositories.end()) {
            send(socket, "401 Unauthorized", {"X-Error-Code: RepoNotFound"}, {});
            return;
        }
        if (revision != QLatin1String("main") && revision != QLatin1String("refs%2Fpr%2F1")) {
            send(socket, "404 Not Found", {"X-Error-Code: RevisionNotFound"}, {});
            return;
        }
        QJsonArray siblings;
        for (auto entry = repository->files.begin(); entry != repository->files.end(); ++entry) {
            const QByteArray& bytes = entry.value();
            QJsonObject row{{"rfilename", entry.key()},
                            {"size", bytes.size()},
                            {"blobId", QString::fromLatin1(gitBlob(bytes))}};
            if (bytes.size() >= kLargeFile) {
                row["lfs"] = QJsonObject{
                    {"sha256", QString::fromLatin1(hexHash(bytes, QCryptographicHash::Sha256))},
                    {"size", bytes.size()},
                    {"pointerSize", 134}};
            }
            siblings.append(row);
        }
        const QJsonObject page{{"id", name},
                               {"sha", QString::fromLatin1(repository->commit)},
                               {"cardData", QJsonObject{{"license", licence}}},
                               {"siblings", siblings}};
        send(socket, "200 OK", {"Content-Type: application/json"},
             list.isEmpty() ? QJsonDocument(page).toJson() : list);
    }

    void sendFile(QTcpSocket& socket, const Request& request, const QByteArray& listed,
                  const QString& name)
    {
        const Fault fault = faults.value(name);
        if (fault.status != 0) {
            send(socket, QByteArray::number(fault.status) + " Planted", {}, "planted");
            return;
        }
        const QByteArray bytes = fault.instead.isEmpty() ? listed : fault.instead;
        const QByteArray tag = '"' + hexHash(bytes, QCryptographicHash::Md5) + '"';
        static const QRegularExpression range(QStringLiteral("^bytes=(\\d+)-$"));
        const auto wanted = range.match(QString::fromLatin1(request.headers.value("range")));
        const bool isSame =
            !request.headers.contains("if-range") || request.headers["if-range"] == tag;
        const qint64 start = wanted.hasMatch() && isSame && !fault.ignoresRange
                                 ? wanted.captured(1).toLongLong()
                                 : 0;
        if (start > bytes.size()) {
            send(socket, "416 Range Not Satisfiable", {}, {});
            return;
        }
        const QByteArray body = bytes.mid(start);
        QByteArray head = start > 0 ? "HTTP/1.1 206 Partial Content\r\n" : "HTTP/1.1 200 OK\r\n";
        if (start > 0) {
            head += "Content-Range: bytes " + QByteArray::number(start) + '-' +
                    QByteArray::number(bytes.size() - 1) + '/' + QByteArray::number(bytes.size()) +
                    "\r\n";
        }
        head += "Content-Length: " + QByteArray::number(body.size() + fault.lengthError) +
                "\r\nAccept-Ranges: bytes\r\nETag: " + tag + "\r\nConnection: close\r\n\r\n";
        socket.write(head);
        const bool isCut = fault.cutAfter >= 0 && fault.cuts > 0;
        if (isCut) {
            --faults[name].cuts;
        }
        const QByteArray sent = isCut ? body.left(fault.cutAfter) : body;
        sendSlowly(socket, sent, fault, !(isCut && fault.stalls));
    }

    void sendSlowly(QTcpSocket& socket, const QByteArray& body, const Fault& fault, bool closes)
    {
        if (fault.bytesPerTick <= 0) {
            socket.write(body);
            if (closes) {
                socket.disconnectFromHost();
            }
            return;
        }
        auto* tick = new QTimer(&socket);
        connect(
            tick, &QTimer::timeout, &socket,
            [&socket, body, step = fault.bytesPerTick, closes, tick, done = qint64(0)]() mutable {
                if (socket.bytesToWrite() > 4 * step) {
                    return; // the other side does not keep up
                }
                socket.write(body.mid(done, step));
                done += step;
                if (done >= body.size()) {
                    tick->stop();
                    if (closes) {
                        socket.disconnectFromHost();
                    }
                }
            });
        tick->start(kTickMs);
    }

    static void send(QTcpSocket& socket, const QByteArray& status, const QList<QByteArray>& headers,
                     const QByteArray& body)
    {
        socket.write(httpAnswer(status, headers, body));
        socket.disconnectFromHost();
    }

    QTcpServer* m_hub = nullptr;
    QTcpServer* m_files = nullptr;
};

HubServer::HubServer()
    : m_worker(std::make_unique<Worker>())
{
    m_worker->moveToThread(&m_thread);
    m_thread.start();
    QMetaObject::invokeMethod(
        m_worker.get(), [this] { m_worker->listen(); }, Qt::BlockingQueuedConnection);
}

HubServer::~HubServer()
{
    QMetaObject::invokeMethod(
        m_worker.get(),
        [this] {
            m_worker->close();
            qDeleteAll(m_worker->findChildren<QTcpSocket*>(Qt::FindDirectChildrenOnly));
        },
        Qt::BlockingQueuedConnection);
    m_thread.quit();
    m_thread.wait();
}

QString HubServer::endpoint() const
{
    return QStringLiteral("http://127.0.0.1:%1").arg(m_worker->hubPort);
}

void HubServer::setRepository(const QString& name, const QMap<QString, QByteArray>& files,
                              const QByteArray& commit)
{
    const QMutexLocker lock(&m_worker->mutex);
    m_worker->repositories[name] = {commit, files};
}

void HubServer::setRepositoryFrom(const QString& name, const QString& folder)
{
    QMap<QString, QByteArray> files;
    for (const QFileInfo& entry : QDir(folder).entryInfoList(QDir::Files)) {
        QFile file(entry.filePath());
        if (file.open(QIODevice::ReadOnly)) {
            files.insert(entry.fileName(), file.readAll());
        }
    }
    setRepository(name, files);
}

void HubServer::setLicence(const QString& licence)
{
    const QMutexLocker lock(&m_worker->mutex);
    m_worker->licence = licence;
}

void HubServer::setList(const QByteArray& json)
{
    const QMutexLocker lock(&m_worker->mutex);
    m_worker->list = json;
}

void HubServer::setFault(const QString& path, const Fault& fault)
{
    const QMutexLocker lock(&m_worker->mutex);
    m_worker->faults[path] = fault;
}

void HubServer::clearFaults()
{
    const QMutexLocker lock(&m_worker->mutex);
    m_worker->faults.clear();
    m_worker->list.clear();
}

QList<HubServer::Request> HubServer::requests() const
{
    const QMutexLocker lock(&m_worker->mutex);
    return m_worker->requests;
}

void HubServer::forgetRequests()
{
    const QMutexLocker lock(&m_worker->mutex);
    m_worker->requests.clear();
}

} // namespace tagalign::tests
