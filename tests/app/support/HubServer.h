#pragma once

#include <QByteArray>
#include <QList>
#include <QMap>
#include <QMutex>
#include <QString>
#include <QThread>

#include <memory>

namespace tagalign::tests {

/// A model hub on loopback, spoken to over real sockets: it lists repositories, sends to a second
/// port for large files (another origin, as a hub's file servers are), to another path for small
/// ones, and serves ranges. What goes wrong is
/// planted, file by file. Runs on a thread of its own; every method may be called from any thread.
class HubServer
{
public:
    struct Request
    {
        QByteArray path;                      ///< as sent, escapes included
        QMap<QByteArray, QByteArray> headers; ///< names in small letters
        bool isFile = false;                  ///< for a file's bytes, not for where they are
        bool isFileServer = false;            ///< came to the second port
        QString proxiedHost;                  ///< this server was asked as a proxy for another
    };

    /// What happens to a file's answers.
    struct Fault
    {
        int status = 0;            ///< instead of 200 or 206
        qint64 cutAfter = -1;      ///< bytes of an answer's body, then the connection is closed
        int cuts = 1'000'000;      ///< how many answers are cut
        bool stalls = false;       ///< at cutAfter: the connection stays open and silent
        bool ignoresRange = false; ///< always the whole file
        qint64 bytesPerTick = 0;   ///< every 10 ms; 0: all at once
        qint64 lengthError = 0;    ///< added to Content-Length
        QByteArray instead;        ///< other bytes than the listed ones
    };

    HubServer();
    ~HubServer();
    HubServer(const HubServer&) = delete;
    HubServer& operator=(const HubServer&) = delete;

    [[nodiscard]] QString endpoint() const; ///< "http://127.0.0.1:PORT"

    /// Files of 64 KiB and more are listed as large ones, with their SHA-256.
    void setRepository(const QString& name, const QMap<QString, QByteArray>& files,
                       const QByteArray& commit = QByteArray(40, 'a'));
    /// The files of a folder on the disk.
    void setRepositoryFrom(const QString& name, const QString& folder);
    void setLicence(const QString& licence);
    /// Sent in place of the list of files.
    void setList(const QByteArray& json);
    void setFault(const QString& path, const Fault& fault);
    void clearFaults();

    [[nodiscard]] QList<Request> requests() const;
    void forgetRequests();

private:
    class Worker;

    QThread m_thread;
    std::unique_ptr<Worker> m_worker;
};

} // namespace tagalign::tests
