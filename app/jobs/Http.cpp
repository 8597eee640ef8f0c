#include "app/jobs/Http.h"

namespace tagalign::app {

int statusOf(const QNetworkReply& reply)
{
    return reply.attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
}

bool isRedirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool isBroken(QNetworkReply::NetworkError kind)
{
    return kind == QNetworkReply::RemoteHostClosedError || kind == QNetworkReply::TimeoutError ||
           kind == QNetworkReply::TemporaryNetworkFailureError ||
           kind == QNetworkReply::ProxyConnectionClosedError ||
           kind == QNetworkReply::ProxyTimeoutError;
}

} // namespace tagalign::app
