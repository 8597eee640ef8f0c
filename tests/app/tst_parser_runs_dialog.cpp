#include "app/MainWindow.h"
#include "app/ParserRunsDialog.h"
#include "app/jobs/TagJob.h"
#include "app/llm/LlmDialog.h"
#include "app/llm/LlmTagJob.h"
#include "app/pages/TagTracer.h"
#include "app/pages/VerifyPage.h"
#include "db/ImageRepository.h"
#include "db/Statement.h"
#include "tests/app/support/Find.h"
#include "tests/app/support/LlmServer.h"
#include "tests/app/support/TestContext.h"
#include "widgets/CaptionLabel.h"
#include "widgets/TagChipBar.h"
#include "widgets/plot/IntervalDelegate.h"

#include <QLabel>
#include <QLineEdit>
#include <QMenuBar>
#include <QMessageBox>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSettings>
#include <QStandardPaths>
#include <QTableWidget>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

#include <algorithm>

using namespace tagalign;
using namespace tagalign::app;
using tests::button;
using tests::LlmServer;
using tests::texts;

namespace {

constexpr int kPatience = 60'000; ///< ms; machines are shared

template <class Widget>
Widget* named(const QWidget* place, const QString& name)
{
    for (Widget* found : place->findChildren<Widget*>()) {
        if (found->accessibleName() == name) {
            return found;
        }
    }
    qFatal("nothing is called %s", qPrintable(name));
}

} // namespace

/// A person's way to where tags come from: the trace on the Verify page and the runs of parsers,
/// with a language model's server on loopback.
class TestParserRunsDialog : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();
    void menuOpensItForAProjectAlone();
    void emptyProjectSaysWhatBelongsThere();
    void runsAreListed();
    void twoRunsAreComparedByKeys();
    void doubleClickShowsOnePictureAfterTheOther();
    void revertAsksFirst();
    void revertedRunIsNotCompared();
    void runAgainBringsTheTagsBack();
    void allIsReadAgain();
    void modelsRunAsksWithItsOwnPrompt();
    void sizeIsRemembered();
    void otherProjectClosesTheDialog();
    void importAfterARevertSaysWhatIsLeft();
    void traceOpensByKeyAndButton();
    void traceShowsWordsParsersAndAgreement();
    void traceFollowsTheTagAndItsVerdicts();
    void promptAndAnswerUnfold();
    void lettersInTheAnswerJudgeNothing();

private:
    void addPictures(const QStringList& captions);
    void readTwice();
    void openProject();
    void openDialog();

    [[nodiscard]] QTableWidget* runs() const { return named<QTableWidget>(m_dialog, "Runs"); }

    [[nodiscard]] QTableWidget* found() const
    {
        return named<QTableWidget>(m_dialog, "What only one found");
    }

    [[nodiscard]] VerifyPage* verify() const
    {
        return static_cast<VerifyPage*>(m_window->page(MainWindow::kVerify));
    }

    [[nodiscard]] TagTracer* trace() const { return verify()->findChild<TagTracer*>(); }

    [[nodiscard]] QString currentTag() const
    {
        const int chip = verify()->chips()->current();
        return verify()->shownImage() && chip >= 0 ? verify()->chips()->chips().at(chip).text
                                                   : QString();
    }

    /// Moves to the tag by keys.
    void chooseTag(const QString& text) const
    {
        const auto& chips = verify()->chips()->chips();
        for (int i = 0; i < chips.size(); ++i) {
            if (chips.at(i).text == text) {
                QTest::keyClick(verify(), Qt::Key(Qt::Key_1 + i));
                return;
            }
        }
        qFatal("no tag %s", qPrintable(text));
    }

    [[nodiscard]] QMessageBox* question() const { return m_dialog->findChild<QMessageBox*>(); }

    /// Presses Revert and the answer.
    void revert(const QString& answer)
    {
        QTest::mouseClick(button<QPushButton>(m_dialog, "Revert"), Qt::LeftButton);
        QTRY_VERIFY(question() != nullptr && question()->isVisible());
        QTest::mouseClick(button<QPushButton>(question(), answer), Qt::LeftButton);
        QTRY_VERIFY(question() == nullptr);
    }

    [[nodiscard]] int value(const QString& sql) const
    {
        const db::Database database(m_project->databaseFile());
        QSqlQuery query = db::execute(database.connection(), sql);
        return query.next() ? query.value(0).toInt() : -1;
    }

    int m_pictures = 0;
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Project> m_project;
    std::unique_ptr<LlmServer> m_server;
    std::unique_ptr<MainWindow> m_window;
    ParserRunsDialog* m_dialog = nullptr;
};

void TestParserRunsDialog::initTestCase()
{
    QStandardPaths::setTestModeEnabled(true);
    QCoreApplication::setOrganizationName("TagAlignTest");
    QCoreApplication::setApplicationName("tst_parser_runs_dialog");
    qputenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent"); // no keyring of this machine
}

void TestParserRunsDialog::init()
{
    QSettings().clear();
    m_folder = std::make_unique<QTemporaryDir>();
    m_project =
        std::make_unique<Project>(Project::openOrCreate(m_folder->filePath("pilot.tagalign")));
    const db::Database database(m_project->databaseFile()); // made
    m_server = std::make_unique<LlmServer>();
    m_pictures = 0;
}

void TestParserRunsDialog::cleanup()
{
    m_window.reset();
    m_server.reset();
}

void TestParserRunsDialog::addPictures(const QStringList& captions)
{
    const db::Database database(m_project->databaseFile());
    db::ImageRepository images(database.connection());
    for (const QString& caption : captions) {
        const QString path = m_folder->filePath(QString("%1.png").arg(++m_pictures));
        QImage picture(32, 24, QImage::Format_RGB32);
        picture.fill(QColor::fromHsv(m_pictures * 40 % 360, 200, 200));
        QVERIFY(picture.save(path));
        const auto image = images.add({.path = m_project->storedPath(path),
                                       .sha256 = QString("hash %1").arg(m_pictures),
                                       .perceptualHash = quint64(m_pictures) * 0x9E3779B97F4A7C15,
                                       .width = 32,
                                       .height = 24});
        images.addCaption(image, caption, "en");
    }
}

/// By the built-in parser, which finds the cats too, and by the server's model, which does not.
void TestParserRunsDialog::readTwice()
{
    addPictures({"a cat on a mat", "a cat on a red mat", "a red mat"});
    tests::TestContext context;
    extractTags(*m_project, context);
    LlmSettings settings{.endpoint = m_server->endpoint(), .model = "tiny"};
    (void)readTagsWithLlm(*m_project, settings, LlmPrompt::of("Name the things."), "key", context);
    db::Database database(m_project->databaseFile());
    settings.model = "another";
    settings.save(database); // as if another model had been tried since
    m_server->forgetRequests();
}

void TestParserRunsDialog::openProject()
{
    m_window = std::make_unique<MainWindow>();
    m_window->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
    QVERIFY(m_window->openProject(m_project->folder()));
    QTRY_VERIFY_WITH_TIMEOUT(!m_window->workspace()->jobs.isBusy(), kPatience);
}

void TestParserRunsDialog::openDialog()
{
    readTwice();
    openProject();
    m_window->showParserRuns();
    m_dialog = m_window->findChild<ParserRunsDialog*>();
    QTRY_COMPARE_WITH_TIMEOUT(runs()->rowCount(), 2, kPatience);
}

void TestParserRunsDialog::menuOpensItForAProjectAlone()
{
    m_window = std::make_unique<MainWindow>();
    m_window->show();
    QAction* action = nullptr;
    for (QAction* each : m_window->menuBar()->actions().first()->menu()->actions()) {
        action = each->text().remove('&').startsWith("Parser runs") ? each : action;
    }
    QVERIFY(action != nullptr && !action->shortcut().isEmpty());
    action->trigger();
    QVERIFY(m_window->findChild<ParserRunsDialog*>() == nullptr);
    QVERIFY(texts(m_window.get()).contains("Open a project first"));
    QVERIFY(m_window->openProject(m_project->folder()));
    action->trigger();
    QVERIFY(m_window->findChild<ParserRunsDialog*>() != nullptr);
}

void TestParserRunsDialog::emptyProjectSaysWhatBelongsThere()
{
    openProject();
    m_window->showParserRuns();
    m_dialog = m_window->findChild<ParserRunsDialog*>();
    QTRY_VERIFY_WITH_TIMEOUT(texts(m_dialog).contains("No parser has read"), kPatience);
    QVERIFY(!button<QPushButton>(m_dialog, "Revert")->isEnabled());
    QVERIFY(!button<QPushButton>(m_dialog, "Run again")->isEnabled());
}

void TestParserRunsDialog::runsAreListed()
{
    openDialog();
    QVERIFY(runs()->item(1, 1)->text().startsWith("llm tiny (prompt "));
    QCOMPARE(runs()->item(0, 2)->text(), QString("3"));
    QCOMPARE(runs()->item(0, 4)->text(), QString::number(value("SELECT COUNT(*) FROM candidate c "
                                                               "JOIN parse p ON p.id = c.parse_id "
                                                               "WHERE p.run_id = 1")));
    QCOMPARE(runs()->item(0, 5)->text(), QString("no verdict yet"));
    QVERIFY(runs()->item(0, 6)->text().startsWith("read "));
    QVERIFY(!button<QPushButton>(m_dialog, "Run again")->isEnabled()); // none is chosen
    runs()->selectRow(0);
    QVERIFY(button<QPushButton>(m_dialog, "Read all again")->isEnabled());
    runs()->selectRow(1);
    QVERIFY(button<QPushButton>(m_dialog, "Run again…")->isEnabled());
    QVERIFY(!button<QPushButton>(m_dialog, "Read all again")->isEnabled());
}

void TestParserRunsDialog::twoRunsAreComparedByKeys()
{
    openDialog();
    QTest::keyClick(verify(), Qt::Key_A);
    runs()->setFocus();
    runs()->setCurrentCell(0, 0);
    QTest::keyClick(runs(), Qt::Key_Down, Qt::ShiftModifier);
    QTRY_VERIFY_WITH_TIMEOUT(found()->isVisible(), kPatience);
    QVERIFY2(texts(m_dialog).contains("Objects: too few verdicts"), qPrintable(texts(m_dialog)));
    const auto* figures = named<QTableWidget>(m_dialog, "Comparison");
    QVERIFY(figures->isVisible());
    QCOMPARE(figures->rowCount(), 6);
    const auto row = [figures](int number) {
        QStringList cells;
        for (int column = 0; column < 6; ++column) {
            const auto* item = figures->item(number, column);
            cells.append(item != nullptr ? item->text() : QString());
        }
        return cells;
    };
    QCOMPARE(row(0).mid(2), QStringList({"5", "2", "3", "60.0 %"})); // three mats, two cats
    QCOMPARE(row(0).first(), QString("Objects"));
    QCOMPARE(row(1).mid(2), QStringList({"3", "0", "", ""}));
    QVERIFY(row(1).at(1).startsWith("llm tiny"));
    QVERIFY(texts(m_dialog).contains("Captions that both have read: 3."));
    QVERIFY(!button<QPushButton>(m_dialog, "Revert")->isEnabled());
    runs()->selectRow(0);
    QVERIFY(!found()->isVisible());
}

void TestParserRunsDialog::doubleClickShowsOnePictureAfterTheOther()
{
    openDialog();
    runs()->selectAll();
    QTRY_VERIFY_WITH_TIMEOUT(found()->isVisible(), kPatience);
    m_window->showPage(MainWindow::kReport);
    int row = 0;
    while (found()->item(row, 0)->text() != "cat") {
        ++row;
    }
    QCOMPARE(found()->item(row, 2)->text(), QString("2"));
    const QPoint place = found()->visualItemRect(found()->item(row, 2)).center();
    for (const qint64 image : {1, 2, 1}) {
        QTest::mouseClick(found()->viewport(), Qt::LeftButton, {}, place);
        QTest::mouseDClick(found()->viewport(), Qt::LeftButton, {}, place);
        QTRY_COMPARE_WITH_TIMEOUT(verify()->shownImage(), std::optional(db::ImageId{image}),
                                  kPatience);
        QTRY_COMPARE_WITH_TIMEOUT(currentTag(), QString("cat"), kPatience);
        QTRY_VERIFY_WITH_TIMEOUT(verify()->isVisible(), kPatience);
    }
    found()->setCurrentCell(row, 0);
    QTest::keyClick(found(), Qt::Key_Return);
    QTRY_COMPARE_WITH_TIMEOUT(verify()->shownImage(), std::optional(db::ImageId{2}), kPatience);
}

void TestParserRunsDialog::revertAsksFirst()
{
    openDialog();
    runs()->selectRow(0);
    revert("Cancel");
    QCOMPARE(value("SELECT COUNT(*) FROM parser_run WHERE reverted_at <> ''"), 0);
    revert("Revert");
    QTRY_VERIFY_WITH_TIMEOUT(texts(m_dialog).contains("was reverted: "), kPatience);
    QCOMPARE(value("SELECT COUNT(*) FROM candidate c JOIN parse p ON p.id = c.parse_id WHERE "
                   "p.run_id = 1"),
             0);
    QVERIFY(runs()->item(0, 6)->text().startsWith("reverted "));
    QVERIFY(!button<QPushButton>(m_dialog, "Revert")->isEnabled()); // it is still chosen
    const auto isObjectShown = [this] { // the model took the cat for an attribute
        const auto& chips = verify()->chips()->chips();
        return std::any_of(chips.begin(), chips.end(), [](const widgets::TagChip& chip) {
            return chip.text == "cat" && !chip.isAttribute;
        });
    };
    QTRY_VERIFY_WITH_TIMEOUT(verify()->shownImage() && !isObjectShown(), kPatience);
}

void TestParserRunsDialog::revertedRunIsNotCompared()
{
    openDialog();
    runs()->selectRow(0);
    revert("Revert");
    QTRY_VERIFY_WITH_TIMEOUT(texts(m_dialog).contains("was reverted: "), kPatience);
    runs()->selectAll();
    QTRY_VERIFY_WITH_TIMEOUT(texts(m_dialog).contains("Not compared: run 1"), kPatience);
    QVERIFY(!found()->isVisible());
}

void TestParserRunsDialog::runAgainBringsTheTagsBack()
{
    openDialog();
    const int before = value("SELECT COUNT(*) FROM candidate");
    runs()->selectRow(0);
    revert("Revert");
    QTRY_VERIFY_WITH_TIMEOUT(texts(m_dialog).contains("was reverted: "), kPatience);
    QTest::mouseClick(button<QPushButton>(m_dialog, "Run again"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(texts(m_dialog).contains("3 captions read"), kPatience);
    QCOMPARE(value("SELECT COUNT(*) FROM candidate"), before);
    QVERIFY(runs()->item(0, 6)->text().startsWith("read "));
}

void TestParserRunsDialog::allIsReadAgain()
{
    openDialog();
    const int before = value("SELECT COUNT(*) FROM candidate");
    const int newest = value("SELECT MAX(id) FROM candidate");
    runs()->selectRow(0);
    QTest::mouseClick(button<QPushButton>(m_dialog, "Read all again"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(texts(m_dialog).contains("3 captions read"), kPatience);
    QCOMPARE(value("SELECT COUNT(*) FROM candidate"), before);
    QVERIFY(value("SELECT MAX(id) FROM candidate") > newest);
}

void TestParserRunsDialog::modelsRunAsksWithItsOwnPrompt()
{
    openDialog();
    runs()->selectRow(1);
    QTest::mouseClick(button<QPushButton>(m_dialog, "Run again…"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(m_window->findChild<LlmDialog*>() != nullptr, kPatience);
    const auto* dialog = m_window->findChild<LlmDialog*>();
    QTRY_COMPARE_WITH_TIMEOUT(dialog->findChild<QPlainTextEdit*>()->toPlainText(),
                              QString("Name the things."), kPatience);
    bool hasModel = false;
    for (const QLineEdit* field : dialog->findChildren<QLineEdit*>()) {
        hasModel = hasModel || field->text() == "tiny";
    }
    QVERIFY(hasModel);
    QVERIFY(m_server->requests().isEmpty());
}

void TestParserRunsDialog::sizeIsRemembered()
{
    openDialog();
    m_dialog->resize(820, 610);
    QTRY_COMPARE(m_dialog->size(), QSize(820, 610));
    m_dialog->close();
    QTRY_VERIFY(m_window->findChild<ParserRunsDialog*>() == nullptr);
    m_window->showParserRuns();
    QCOMPARE(m_window->findChild<ParserRunsDialog*>()->size(), QSize(820, 610));
}

void TestParserRunsDialog::otherProjectClosesTheDialog()
{
    openDialog();
    QVERIFY(m_window->openProject(m_folder->filePath("other.tagalign")));
    QVERIFY(m_window->findChild<ParserRunsDialog*>() == nullptr);
}

void TestParserRunsDialog::importAfterARevertSaysWhatIsLeft()
{
    openDialog();
    runs()->selectRow(0);
    revert("Revert");
    QTRY_VERIFY_WITH_TIMEOUT(texts(m_dialog).contains("was reverted: "), kPatience);
    m_window->workspace()->queueTags();
    QTRY_VERIFY_WITH_TIMEOUT(texts(m_window.get()).contains("3 captions were not read"), kPatience);
}

void TestParserRunsDialog::traceOpensByKeyAndButton()
{
    readTwice();
    openProject();
    QTRY_VERIFY_WITH_TIMEOUT(!currentTag().isEmpty(), kPatience);
    QVERIFY(!trace()->isVisible());
    QTest::keyClick(verify(), Qt::Key_T);
    QVERIFY(trace()->isVisible());
    QTest::mouseClick(button<QPushButton>(verify(), "Trace"), Qt::LeftButton);
    QVERIFY(!trace()->isVisible());
    QTest::keyClick(verify(), Qt::Key_T);
    m_window.reset(); // it is there again at the next start
    openProject();
    QVERIFY(trace()->isVisible());
}

void TestParserRunsDialog::traceShowsWordsParsersAndAgreement()
{
    readTwice();
    openProject();
    QTRY_VERIFY_WITH_TIMEOUT(!currentTag().isEmpty(), kPatience);
    QTest::keyClick(verify(), Qt::Key_T);
    chooseTag("mat");
    QTRY_VERIFY_WITH_TIMEOUT(texts(trace()).contains("Read by llm tiny (prompt "), kPatience);
    const QString both = texts(trace());
    QVERIFY2(both.contains("a cat on a <b><u>mat</u></b>"), qPrintable(both));
    QVERIFY(both.contains("Object") && both.contains("probability "));
    QVERIFY(both.contains("Found by ") && !both.contains("Not found by"));
    QVERIFY(both.contains("Nobody has judged this tag yet."));
    chooseTag("cat");
    QTRY_VERIFY_WITH_TIMEOUT(texts(trace()).contains("Not found by llm tiny (prompt ") &&
                                 texts(trace()).contains("a <b><u>cat</u></b> on a mat"),
                             kPatience);
}

void TestParserRunsDialog::traceFollowsTheTagAndItsVerdicts()
{
    readTwice();
    openProject();
    QTRY_VERIFY_WITH_TIMEOUT(!currentTag().isEmpty(), kPatience);
    QTest::keyClick(verify(), Qt::Key_T);
    const QString judged = currentTag();
    QTest::keyClick(verify(), Qt::Key_X);
    QTRY_VERIFY_WITH_TIMEOUT(currentTag() != judged && !currentTag().isEmpty(), kPatience);
    QTRY_VERIFY_WITH_TIMEOUT(texts(trace()).contains("Nobody has judged"), kPatience);
    chooseTag(judged);
    QTRY_VERIFY_WITH_TIMEOUT(texts(trace()).contains("rejected · by "), kPatience);
    QTest::keyClick(verify(), Qt::Key_Backspace);
    QTRY_VERIFY_WITH_TIMEOUT(texts(trace()).contains("undone: not judged yet again"), kPatience);
    QVERIFY(texts(trace()).contains("rejected · by ")); // both stay
}

void TestParserRunsDialog::promptAndAnswerUnfold()
{
    readTwice();
    openProject();
    QTRY_VERIFY_WITH_TIMEOUT(!currentTag().isEmpty(), kPatience);
    QTest::keyClick(verify(), Qt::Key_T);
    chooseTag("mat");
    QTRY_VERIFY_WITH_TIMEOUT(texts(trace()).contains("Read by llm"), kPatience);
    auto* text = trace()->findChild<QPlainTextEdit*>();
    QVERIFY(text != nullptr && !text->isVisible());
    QTest::mouseClick(button<QToolButton>(trace(), "Prompt and answer"), Qt::LeftButton);
    QVERIFY(text->isVisible());
    QVERIFY2(text->toPlainText().contains("Name the things."), qPrintable(text->toPlainText()));
    QVERIFY(text->toPlainText().contains("ANSWER\n") && text->toPlainText().contains("\"mat\""));
    QTest::keyClick(verify(), Qt::Key_Right); // to a picture whose tag was read by both as well
    QTRY_COMPARE_WITH_TIMEOUT(verify()->shownImage(), std::optional(db::ImageId{2}), kPatience);
    chooseTag("mat");
    QTRY_VERIFY_WITH_TIMEOUT(texts(trace()).contains("a cat on a red <b>"), kPatience);
    QTRY_VERIFY_WITH_TIMEOUT(trace()->findChild<QPlainTextEdit*>() != nullptr &&
                                 trace()->findChild<QPlainTextEdit*>()->isVisible(),
                             kPatience);
}

void TestParserRunsDialog::lettersInTheAnswerJudgeNothing()
{
    readTwice();
    openProject();
    QTRY_VERIFY_WITH_TIMEOUT(!currentTag().isEmpty(), kPatience);
    QTest::keyClick(verify(), Qt::Key_T);
    chooseTag("mat");
    QTRY_VERIFY_WITH_TIMEOUT(texts(trace()).contains("Read by llm"), kPatience);
    QTest::mouseClick(button<QToolButton>(trace(), "Prompt and answer"), Qt::LeftButton);
    auto* text = trace()->findChild<QPlainTextEdit*>();
    QTest::mouseClick(text->viewport(), Qt::LeftButton);
    QTRY_VERIFY(text->hasFocus());
    QTest::keyClick(text, Qt::Key_A);
    QTest::keyClick(text, Qt::Key_X);
    QCOMPARE(currentTag(), QString("mat"));
    QTest::keyClick(text, Qt::Key_Escape);
    QVERIFY(verify()->hasFocus());
    QTest::keyClick(verify(), Qt::Key_A);
    QTRY_COMPARE_WITH_TIMEOUT(value("SELECT COUNT(*) FROM verdict"), 1, kPatience);
}

QTEST_MAIN(TestParserRunsDialog)
#include "tst_parser_runs_dialog.moc"
