#include "app/jobs/HubClient.h"

#include "app/Error.h"
#include "app/ModelStore.h"
#include "app/jobs/Http.h"

#include <QElapsedTimer>
#include <QEventLoop>
#include <QFile>
#include <QNetworkReply>
#include <QRegularExpression>
#include <QSaveFile>
#include <QThread>
#include <QTimer>

#include <memory>
#include <unistd.h>

namespace tagalign::app {

namespace {

constexpr int kMostRedirects = 10;
constexpr qint64 kBlock = 256LL * 1024;
constexpr qint64 kReadAhead = 4 * kBlock;   ///< that a slow disk makes the hub wait for
constexpr qint64 kLongestList = 16'000'000; ///< bytes of a repository's list of files

const QString kGoesOn =
    QStringLiteral("; what came is kept, the same command (or button) goes on with it");

bool isSameOrigin(const QUrl& one, const QUrl& other)
{
    const auto port = [](const QUrl& url) {
        return url.port(url.scheme() == QLatin1String("https") ? 443 : 80);
    };
    return one.scheme() == other.scheme() && one.host() == other.host() && port(one) == port(other);
}

/// Later redirects may not give up what an earlier address promised.
QUrl redirectTarget(const QNetworkReply& reply)
{
    const QUrl from = reply.url();
    QUrl to = from.resolved(QUrl::fromEncoded(reply.rawHeader("Location")));
    const bool isWeb =
        to.scheme() == QLatin1String("https") ||
        (to.scheme() == QLatin1String("http") && from.scheme() != QLatin1String("https"));
    if (!isWeb || to.host().isEmpty()) {
        throw errorOf(QStringLiteral("%1: sends to an address that is not safe to follow (%2)")
                          .arg(from.host(), to.toString()));
    }
    return to;
}

QUrl addressOf(const QUrl& endpoint, const QString& path)
{
    // Escaped already, so that a '/' in a revision's name stays "%2F".
    return QUrl::fromEncoded(endpoint.toEncoded(QUrl::StripTrailingSlash) + path.toLatin1());
}

QString escaped(const QString& text, const QByteArray& kept = {})
{
    return QString::fromLatin1(QUrl::toPercentEncoding(text, kept));
}

} // namespace

HubSettings HubSettings::fromEnvironment()
{
    HubSettings settings;
    const QString endpoint = qEnvironmentVariable("HF_ENDPOINT");
    if (!endpoint.isEmpty()) {
        settings.endpoint = QUrl(endpoint, QUrl::StrictMode);
        const QString scheme = settings.endpoint.scheme();
        if (settings.endpoint.host().isEmpty() ||
            (scheme != QLatin1String("https") && scheme != QLatin1String("http"))) {
            throw errorOf(QStringLiteral("HF_ENDPOINT is \"%1\", expected an address such as "
                                         "https://huggingface.co")
                              .arg(endpoint));
        }
    }
    settings.token = qgetenv("HF_TOKEN").trimmed();
    return settings;
}

/// How one request ended.
struct HubClient::Answer
{
    enum class End { Whole, Broken, Unreachable };

    End end = End::Whole;
    int status = 0;
    QUrl url; ///< the last one asked
    QString reason;
    QByteArray code; ///< the hub's own word for what is wrong
    QUrl redirect;

    [[nodiscard]] bool mayHelpToRetry() const
    {
        return end == End::Broken || (end == End::Whole && (status == 429 || status >= 500));
    }
};

/// What there is of a file, and the tag under which the server had it.
struct HubClient::Partial
{
    explicit Partial(const QString& target)
        : data(target + QStringLiteral(".partial")),
          tagFile(target + QStringLiteral(".etag"))
    {
        if (!data.open(QIODevice::ReadWrite | QIODevice::Unbuffered)) {
            throw writeError();
        }
        data.seek(data.size());
        QFile stored(tagFile);
        if (data.size() > 0 && stored.open(QIODevice::ReadOnly)) {
            tag = stored.readAll();
        }
    }

    void startAnew()
    {
        if (!data.resize(0) || !data.seek(0)) {
            throw writeError();
        }
    }

    void setTag(const QByteArray& found)
    {
        const QByteArray strong = found.startsWith('"') ? found : QByteArray();
        if (strong == tag) {
            return;
        }
        tag = strong;
        QSaveFile stored(tagFile);
        if (!stored.open(QIODevice::WriteOnly) || stored.write(tag) != tag.size() ||
            !stored.commit()) {
            throw writeError();
        }
    }

    void write(const QByteArray& block)
    {
        if (data.write(block) != block.size()) {
            throw writeError();
        }
    }

    /// Whole and on the disk: it gets its name.
    void finish(const QString& target)
    {
        if (::fsync(data.handle()) != 0 || (QFile::exists(target) && !QFile::remove(target)) ||
            !data.rename(target)) {
            throw writeError();
        }
        data.close();
        QFile::remove(tagFile);
    }

    void throwAway()
    {
        data.remove();
        QFile::remove(tagFile);
    }

    [[nodiscard]] model::Error writeError() const
    {
        return errorOf(
            QStringLiteral("%1: cannot be written (%2); check the free disk space and the "
                           "permissions%3")
                .arg(data.fileName(), data.errorString(), kGoesOn));
    }

    QFile data;
    QString tagFile;
    QByteArray tag;
};

HubClient::HubClient(HubSettings settings, JobContext& context)
    : m_settings(std::move(settings)),
      m_context(context)
{
    m_network.setProxyFactory(new SystemProxies);
}

HubClient::Answer HubClient::follow(QNetworkReply& reply, const OnHead& onHead,
                                    const OnBody& onBody)
{
    QEventLoop loop;
    QTimer tick;
    tick.setInterval(kNetworkTickMs);
    QObject::connect(&reply, &QNetworkReply::readyRead, &loop, &QEventLoop::quit);
    QObject::connect(&reply, &QNetworkReply::finished, &loop, &QEventLoop::quit);
    QObject::connect(&tick, &QTimer::timeout, &loop, &QEventLoop::quit);
    tick.start();
    QElapsedTimer quiet;
    quiet.start();
    bool hasHead = false;
    for (;;) {
        const bool isOver = reply.isFinished();
        const int status = statusOf(reply);
        if (!hasHead && status != 0) {
            hasHead = true;
            quiet.restart();
            if (isRedirect(status)) {
                return {.status = status, .url = reply.url(), .redirect = redirectTarget(reply)};
            }
            onHead(reply);
        }
        while (hasHead && reply.bytesAvailable() > 0 && !m_context.isCancelled()) {
            const QByteArray block = reply.read(kBlock);
            quiet.restart();
            if (status == 200 || status == 206) {
                onBody(block);
            }
        }
        if (isOver) {
            break;
        }
        if (quiet.elapsed() > m_settings.stallMs) {
            return {.end = Answer::End::Broken,
                    .status = status,
                    .url = reply.url(),
                    .reason = QStringLiteral("sent nothing for %1 s")
                                  .arg(double(m_settings.stallMs) / 1000.0)};
        }
        loop.exec();
        QElapsedTimer paused;
        paused.start();
        m_context.waitWhilePaused();
        if (m_context.isCancelled()) {
            throw model::Cancelled();
        }
        if (paused.elapsed() > kNetworkTickMs) {
            quiet.restart();
        }
    }
    if (m_context.isCancelled()) {
        throw model::Cancelled();
    }
    Answer answer{.status = statusOf(reply),
                  .url = reply.url(),
                  .reason = reply.errorString(),
                  .code = reply.rawHeader("X-Error-Code")};
    if (reply.error() != QNetworkReply::NoError && answer.status < 400) {
        answer.end =
            hasHead || isBroken(reply.error()) ? Answer::End::Broken : Answer::End::Unreachable;
    }
    return answer;
}

HubClient::Answer HubClient::get(QUrl url, const QList<std::pair<QByteArray, QByteArray>>& headers,
                                 const OnHead& onHead, const OnBody& onBody)
{
    for (int hop = 0; hop <= kMostRedirects; ++hop) {
        QNetworkRequest request(url);
        // Followed here, so that the token goes to the hub alone.
        request.setAttribute(QNetworkRequest::RedirectPolicyAttribute,
                             QNetworkRequest::ManualRedirectPolicy);
        // With HTTP/1.1 the read buffer makes the hub wait for a slow disk.
        request.setAttribute(QNetworkRequest::Http2AllowedAttribute, false);
        request.setRawHeader("Accept-Encoding", "identity"); // lengths and ranges are the file's
        request.setRawHeader("User-Agent", "tagalign");
        for (const auto& [name, value] : headers) {
            request.setRawHeader(name, value);
        }
        if (!m_settings.token.isEmpty() && isSameOrigin(url, m_settings.endpoint)) {
            request.setRawHeader("Authorization", "Bearer " + m_settings.token);
        }
        const std::unique_ptr<QNetworkReply> reply(m_network.get(request));
        reply->setReadBufferSize(kReadAhead);
        Answer answer = follow(*reply, onHead, onBody);
        if (answer.redirect.isEmpty()) {
            return answer;
        }
        url = answer.redirect;
    }
    throw errorOf(
        QStringLiteral("%1: sends from one address to the next without an end").arg(url.host()));
}

void HubClient::waitBeforeRetry(int attempt)
{
    QElapsedTimer waited;
    waited.start();
    while (waited.elapsed() < qint64(m_settings.retryDelayMs) << std::min(attempt - 1, 6)) {
        if (m_context.isCancelled()) {
            throw model::Cancelled();
        }
        QThread::msleep(kNetworkTickMs);
    }
}

/// @param received bytes that are there: an attempt that brought some does not count as failed.
HubClient::Answer HubClient::getPatiently(const std::function<Answer()>& attempt,
                                          const std::function<qint64()>& received,
                                          const QString& what)
{
    for (int failed = 0;;) {
        const qint64 before = received();
        Answer answer = attempt();
        if (answer.end == Answer::End::Unreachable) {
            throw errorOf(
                QStringLiteral("%1: cannot be reached (%2); check the network, and "
                               "https_proxy if there is a proxy%3")
                    .arg(answer.url.host(), answer.reason, received() > 0 ? kGoesOn : QString()));
        }
        if (!answer.mayHelpToRetry()) {
            return answer;
        }
        failed = received() > before ? 1 : failed + 1;
        if (failed >= m_settings.attempts) {
            const QString how = answer.end == Answer::End::Broken
                                    ? answer.reason
                                    : QStringLiteral("answers with %1").arg(answer.status);
            throw errorOf(QStringLiteral("%1: %2 (%3, %4 attempts)%5")
                              .arg(answer.url.host(), what, how)
                              .arg(m_settings.attempts)
                              .arg(kGoesOn));
        }
        waitBeforeRetry(failed);
    }
}

/// @param missing what to say where the hub does not have it.
void HubClient::refuseUnlessFound(const Answer& answer, const QString& repository,
                                  const QString& missing) const
{
    if (answer.status == 200 || answer.status == 206) {
        return;
    }
    if (answer.code == "GatedRepo" || answer.status == 403) {
        throw errorOf(QStringLiteral("%1: %2 asks for its terms to be accepted: do so on its page, "
                                     "set HF_TOKEN to a token of yours and run this again")
                          .arg(m_settings.endpoint.host(), repository));
    }
    if (answer.status == 401 || answer.status == 404) {
        throw errorOf(m_settings.endpoint.host() + QStringLiteral(": ") + missing);
    }
    throw errorOf(QStringLiteral("%1: answers with %2 to a question about %3; try again later")
                      .arg(answer.url.host())
                      .arg(answer.status)
                      .arg(repository));
}

HubRevision HubClient::revision(const QString& repository, const QString& revision)
{
    const QUrl url =
        addressOf(m_settings.endpoint, QStringLiteral("/api/models/%1/revision/%2?blobs=true")
                                           .arg(escaped(repository, "/"), escaped(revision)));
    QByteArray text;
    const Answer answer = getPatiently(
        [&] {
            text.clear();
            return get(
                url, {}, [](const QNetworkReply&) {},
                [&](const QByteArray& block) {
                    text += block;
                    if (text.size() > kLongestList) {
                        throw errorOf(QStringLiteral("%1: its list of files is longer than %2 MB")
                                          .arg(repository)
                                          .arg(kLongestList / 1'000'000));
                    }
                });
        },
        [] { return 0; }, QStringLiteral("the list of files could not be read"));
    refuseUnlessFound(answer, repository,
                      answer.code == "RevisionNotFound"
                          ? QStringLiteral("%1 has no revision \"%2\"").arg(repository, revision)
                          : QStringLiteral("there is no model %1; check its name, and set HF_TOKEN "
                                           "if it is private")
                                .arg(repository));
    return readHubRevision(text, repository);
}

void HubClient::bring(const HubRevision& revision, const HubFile& file, Partial& partial,
                      const OnBytes& onBytes)
{
    const QUrl url =
        addressOf(m_settings.endpoint, QStringLiteral("/%1/resolve/%2/%3")
                                           .arg(escaped(revision.repository, "/"), revision.commit,
                                                escaped(file.path, "/")));
    const auto wrongLength = [&](qint64 found) {
        partial.throwAway();
        return errorOf(QStringLiteral("%1: %2 would be %3 bytes long, but the hub lists %4; it was "
                                      "thrown away, try again later")
                           .arg(revision.repository, file.path)
                           .arg(found)
                           .arg(file.bytes));
    };
    const auto onHead = [&](const QNetworkReply& reply) {
        const int status = statusOf(reply);
        if (status == 206) {
            static const QRegularExpression pattern(QStringLiteral("^bytes (\\d+)-\\d+/(\\d+)$"));
            const auto range = pattern.match(QString::fromLatin1(reply.rawHeader("Content-Range")));
            if (range.captured(1).toLongLong() != partial.data.size() || !range.hasMatch() ||
                range.captured(2).toLongLong() != file.bytes) {
                throw wrongLength(range.captured(2).toLongLong());
            }
        } else if (status == 200) {
            partial.startAnew();
            const QVariant length = reply.header(QNetworkRequest::ContentLengthHeader);
            if (length.isValid() && length.toLongLong() != file.bytes) {
                throw wrongLength(length.toLongLong());
            }
        } else {
            return;
        }
        partial.setTag(reply.rawHeader("ETag"));
    };
    const auto onBody = [&](const QByteArray& block) {
        if (partial.data.size() + block.size() > file.bytes) {
            throw wrongLength(partial.data.size() + block.size());
        }
        partial.write(block);
        onBytes(Step::Bring, partial.data.size());
    };
    const Answer answer = getPatiently(
        [&] {
            QList<std::pair<QByteArray, QByteArray>> headers;
            if (partial.data.size() > 0) {
                headers.append({"Range", "bytes=" + QByteArray::number(partial.data.size()) + "-"});
                if (!partial.tag.isEmpty()) {
                    headers.append({"If-Range", partial.tag});
                }
            }
            Answer got = get(url, headers, onHead, onBody);
            if (got.status == 416) { // it is not as long any more
                partial.startAnew();
                got.end = Answer::End::Broken;
            }
            const bool isShort = partial.data.size() < file.bytes;
            if (got.end == Answer::End::Whole && isShort &&
                (got.status == 200 || got.status == 206)) {
                got.end = Answer::End::Broken;
                got.reason = QStringLiteral("the connection ended early");
            }
            return got;
        },
        [&] { return partial.data.size(); },
        QStringLiteral("%1 did not come whole").arg(file.path));
    refuseUnlessFound(
        answer, revision.repository,
        QStringLiteral("%1 does not have its file %2 any more; run this again to ask for its files "
                       "anew")
            .arg(revision.repository, file.path));
}

void HubClient::download(const HubRevision& revision, const HubFile& file, const QString& target,
                         const OnBytes& onBytes)
{
    const auto onCheck = [&onBytes](qint64 bytes) { onBytes(Step::Check, bytes); };
    Partial partial(target);
    if (partial.data.size() > file.bytes) {
        partial.startAnew();
    }
    for (bool isContinued = partial.data.size() > 0;; isContinued = false) {
        if (partial.data.size() < file.bytes) {
            bring(revision, file, partial, onBytes);
        }
        if (hasPromisedHash(file, partial.data.fileName(), onCheck)) {
            partial.finish(target);
            return;
        }
        if (!isContinued) {
            break;
        }
        partial.startAnew(); // the beginning may be of an older file
    }
    partial.throwAway();
    throw errorOf(QStringLiteral("%1: %2 does not have the hash that the hub lists for it; it was "
                                 "thrown away, try again later")
                      .arg(revision.repository, file.path));
}

} // namespace tagalign::app
