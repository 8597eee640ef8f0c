#include "app/MainWindow.h"
#include "app/llm/LlmDialog.h"
#include "db/ImageRepository.h"
#include "db/Statement.h"
#include "tests/app/support/Find.h"
#include "tests/app/support/LlmServer.h"
#include "widgets/Banner.h"
#include "widgets/JobTray.h"

#include <QJsonArray>
#include <QLabel>
#include <QLineEdit>
#include <QMenuBar>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QSpinBox>
#include <QStandardPaths>
#include <QTableWidget>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>

using namespace tagalign;
using namespace tagalign::app;
using tests::field;
using tests::LlmServer;
using tests::texts;

namespace {

constexpr int kPatience = 60'000; ///< ms; machines are shared
const QByteArray kKey = "sk-typed-0123456789";

} // namespace

/// A person's way to tags by a language model, with a server on loopback.
class TestLlmDialog : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();
    void menuOpensItForAProjectAlone();
    void openingAsksNothingOfTheNetwork();
    void nothingCanBeStartedBeforeItsEstimate();
    void enterInAFieldSendsNothing();
    void estimateFollowsWhatIsTyped();
    void keyringThatIsNotThereIsTold();
    void typedKeyIsUsedAndNotStored();
    void testShowsTheParsedAnswer();
    void testTellsABadAnswer();
    void testTellsAnError();
    void testCanBeCancelled();
    void startReadsAndListsWhatWasSkipped();
    void runIsCancelledFromTheTray();
    void skippedCaptionsAreToldWithoutTheDialog();
    void promptIsEditedAndReset();
    void settingsAreRemembered();
    void otherProjectClosesTheDialog();

private:
    [[nodiscard]] QPushButton* button(const QString& text) const
    {
        return tests::button(m_dialog, text);
    }

    /// Is there such a button, to be pressed? Their texts change.
    [[nodiscard]] bool offers(const QString& text) const
    {
        const auto all = m_dialog->findChildren<QPushButton*>();
        return std::any_of(all.begin(), all.end(), [&text](const QPushButton* found) {
            return found->text().remove('&').startsWith(text) && found->isEnabled();
        });
    }

    [[nodiscard]] bool shows(const QString& text) const { return texts(m_dialog).contains(text); }

    [[nodiscard]] QString cell(int row, int column) const
    {
        const auto* table = m_dialog->findChild<QTableWidget*>();
        const auto* item = table->isVisible() ? table->item(row, column) : nullptr;
        return item != nullptr ? item->text() : QString();
    }

    void openDialog()
    {
        m_window->showLanguageModel();
        m_dialog = m_window->findChild<LlmDialog*>();
        QTRY_VERIFY_WITH_TIMEOUT(!m_dialog->findChild<QPlainTextEdit*>()->toPlainText().isEmpty(),
                                 kPatience);
    }

    /// Types endpoint and model and waits for the estimate.
    void fillIn()
    {
        field(m_dialog, "http")->setText(m_server->endpoint());
        field(m_dialog, "llama")->setText("tiny");
        QTRY_VERIFY_WITH_TIMEOUT(offers("Start"), kPatience);
    }

    [[nodiscard]] QVariant value(const QString& sql) const
    {
        const db::Database database(m_project + "/project.sqlite");
        QSqlQuery query = db::execute(database.connection(), sql);
        return query.next() ? query.value(0) : QVariant();
    }

    [[nodiscard]] int parses() const
    {
        return value("SELECT COUNT(*) FROM parse WHERE parser = 'llm'").toInt();
    }

    QString m_project;
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<LlmServer> m_server;
    std::unique_ptr<MainWindow> m_window;
    LlmDialog* m_dialog = nullptr;
};

void TestLlmDialog::initTestCase()
{
    QStandardPaths::setTestModeEnabled(true);
    QCoreApplication::setOrganizationName("TagAlignTest");
    QCoreApplication::setApplicationName("tst_llm_dialog");
    QSettings().clear();
    qunsetenv("TAGALIGN_LLM_KEY");
    qunsetenv("OPENAI_API_KEY");
    qputenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent"); // no keyring of this machine
}

void TestLlmDialog::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_project = m_folder->filePath("pilot.tagalign");
    m_server = std::make_unique<LlmServer>();
    {
        const Project project = Project::openOrCreate(m_project);
        const db::Database database(project.databaseFile());
        db::ImageRepository images(database.connection());
        int number = 0;
        for (const char* caption : {"a black cat", "a bad thing", "the dog", "the dog"}) {
            const auto image = images.add({.path = QString("%1.jpg").arg(++number),
                                           .sha256 = QString("hash %1").arg(number),
                                           .width = 4,
                                           .height = 3});
            images.addCaption(image, caption, "en");
        }
    }
    m_window = std::make_unique<MainWindow>();
    m_window->show();
    QVERIFY(m_window->openProject(m_project));
    QTRY_VERIFY_WITH_TIMEOUT(!m_window->workspace()->jobs.isBusy(), kPatience);
    openDialog();
}

void TestLlmDialog::cleanup()
{
    m_window.reset();
    m_server.reset();
}

void TestLlmDialog::menuOpensItForAProjectAlone()
{
    MainWindow empty;
    empty.show();
    QAction* action = nullptr;
    for (QAction* found : empty.menuBar()->actions().first()->menu()->actions()) {
        action = found->text().contains("language model") ? found : action;
    }
    QVERIFY(action != nullptr);
    action->trigger();
    QVERIFY(empty.findChild<LlmDialog*>() == nullptr);
    QVERIFY(texts(&empty).contains("Open a project first"));
}

void TestLlmDialog::openingAsksNothingOfTheNetwork()
{
    fillIn();
    QVERIFY(shows("4 captions to read, 3 different texts"));
    QVERIFY(shows("The text of 3 captions and the prompt go to " + m_server->endpoint() +
                  "/chat/completions, a program on this machine; no pictures"));
    QVERIFY(m_server->requests().isEmpty());
    m_dialog->close();
    m_window->showLanguageModel();
    QTest::qWait(500);
    QVERIFY(m_server->requests().isEmpty());
}

void TestLlmDialog::nothingCanBeStartedBeforeItsEstimate()
{
    fillIn();
    field(m_dialog, "http")->setText("http://localhost:9/elsewhere");
    QVERIFY(!offers("Start") && !offers("Test"));
    QTRY_VERIFY_WITH_TIMEOUT(shows("http://localhost:9/elsewhere/chat/completions"), kPatience);
    QVERIFY(offers("Start") && offers("Test"));
    field(m_dialog, "http")->setText("localhost");
    QTRY_VERIFY_WITH_TIMEOUT(shows("Not ready"), kPatience);
    QVERIFY(!offers("Start") && !offers("Test"));
    m_dialog->findChild<QPlainTextEdit*>()->setPlainText(" ");
    QTest::qWait(400);
    QVERIFY(!offers("Start"));
}

void TestLlmDialog::enterInAFieldSendsNothing()
{
    fillIn();
    for (QLineEdit* edit : {field(m_dialog, "http"), field(m_dialog, "llama")}) {
        edit->setFocus();
        QTest::keyClick(edit, Qt::Key_Return);
    }
    QTest::qWait(200);
    QVERIFY(m_server->requests().isEmpty());
    QVERIFY(m_dialog->isVisible());
}

void TestLlmDialog::estimateFollowsWhatIsTyped()
{
    fillIn();
    QVERIFY(shows("in 3 requests") && shows("no price given"));
    auto* captions = m_dialog->findChildren<QSpinBox*>().at(1);
    captions->setValue(3);
    QTRY_VERIFY_WITH_TIMEOUT(shows("in 1 requests"), kPatience);
    m_dialog->findChildren<QDoubleSpinBox*>().first()->setValue(100.0);
    QTRY_VERIFY_WITH_TIMEOUT(shows(", $0."), kPatience);
}

void TestLlmDialog::keyringThatIsNotThereIsTold()
{
    fillIn();
    QTRY_VERIFY_WITH_TIMEOUT(shows("no keyring service runs here; set the environment variable "
                                   "TAGALIGN_LLM_KEY"),
                             kPatience);
    field(m_dialog, "another one")->setText(kKey);
    QTest::mouseClick(button("Keep in the keyring"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(shows("The key was not kept"), kPatience);
    QCOMPARE(field(m_dialog, "another one")->text().toUtf8(), kKey);
}

void TestLlmDialog::typedKeyIsUsedAndNotStored()
{
    fillIn();
    field(m_dialog, "another one")->setText(kKey);
    QVERIFY(shows("As typed"));
    QTRY_VERIFY_WITH_TIMEOUT(offers("Test"), kPatience);
    QTest::mouseClick(button("Test"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(m_server->requests().size() == 1, kPatience);
    QCOMPARE(m_server->requests().first().headers.value("authorization"), "Bearer " + kKey);
    QTRY_VERIFY_WITH_TIMEOUT(shows("Test, answered"), kPatience);
    QCOMPARE(value("SELECT COUNT(*) FROM setting WHERE value LIKE '%sk-typed%'").toInt(), 0);
    // Another endpoint does not get it.
    field(m_dialog, "http")->setText("http://localhost:9");
    QVERIFY(field(m_dialog, "another one")->text().isEmpty());
}

void TestLlmDialog::testShowsTheParsedAnswer()
{
    fillIn();
    QTest::mouseClick(button("Test"), Qt::LeftButton);
    QTRY_COMPARE_WITH_TIMEOUT(cell(0, 0), QString("a black cat"), kPatience);
    QCOMPARE(cell(0, 1), QString("cat: black"));
    QTRY_VERIFY_WITH_TIMEOUT(shows("2 different texts") && shows("from the answers so far (1)"),
                             kPatience);
    QCOMPARE(parses(), 0);
    QCOMPARE(m_server->requests().size(), 1);
}

void TestLlmDialog::testTellsABadAnswer()
{
    m_server->setFault({}, {.content = "I see a cat"});
    fillIn();
    QTest::mouseClick(button("Test"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(shows("could not be read: the answer holds no whole JSON object"),
                             kPatience);
    QCOMPARE(cell(0, 1), QString("I see a cat"));
}

void TestLlmDialog::testTellsAnError()
{
    m_server->setFault({}, {.status = 401});
    fillIn();
    QTest::mouseClick(button("Test"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(shows("127.0.0.1: refuses the key"), kPatience);
    QTRY_VERIFY_WITH_TIMEOUT(offers("Test on"), kPatience);
}

void TestLlmDialog::testCanBeCancelled()
{
    m_server->setFault({}, {.isSilent = true});
    fillIn();
    QTest::mouseClick(button("Test"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(m_server->requests().size() == 1, kPatience);
    QTest::mouseClick(button("Cancel the test"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(offers("Test on"), kPatience);
}

void TestLlmDialog::startReadsAndListsWhatWasSkipped()
{
    m_server->setFault("bad", {.content = "no"});
    fillIn();
    QSignalSpy changed(m_window->workspace(), &Workspace::tagsChanged);
    QTest::mouseClick(button("Start"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(shows("3 captions read"), kPatience);
    QCOMPARE(cell(0, 0), QString("a bad thing"));
    QVERIFY(cell(0, 1).contains("no whole JSON object"));
    QCOMPARE(parses(), 3);
    QVERIFY(!changed.isEmpty());
    QTRY_VERIFY_WITH_TIMEOUT(shows("1 captions to read"), kPatience);
}

void TestLlmDialog::runIsCancelledFromTheTray()
{
    m_server->setFault("dog", {.isSilent = true});
    fillIn();
    QTest::mouseClick(button("Start"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(m_server->requestsAbout("the dog") == 1, kPatience);
    QTRY_VERIFY_WITH_TIMEOUT(button("Reading") != nullptr && !offers("Reading"), kPatience);
    auto* tray = m_window->findChild<widgets::JobTray*>();
    QTRY_VERIFY_WITH_TIMEOUT(texts(tray).contains("Reading tags with tiny"), kPatience);
    QTRY_COMPARE_WITH_TIMEOUT(parses(), 2, kPatience); // the others' answers came
    Q_EMIT tray->cancelRequested(m_window->workspace()->jobs.jobs().last().id);
    QTRY_VERIFY_WITH_TIMEOUT(!m_window->workspace()->jobs.isBusy(), kPatience);
    QTRY_VERIFY_WITH_TIMEOUT(offers("Start"), kPatience);
    QCOMPARE(parses(), 2); // what came is kept
}

void TestLlmDialog::skippedCaptionsAreToldWithoutTheDialog()
{
    m_server->setFault("bad", {.content = "no"});
    m_server->setDelay(200);
    fillIn();
    QTest::mouseClick(button("Start"), Qt::LeftButton);
    m_dialog->close();
    QTRY_VERIFY_WITH_TIMEOUT(texts(m_window.get()).contains("left 1 captions unread"), kPatience);
    QCOMPARE(parses(), 3);
}

void TestLlmDialog::promptIsEditedAndReset()
{
    auto* prompt = m_dialog->findChild<QPlainTextEdit*>();
    const QString standard = prompt->toPlainText();
    QVERIFY(shows("(default)") && !button("Reset")->isEnabled());
    prompt->setPlainText("List the things.");
    QVERIFY(shows("version " + LlmPrompt::of("List the things.").version + " (edited)"));
    fillIn();
    QTest::mouseClick(button("Start"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(shows("4 captions read"), kPatience);
    QCOMPARE(m_server->requests().first().json["messages"][0]["content"].toString(),
             QString("List the things."));
    QTest::mouseClick(button("Reset"), Qt::LeftButton);
    QCOMPARE(prompt->toPlainText(), standard);
    QTRY_VERIFY_WITH_TIMEOUT(shows("4 captions to read"), kPatience);
}

void TestLlmDialog::settingsAreRemembered()
{
    m_dialog->findChild<QPlainTextEdit*>()->setPlainText("List the things.");
    m_dialog->findChildren<QSpinBox*>().first()->setValue(2);
    fillIn();
    QTest::mouseClick(button("Start"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(shows("4 captions read"), kPatience);
    m_window = std::make_unique<MainWindow>();
    m_window->show();
    QVERIFY(m_window->openProject(m_project));
    m_server->forgetRequests();
    openDialog();
    QCOMPARE(field(m_dialog, "http")->text(), m_server->endpoint());
    QCOMPARE(field(m_dialog, "llama")->text(), QString("tiny"));
    QCOMPARE(m_dialog->findChild<QPlainTextEdit*>()->toPlainText(), QString("List the things."));
    QCOMPARE(m_dialog->findChildren<QSpinBox*>().first()->value(), 2);
    QTRY_VERIFY_WITH_TIMEOUT(shows("Every caption has been read"), kPatience);
    QVERIFY(!offers("Start"));
    QVERIFY(m_server->requests().isEmpty()); // opening again goes on with nothing by itself
}

void TestLlmDialog::otherProjectClosesTheDialog()
{
    fillIn();
    QVERIFY(m_window->openProject(m_folder->filePath("other.tagalign")));
    QVERIFY(m_window->findChild<LlmDialog*>() == nullptr);
}

QTEST_MAIN(TestLlmDialog)
#include "tst_llm_dialog.moc"
