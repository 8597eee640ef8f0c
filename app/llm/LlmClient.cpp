#include "app/llm/LlmClient.h"

#include "app/Error.h"
#include "app/jobs/Http.h"

#include <QDateTime>
#include <QLocale>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QRandomGenerator>

#include <algorithm>
#include <utility>

namespace tagalign::app {

namespace {

constexpr qint64 kLongestBody = 4'000'000; ///< bytes of an answer
constexpr int kMostFailures = 20;          ///< requests in a row, each after its attempts
constexpr int kMostLimited = 30;           ///< "too many requests" in a row

/// Seconds or a date, as RFC 9110 section 10.2.3 has it; -1 if there is none.
int retryAfterMs(const QNetworkReply& reply)
{
    const QByteArray value = reply.rawHeader("Retry-After").trimmed();
    bool isNumber = false;
    const double seconds = value.toDouble(&isNumber);
    if (isNumber) {
        return seconds >= 0.0 ? int(std::min(seconds, 1e6) * 1000.0) : -1;
    }
    const QDateTime date = QLocale::c().toDateTime(
        QString::fromLatin1(value), QStringLiteral("ddd, dd MMM yyyy HH:mm:ss 'GMT'"));
    if (!date.isValid()) {
        return -1;
    }
    const QDateTime utc(date.date(), date.time(), Qt::UTC);
    return int(std::clamp<qint64>(QDateTime::currentDateTimeUtc().msecsTo(utc), 0, 1'000'000'000));
}

QString afterwards()
{
    return QStringLiteral("; what was read is kept, start again to go on");
}

} // namespace

/// One request at a time, over a connection of its own.
struct LlmClient::Slot
{
    std::unique_ptr<QNetworkAccessManager> network = std::make_unique<QNetworkAccessManager>();
    QStringList captions; ///< empty: idle
    std::unique_ptr<QNetworkReply> reply;
    QByteArray request;
    QByteArray body;
    LlmDialect dialect; ///< that the request was made in
    QElapsedTimer sent;
    qint64 pausedMs = 0;    ///< since it was sent
    qint64 notBeforeMs = 0; ///< on the client's clock
    int failed = 0;         ///< attempts

    [[nodiscard]] bool isBusy() const { return !captions.isEmpty(); }
};

LlmClient::LlmClient(LlmSettings settings, LlmPrompt prompt, QByteArray key, JobContext& context)
    : m_settings(std::move(settings)),
      m_prompt(std::move(prompt)),
      m_key(std::move(key)),
      m_context(context),
      m_url(m_settings.chatUrl())
{
    m_settings.check();
    m_clock.start();
    for (int i = 0; i < m_settings.concurrency; ++i) {
        auto slot = std::make_unique<Slot>();
        if (isThisMachine(m_url)) {
            slot->network->setProxy(QNetworkProxy::NoProxy);
        } else {
            slot->network->setProxyFactory(new SystemProxies);
        }
        m_slots.push_back(std::move(slot));
    }
}

LlmClient::~LlmClient() = default;

void LlmClient::run(Callbacks callbacks)
{
    m_callbacks = std::move(callbacks);
    QObject::connect(&m_tick, &QTimer::timeout, &m_loop, &QEventLoop::quit);
    m_tick.start(kNetworkTickMs);
    for (;;) {
        for (const auto& slot : m_slots) {
            step(*slot);
        }
        if (std::none_of(m_slots.begin(), m_slots.end(),
                         [](const auto& slot) { return slot->isBusy(); })) {
            return;
        }
        waitForNews();
    }
}

/// Until something came or a moment has passed.
void LlmClient::waitForNews()
{
    m_loop.exec();
    m_callbacks.onTick();
    QElapsedTimer pause;
    pause.start();
    m_context.waitWhilePaused();
    if (m_context.isCancelled()) {
        throw model::Cancelled();
    }
    if (pause.elapsed() > kNetworkTickMs) {
        for (const auto& slot : m_slots) {
            slot->pausedMs += pause.elapsed();
        }
    }
}

void LlmClient::step(Slot& slot)
{
    if (slot.reply) {
        takeUp(slot);
    }
    if (!slot.isBusy()) {
        if (auto captions = m_callbacks.next()) {
            slot.captions = std::move(*captions);
            slot.failed = 0;
            slot.notBeforeMs = 0;
        }
    }
    if (slot.isBusy() && !slot.reply &&
        m_clock.elapsed() >= std::max(slot.notBeforeMs, m_notBeforeMs)) {
        send(slot);
    }
}

void LlmClient::send(Slot& slot)
{
    QNetworkRequest request(m_url);
    request.setAttribute(QNetworkRequest::RedirectPolicyAttribute,
                         QNetworkRequest::ManualRedirectPolicy);
    request.setAttribute(QNetworkRequest::Http2AllowedAttribute, false);
    request.setHeader(QNetworkRequest::ContentTypeHeader, QStringLiteral("application/json"));
    request.setRawHeader("Accept-Encoding", "identity"); // its length is what is read
    request.setRawHeader("User-Agent", "tagalign");
    if (!m_key.isEmpty()) {
        request.setRawHeader("Authorization", "Bearer " + m_key);
    }
    slot.dialect = m_dialect;
    slot.request = llmRequestBody(m_settings.model, m_prompt, slot.captions, slot.dialect);
    slot.body.clear();
    slot.pausedMs = 0;
    slot.sent.start();
    slot.reply.reset(slot.network->post(request, slot.request));
    QObject::connect(slot.reply.get(), &QNetworkReply::readyRead, &m_loop, &QEventLoop::quit);
    QObject::connect(slot.reply.get(), &QNetworkReply::finished, &m_loop, &QEventLoop::quit);
    ++m_sent;
}

/// Takes what has come of an answer; at its end, or when it takes too long, settles it.
void LlmClient::takeUp(Slot& slot)
{
    slot.body += slot.reply->read(kLongestBody + 1 - slot.body.size());
    if (slot.body.size() > kLongestBody) {
        finish(slot, {.reply = {.problem = QStringLiteral("the answer is longer than %1 MB")
                                               .arg(kLongestBody / 1'000'000)},
                      .isFromModel = true});
    } else if (slot.reply->isFinished()) {
        settle(slot);
    } else if (slot.sent.elapsed() - slot.pausedMs > m_settings.timeoutMs) {
        tryLater(slot, QStringLiteral("no whole answer within %1 s")
                           .arg(double(m_settings.timeoutMs) / 1000.0));
    }
}

void LlmClient::settle(Slot& slot)
{
    const int status = statusOf(*slot.reply);
    const auto error = slot.reply->error();
    if (status == 0 && !isBroken(error) && error != QNetworkReply::NoError) {
        const QString problem = slot.reply->errorString();
        if (slot.failed + 1 >= m_settings.attempts) {
            throw errorOf(QStringLiteral("%1: cannot be reached (%2); check the endpoint's address "
                                         "and that its server runs%3")
                              .arg(host(), problem, afterwards()));
        }
        tryLater(slot, problem);
    } else if (status == 0 || (status < 300 && error != QNetworkReply::NoError)) {
        tryLater(slot,
                 QStringLiteral("the connection broke off (%1)").arg(slot.reply->errorString()));
    } else if (isRedirect(status)) {
        const QUrl target = m_url.resolved(QUrl::fromEncoded(slot.reply->rawHeader("Location")));
        throw errorOf(QStringLiteral("%1: sends on to %2, which was not followed, so that captions "
                                     "and key go only where you send them; give that address as "
                                     "the endpoint if you trust it")
                          .arg(host(), target.toDisplayString(QUrl::RemoveUserInfo)));
    } else if (status >= 200 && status < 300) {
        finish(slot, {.reply = readLlmReply(slot.body), .isFromModel = true});
    } else {
        judgeRefusal(slot, status);
    }
}

void LlmClient::judgeRefusal(Slot& slot, int status)
{
    const QString said = hidden(llmErrorMessage(slot.body));
    const QString problem = QStringLiteral("answers with %1").arg(status) +
                            (said.isEmpty() ? QString() : QStringLiteral(" (%1)").arg(said));
    if (status == 401 || status == 403) {
        throw errorOf(QStringLiteral("%1: refuses the key, %2; check the key (keyring, or "
                                     "TAGALIGN_LLM_KEY)%3")
                          .arg(host(), problem, afterwards()));
    }
    if (status == 404) {
        throw errorOf(QStringLiteral("%1: has no model \"%2\" or no such address, %3; check both%4")
                          .arg(host(), m_settings.model, problem, afterwards()));
    }
    if (status == 402 || slot.body.contains("insufficient_quota")) {
        throw errorOf(QStringLiteral("%1: the account has no credit left, %2%3")
                          .arg(host(), problem, afterwards()));
    }
    if (status == 400 || status == 422 || status == 501) {
        const bool isOld = slot.dialect != m_dialect; // another request was refused the same
        const QString note = isOld ? QString() : m_dialect.giveIn(said);
        if (isOld || !note.isEmpty()) {
            if (!note.isEmpty()) {
                m_callbacks.onNote(note);
            }
            slot.reply.reset();
            return; // sent again at the next step
        }
    }
    if (status == 429) {
        if (++m_limitedInARow > kMostLimited) {
            throw errorOf(
                QStringLiteral("%1: keeps refusing, %2; ask with fewer requests at once%3")
                    .arg(host(), problem, afterwards()));
        }
        const int asked = retryAfterMs(*slot.reply);
        const int wait = asked >= 0 ? asked : backoffMs(std::min(m_limitedInARow, 6));
        if (wait > m_settings.longestWaitMs) {
            throw errorOf(QStringLiteral("%1: asks to wait %2 minutes, %3%4")
                              .arg(host())
                              .arg((wait + 59'999) / 60'000)
                              .arg(problem, afterwards()));
        }
        m_notBeforeMs = std::max(m_notBeforeMs, m_clock.elapsed() + wait); // for every slot
        slot.reply.reset();
        return;
    }
    if (status == 408 || status >= 500) {
        tryLater(slot, problem, retryAfterMs(*slot.reply));
    } else {
        finish(slot, {.reply = {.problem = QStringLiteral("the server %1").arg(problem)}});
    }
}

/// @param waitMs that the server asks for; -1: it does not say.
void LlmClient::tryLater(Slot& slot, const QString& problem, int waitMs)
{
    ++slot.failed;
    if (slot.failed >= m_settings.attempts) {
        finish(slot,
               {.reply = {
                    .problem =
                        QStringLiteral("%1 (%2 attempts)").arg(problem).arg(m_settings.attempts)}});
        return;
    }
    slot.reply.reset();
    slot.notBeforeMs = m_clock.elapsed() +
                       std::max(backoffMs(slot.failed), std::min(waitMs, m_settings.longestWaitMs));
}

/// Doubles with each failure; the jitter keeps requests that failed together apart.
int LlmClient::backoffMs(int failed) const
{
    const double whole = double(m_settings.retryDelayMs) * double(1 << std::min(failed - 1, 6));
    return int(whole * (0.5 + 0.5 * QRandomGenerator::global()->generateDouble()));
}

void LlmClient::finish(Slot& slot, LlmResult result)
{
    result.request = slot.request;
    result.milliseconds = double(slot.sent.nsecsElapsed()) / 1e6 - double(slot.pausedMs);
    result.reply.content = hidden(result.reply.content);
    result.reply.problem = hidden(result.reply.problem);
    slot.reply.reset();
    const QStringList captions = std::exchange(slot.captions, {});
    m_limitedInARow = result.isFromModel ? 0 : m_limitedInARow;
    m_failedInARow = result.isFromModel ? 0 : m_failedInARow + 1;
    const QString problem = result.reply.problem;
    m_callbacks.onResult(captions, result);
    if (m_failedInARow >= kMostFailures) {
        throw errorOf(QStringLiteral("%1: %2 requests in a row failed, the last: %3%4")
                          .arg(host())
                          .arg(kMostFailures)
                          .arg(problem, afterwards()));
    }
}

/// Some servers repeat the key in what they say.
QString LlmClient::hidden(QString text) const
{
    return m_key.isEmpty() ? text : text.replace(QString::fromUtf8(m_key), QStringLiteral("[key]"));
}

qint64 LlmClient::waitLeftMs() const
{
    return std::max<qint64>(m_notBeforeMs - m_clock.elapsed(), 0);
}

QString LlmClient::host() const
{
    return m_url.host();
}

} // namespace tagalign::app
