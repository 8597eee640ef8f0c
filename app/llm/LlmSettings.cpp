#include "app/llm/LlmSettings.h"

#include "app/Error.h"

#include <QHostAddress>
#include <QJsonDocument>
#include <QJsonObject>
#include <QUrlQuery>

namespace tagalign::app {

namespace {

const QString kStored = QStringLiteral("llm/settings");

void refuseOutside(const QString& what, double value, double least, double most)
{
    if (!(value >= least && value <= most)) {
        throw errorOf(QStringLiteral("%1 is %2, expected %3 to %4")
                          .arg(what)
                          .arg(value)
                          .arg(least)
                          .arg(most, 0, 'f', 0));
    }
}

} // namespace

void LlmSettings::check() const
{
    (void)chatUrl();
    if (model.trimmed().isEmpty()) {
        throw errorOf(QStringLiteral("no model is named; name one that the endpoint has, such as "
                                     "llama3.1 or gpt-4o-mini"));
    }
    refuseOutside(QStringLiteral("the number of requests at once"), concurrency, 1, kMostRequests);
    refuseOutside(QStringLiteral("the number of captions in a request"), captionsPerRequest, 1,
                  kMostCaptions);
    refuseOutside(QStringLiteral("the time-out in milliseconds"), timeoutMs, 1'000, 3'600'000);
    refuseOutside(QStringLiteral("the number of attempts"), attempts, 1, 10);
    refuseOutside(QStringLiteral("the price of a million input tokens"), inputPrice, 0, 1e6);
    refuseOutside(QStringLiteral("the price of a million output tokens"), outputPrice, 0, 1e6);
}

QUrl LlmSettings::chatUrl() const
{
    QUrl url(endpoint.trimmed(), QUrl::StrictMode);
    const bool isWeb =
        url.scheme() == QLatin1String("http") || url.scheme() == QLatin1String("https");
    if (QUrlQuery(url).toString().contains(QLatin1String("key"), Qt::CaseInsensitive)) {
        throw errorOf(QStringLiteral("the endpoint's address holds a key, which would be stored "
                                     "with the project; put it into the keyring or into "
                                     "TAGALIGN_LLM_KEY"));
    }
    if (!isWeb || url.host().isEmpty() || !url.userInfo().isEmpty() || url.hasFragment()) {
        throw errorOf(QStringLiteral("the endpoint is \"%1\", expected an address such as "
                                     "http://localhost:11434/v1")
                          .arg(url.toDisplayString(QUrl::RemoveUserInfo)));
    }
    QString path = url.path(QUrl::FullyEncoded);
    while (path.endsWith(QLatin1Char('/'))) {
        path.chop(1);
    }
    if (!path.endsWith(QLatin1String("/chat/completions"))) {
        path += (path.isEmpty() ? QLatin1String("/v1") : QLatin1String("")) +
                QLatin1String("/chat/completions");
    }
    url.setPath(path, QUrl::TolerantMode);
    return url;
}

QString LlmSettings::origin() const
{
    const QUrl url = chatUrl();
    const int port = url.port(url.scheme() == QLatin1String("https") ? 443 : 80);
    return QStringLiteral("%1://%2:%3").arg(url.scheme(), url.host()).arg(port);
}

double LlmSettings::price(double inputTokens, double outputTokens) const
{
    return (inputTokens * inputPrice + outputTokens * outputPrice) / 1e6;
}

LlmSettings LlmSettings::load(const db::Database& database)
{
    const QJsonObject stored = QJsonDocument::fromJson(database.setting(kStored).toUtf8()).object();
    LlmSettings settings;
    settings.endpoint = stored[QLatin1String("endpoint")].toString();
    settings.model = stored[QLatin1String("model")].toString();
    settings.concurrency = stored[QLatin1String("concurrency")].toInt(settings.concurrency);
    settings.captionsPerRequest =
        stored[QLatin1String("captionsPerRequest")].toInt(settings.captionsPerRequest);
    settings.timeoutMs = stored[QLatin1String("timeoutMs")].toInt(settings.timeoutMs);
    settings.inputPrice = stored[QLatin1String("inputPrice")].toDouble();
    settings.outputPrice = stored[QLatin1String("outputPrice")].toDouble();
    return settings;
}

void LlmSettings::save(db::Database& database) const
{
    const QJsonObject stored{{QStringLiteral("endpoint"), endpoint.trimmed()},
                             {QStringLiteral("model"), model.trimmed()},
                             {QStringLiteral("concurrency"), concurrency},
                             {QStringLiteral("captionsPerRequest"), captionsPerRequest},
                             {QStringLiteral("timeoutMs"), timeoutMs},
                             {QStringLiteral("inputPrice"), inputPrice},
                             {QStringLiteral("outputPrice"), outputPrice}};
    database.setSetting(kStored,
                        QString::fromUtf8(QJsonDocument(stored).toJson(QJsonDocument::Compact)));
}

bool isThisMachine(const QUrl& url)
{
    return url.host() == QLatin1String("localhost") || QHostAddress(url.host()).isLoopback();
}

} // namespace tagalign::app
