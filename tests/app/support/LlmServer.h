#pragma once

#include <QByteArray>
#include <QJsonObject>
#include <QList>
#include <QMap>
#include <QString>
#include <QStringList>
#include <QThread>

#include <memory>

namespace tagalign::tests {

/// A language model's server on loopback, spoken to over real sockets: chat completions as OpenAI
/// has them. Its model knows that the last word of a caption is a thing and the words before it,
/// but for articles, describe it. What goes wrong is planted. Runs on a thread of its own; every
/// method may be called from any thread.
class LlmServer
{
public:
    struct Request
    {
        QByteArray path;
        QMap<QByteArray, QByteArray> headers; ///< names in small letters
        QByteArray body;
        QJsonObject json;
        QStringList captions; ///< as read from the user's message
        qint64 atMs = 0;      ///< when it came, since the server began
    };

    /// What happens to answers about a caption.
    struct Fault
    {
        int times = 1'000'000; ///< how many answers
        int status = 0;        ///< instead of 200
        QList<QByteArray> headers;
        QByteArray body;       ///< of the whole answer, where isRaw or the status is another
        bool isRaw = false;    ///< sends body with status 200
        QByteArray content;    ///< what the model writes instead; UTF-8
        QByteArray finish;     ///< finish_reason instead of "stop"
        qint64 cutAfter = -1;  ///< bytes of the body, then the connection is closed
        bool isSilent = false; ///< the connection stays open, nothing comes
        qint64 filler = 0;     ///< bytes of blanks after the body
    };

    LlmServer();
    ~LlmServer();
    LlmServer(const LlmServer&) = delete;
    LlmServer& operator=(const LlmServer&) = delete;

    [[nodiscard]] QString endpoint() const; ///< "http://127.0.0.1:PORT/v1"

    /// @param caption a part of its text; empty: any.
    void setFault(const QString& caption, const Fault& fault);
    void clearFaults();
    void setDelay(int milliseconds);               ///< of each answer
    void setRefusedField(const QByteArray& field); ///< 400 for requests whose body has it
    void setCountsTokens(bool counts);

    [[nodiscard]] QList<Request> requests() const;
    [[nodiscard]] int requestsAbout(const QString& caption) const;
    [[nodiscard]] int mostAtOnce() const; ///< requests under way together
    void forgetRequests();

    static constexpr int kInputTokens = 100; ///< of every request
    static constexpr int kOutputTokens = 20;

private:
    class Worker;

    QThread m_thread;
    std::unique_ptr<Worker> m_worker;
};

/// What the server's model writes about captions.
[[nodiscard]] QByteArray llmContent(const QStringList& captions);

} // namespace tagalign::tests
