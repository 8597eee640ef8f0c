#pragma once

#include <QNetworkProxyFactory>
#include <QNetworkReply>

namespace tagalign::app {

// What the clients of this program share.

/// The desktop's or the environment's proxies, asked anew for each connection.
class SystemProxies : public QNetworkProxyFactory
{
public:
    QList<QNetworkProxy> queryProxy(const QNetworkProxyQuery& query) override
    {
        return systemProxyForQuery(query);
    }
};

constexpr int kNetworkTickMs = 50; ///< how often a wait looks whether the job was cancelled

[[nodiscard]] int statusOf(const QNetworkReply& reply); ///< 0 before the head came

[[nodiscard]] bool isRedirect(int status);

/// The connection was there and broke, so that trying again may help.
[[nodiscard]] bool isBroken(QNetworkReply::NetworkError kind);

} // namespace tagalign::app
