#include "app/llm/LlmKey.h"

#include <QCoreApplication>
#include <QEventLoop>
#include <QPointer>
#include <qt6keychain/keychain.h>

#include <utility>

namespace tagalign::app {

namespace {

const QString kService = QStringLiteral("TagAlign Studio");

QString problemOf(const QKeychain::Job& job)
{
    switch (job.error()) {
    case QKeychain::NoError:
    case QKeychain::EntryNotFound:
        return {};
    case QKeychain::AccessDenied:
    case QKeychain::AccessDeniedByUser:
        return QCoreApplication::translate("LanguageModel",
                                           "the keyring was not unlocked; unlock it, or set the "
                                           "environment variable TAGALIGN_LLM_KEY");
    default:
        return QCoreApplication::translate("LanguageModel",
                                           "no keyring service runs here; set the environment "
                                           "variable TAGALIGN_LLM_KEY");
    }
}

/// Starts a job, which deletes itself; then(job) unless the receiver is gone.
template <class Job, class Then>
void start(Job* job, const LlmSettings& settings, QObject* receiver, Then then)
{
    job->setInsecureFallback(false);
    job->setKey(settings.origin());
    QObject::connect(job, &QKeychain::Job::finished, job,
                     [guard = QPointer<QObject>(receiver), job, then = std::move(then)] {
                         if (guard) {
                             then(*job);
                         }
                     });
    job->start();
}

} // namespace

LlmKey keyOfEnvironment(const LlmSettings& settings)
{
    const auto of = [](const char* name) {
        return LlmKey{
            qgetenv(name).trimmed(), LlmKey::Source::Environment, QString::fromLatin1(name), {}};
    };
    LlmKey key = of("TAGALIGN_LLM_KEY");
    const QUrl url = settings.chatUrl();
    if (key.value.isEmpty() && url.host() == QLatin1String("api.openai.com") &&
        url.scheme() == QLatin1String("https")) {
        key = of("OPENAI_API_KEY");
    }
    return key.value.isEmpty() ? LlmKey() : key;
}

void findKey(const LlmSettings& settings, QObject* receiver, OnKey then)
{
    const LlmKey known = keyOfEnvironment(settings);
    if (known.source != LlmKey::Source::None) {
        QMetaObject::invokeMethod(
            receiver, [known, then = std::move(then)] { then(known); }, Qt::QueuedConnection);
        return;
    }
    start(new QKeychain::ReadPasswordJob(kService), settings, receiver,
          [then = std::move(then)](const QKeychain::ReadPasswordJob& job) {
              const QByteArray value = job.error() == QKeychain::NoError
                                           ? job.textData().toUtf8().trimmed()
                                           : QByteArray();
              then({value,
                    value.isEmpty() ? LlmKey::Source::None : LlmKey::Source::Keyring,
                    {},
                    problemOf(job)});
          });
}

void storeKey(const LlmSettings& settings, const QByteArray& key, QObject* receiver,
              OnKeyChanged then)
{
    auto* job = new QKeychain::WritePasswordJob(kService);
    job->setTextData(QString::fromUtf8(key.trimmed()));
    start(job, settings, receiver,
          [then = std::move(then)](const QKeychain::Job& ended) { then(problemOf(ended)); });
}

void removeKey(const LlmSettings& settings, QObject* receiver, OnKeyChanged then)
{
    start(new QKeychain::DeletePasswordJob(kService), settings, receiver,
          [then = std::move(then)](const QKeychain::Job& job) { then(problemOf(job)); });
}

LlmKey findKeyNow(const LlmSettings& settings)
{
    QObject receiver;
    QEventLoop loop;
    LlmKey found;
    findKey(settings, &receiver, [&](const LlmKey& key) {
        found = key;
        loop.quit();
    });
    loop.exec();
    return found;
}

QString keyStatus(const LlmKey& key)
{
    switch (key.source) {
    case LlmKey::Source::Environment:
        return QCoreApplication::translate("LanguageModel", "from the environment variable %1")
            .arg(key.where);
    case LlmKey::Source::Keyring:
        return QCoreApplication::translate("LanguageModel", "from the system's keyring");
    case LlmKey::Source::None:
        break;
    }
    return key.problem.isEmpty()
               ? QCoreApplication::translate("LanguageModel", "none; local servers need none")
               : QCoreApplication::translate("LanguageModel", "none: %1").arg(key.problem);
}

} // namespace tagalign::app
