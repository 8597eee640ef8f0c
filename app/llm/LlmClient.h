#pragma once

#include "app/jobs/JobContext.h"
#include "app/llm/LlmRequest.h"
#include "app/llm/LlmSettings.h"

#include <QElapsedTimer>
#include <QEventLoop>
#include <QTimer>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace tagalign::app {

/// How one request to a language model ended.
struct LlmResult
{
    LlmReply reply;            ///< with a problem if no attempt brought an answer
    QByteArray request;        ///< the body as last sent; it holds no key
    bool isFromModel = false;  ///< an answer came, however bad: it was paid for
    double milliseconds = 0.0; ///< of the last attempt
};

/// Asks an OpenAI-compatible endpoint, several requests at once, on a job's thread. Redirects are
/// not followed, so that captions and key go where the user sent them and nowhere else. This
/// machine is asked directly, other hosts through the system's proxies.
class LlmClient
{
public:
    /// @param key sent as a bearer token; may be empty.
    /// @throws model::Error if the settings are not complete.
    LlmClient(LlmSettings settings, LlmPrompt prompt, QByteArray key, JobContext& context);
    ~LlmClient();
    LlmClient(const LlmClient&) = delete;
    LlmClient& operator=(const LlmClient&) = delete;

    /// All called on the thread of run().
    struct Callbacks
    {
        /// The captions of the next request; nothing: there is none just now.
        std::function<std::optional<QStringList>()> next;
        std::function<void(const QStringList&, const LlmResult&)> onResult;
        std::function<void(const QString&)> onNote; ///< what the server made it leave out
        std::function<void()> onTick;               ///< several times a second
    };

    /// Asks until next() has none left and all results were handed over. Broken connections,
    /// time-outs, 429 and 5xx are tried again with exponential backoff and jitter, or when the
    /// server says. Ends within 200 ms of a cancel.
    /// @throws model::Error if no request can succeed: refused key, no such model or address,
    ///         nobody there, a redirect, or many failures in a row; model::Cancelled
    void run(Callbacks callbacks);

    [[nodiscard]] int requestsSent() const { return m_sent; }

    /// How long the server's wish to be left alone lasts; 0 if it has none.
    [[nodiscard]] qint64 waitLeftMs() const;

private:
    struct Slot;

    void step(Slot& slot);
    void send(Slot& slot);
    void settle(Slot& slot);
    void judgeRefusal(Slot& slot, int status);
    void tryLater(Slot& slot, const QString& problem, int waitMs = -1);
    void finish(Slot& slot, LlmResult result);
    void takeUp(Slot& slot);
    void waitForNews();
    [[nodiscard]] int backoffMs(int failed) const;
    [[nodiscard]] QString hidden(QString text) const;
    [[nodiscard]] QString host() const;

    LlmSettings m_settings;
    LlmPrompt m_prompt;
    QByteArray m_key;
    JobContext& m_context;
    QUrl m_url;
    LlmDialect m_dialect;
    Callbacks m_callbacks;
    std::vector<std::unique_ptr<Slot>> m_slots;
    QEventLoop m_loop;
    QTimer m_tick;
    QElapsedTimer m_clock;
    qint64 m_notBeforeMs = 0; ///< on m_clock: the server asked everyone to wait
    int m_sent = 0;
    int m_failedInARow = 0;
    int m_limitedInARow = 0; ///< 429
};

} // namespace tagalign::app
