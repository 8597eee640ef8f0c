#pragma once

#include "app/jobs/HubRevision.h"
#include "app/jobs/JobContext.h"

#include <QByteArray>
#include <QNetworkAccessManager>
#include <QUrl>

#include <functional>

namespace tagalign::app {

/// Where the hub is and how patient to be with it.
struct HubSettings
{
    QUrl endpoint{QStringLiteral("https://huggingface.co")};
    QByteArray token;        ///< sent to the endpoint alone, never stored; may be empty
    int stallMs = 30'000;    ///< a connection that brings nothing for so long is given up
    int attempts = 5;        ///< in a row that brought nothing, >= 1
    int retryDelayMs = 1000; ///< before the second attempt; doubles with each

    /// HF_ENDPOINT and HF_TOKEN where they are set.
    /// @throws model::Error if HF_ENDPOINT is no http or https address.
    [[nodiscard]] static HubSettings fromEnvironment();
};

/// Speaks to a model hub as Hugging Face's does, on a job's thread. Proxies are the system's, e.g.
/// of https_proxy and no_proxy. Every wait ends within 200 ms of a cancel.
class HubClient
{
public:
    HubClient(HubSettings settings, JobContext& context);

    /// Which files a revision has, see readHubRevision().
    /// @throws model::Error with what is wrong; model::Cancelled.
    [[nodiscard]] HubRevision revision(const QString& repository, const QString& revision);

    enum class Step { Bring, Check };
    using OnBytes = std::function<void(Step, qint64)>; ///< with the bytes done of the step

    /// Brings a file of a commit, going on with what `target`.partial holds already, and compares
    /// length and hash before it gets its name. A connection that breaks is taken up again.
    /// @throws model::Error (what came is kept, except where it is not what the hub promised);
    ///         model::Cancelled
    void download(const HubRevision& revision, const HubFile& file, const QString& target,
                  const OnBytes& onBytes);

private:
    struct Answer;
    struct Partial;
    using OnHead = std::function<void(const QNetworkReply&)>;
    using OnBody = std::function<void(const QByteArray&)>;

    Answer get(QUrl url, const QList<std::pair<QByteArray, QByteArray>>& headers,
               const OnHead& onHead, const OnBody& onBody);
    Answer follow(QNetworkReply& reply, const OnHead& onHead, const OnBody& onBody);
    Answer getPatiently(const std::function<Answer()>& attempt,
                        const std::function<qint64()>& received, const QString& what);
    void bring(const HubRevision& revision, const HubFile& file, Partial& partial,
               const OnBytes& onBytes);
    void refuseUnlessFound(const Answer& answer, const QString& repository,
                           const QString& missing) const;
    void waitBeforeRetry(int attempt);

    HubSettings m_settings;
    JobContext& m_context;
    QNetworkAccessManager m_network;
};

} // namespace tagalign::app
