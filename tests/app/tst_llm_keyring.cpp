#include "app/llm/LlmKey.h"

#include <QSignalSpy>
#include <QTest>

using namespace tagalign::app;

/// With a keyring service of its own, in a session of its own (see CMakeLists.txt).
class TestLlmKeyring : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void keyIsKeptForItsEndpointAndForgotten();

private:
    /// What storing or removing said; fails if it says nothing.
    template <class Change>
    QString told(Change change)
    {
        QString said = "no answer";
        bool isOver = false;
        change([&](const QString& problem) {
            said = problem;
            isOver = true;
        });
        return QTest::qWaitFor([&] { return isOver; }, 60'000) ? said : QString("no answer");
    }
};

void TestLlmKeyring::keyIsKeptForItsEndpointAndForgotten()
{
    const LlmSettings settings{.endpoint = "https://one.example/v1", .model = "m"};
    const LlmSettings samePlace{.endpoint = "https://one.example:443/other", .model = "n"};
    const LlmSettings elsewhere{.endpoint = "https://two.example/v1", .model = "m"};
    const LlmKey before = findKeyNow(settings);
    if (!before.problem.isEmpty()) {
        QSKIP("no keyring service could be started; install gnome-keyring and dbus");
    }
    QCOMPARE(before.source, LlmKey::Source::None);
    QCOMPARE(told([&](const OnKeyChanged& then) { storeKey(settings, " sk-kept\n", this, then); }),
             QString());
    QCOMPARE(findKeyNow(settings).value, QByteArray("sk-kept"));
    QCOMPARE(findKeyNow(settings).source, LlmKey::Source::Keyring);
    QCOMPARE(findKeyNow(samePlace).value, QByteArray("sk-kept"));
    QVERIFY(findKeyNow(elsewhere).value.isEmpty());
    QVERIFY(keyStatus(findKeyNow(settings)).contains("keyring"));
    QCOMPARE(told([&](const OnKeyChanged& then) { removeKey(settings, this, then); }), QString());
    QVERIFY(findKeyNow(settings).value.isEmpty());
}

QTEST_GUILESS_MAIN(TestLlmKeyring)
#include "tst_llm_keyring.moc"
