#include "app/AblationDialog.h"
#include "app/MainWindow.h"
#include "app/ModelChoice.h"
#include "app/demo/DemoPairs.h"
#include "app/pages/ComparePage.h"
#include "app/pages/PictureList.h"
#include "app/pages/VerifyPage.h"
#include "db/AuditLog.h"
#include "db/ImageRepository.h"
#include "db/RunRepository.h"
#include "db/Statement.h"
#include "tests/app/support/Find.h"
#include "widgets/ColorMaps.h"
#include "widgets/CompareView.h"
#include "widgets/DropArea.h"
#include "widgets/JobTray.h"
#include "widgets/ProgressSummary.h"
#include "widgets/TagChipBar.h"
#include "widgets/plot/IntervalDelegate.h"

#include <QComboBox>
#include <QDirIterator>
#include <QDropEvent>
#include <QElapsedTimer>
#include <QFileDialog>
#include <QLineEdit>
#include <QListView>
#include <QMenu>
#include <QMimeData>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QSpinBox>
#include <QStandardPaths>
#include <QTabWidget>
#include <QTableWidget>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>
#include <QtConcurrent>

using namespace tagalign;
using namespace tagalign::app;

namespace {

constexpr int kPatience = 60'000; ///< ms; machines are shared
constexpr int kPictures = 48;
constexpr int kLongTraining = 900; ///< epochs: to be in the middle of it for a while

/// The starter with one weight changed: another model to the program.
void writeOtherModel(const QString& folder)
{
    QVERIFY(QDir().mkpath(folder));
    for (const QFileInfo& file : QDir(starterModelFolder()).entryInfoList(QDir::Files)) {
        QVERIFY(QFile::copy(file.filePath(), folder + '/' + file.fileName()));
    }
    QFile weights(folder + "/model.safetensors");
    QVERIFY(weights.setPermissions(QFile::ReadOwner | QFile::WriteOwner));
    QVERIFY(weights.open(QIODevice::ReadWrite));
    QVERIFY(weights.seek(weights.size() - 2)); // fp16, the last value
    const QByteArray value = weights.read(1);
    QVERIFY(weights.seek(weights.size() - 2));
    QCOMPARE(weights.write(QByteArray(1, char(value.at(0) ^ 0x7F))), 1);
}

/// As a person does it; setting the index alone says nothing to the page.
void chooseEntry(QComboBox* box, int entry)
{
    QVERIFY(entry >= 0);
    box->setFocus();
    while (box->currentIndex() != entry) {
        QTest::keyClick(box, box->currentIndex() < entry ? Qt::Key_Down : Qt::Key_Up);
    }
}

} // namespace

/// A person's way through the window, on composed pictures and the model that is built in.
class TestStudio : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init();
    void startPageOffersTheDemo();
    void demoIsImportedTaggedAndEncoded();
    void tenTagsAreVerifiedAndTwoUndone();
    void secondKeyJudgesOnlyWhatIsOnScreen();
    void undoComesBackToTheTagItReopened();
    void heldAndModifiedKeysJudgeNothing();
    void verifyingGoesOnWhileTrainingIsCancelled();
    void stoppedTrainingGoesOnToItsReport();
    void retentionSetIsChosenMeasuredAndDropped();
    void promptIsComparedBeforeAndAfter();
    void searchRanksAndShowsAllAgain();
    void runsOfTwoModelsStandSideBySide();
    void whatContributesIsTrainedAndShown();
    void pagesAreReachedByKeys();
    void closingMidJobLosesNothing();
    void interruptedWorkGoesOnAtTheNextStart();
    void foreignFolderIsRefusedInOneSentence();
    void droppedPairsBecomeAProjectBesideThem();
    void cleanupTestCase();

private:
    /// Reads the project file on another thread, so that the window's own blocks are measured.
    template <class Read>
    auto read(Read work) const
    {
        auto result = QtConcurrent::run([work, file = m_project + "/project.sqlite"] {
            const db::Database database(file);
            return work(database.connection());
        });
        while (!result.isFinished()) {
            QTest::qWait(1);
        }
        return result.result();
    }

    [[nodiscard]] db::Counts counts() const
    {
        return read([](const QSqlDatabase& file) { return db::ImageRepository(file).counts(); });
    }

    [[nodiscard]] int rows(const QString& sql) const
    {
        return read([sql](const QSqlDatabase& file) {
            QSqlQuery query = db::execute(file, sql);
            return query.next() ? query.value(0).toInt() : -1;
        });
    }

    [[nodiscard]] int verdicts() const { return rows("SELECT COUNT(*) FROM verdict"); }

    [[nodiscard]] VerifyPage* verify() const
    {
        return static_cast<VerifyPage*>(m_window->page(MainWindow::kVerify));
    }

    [[nodiscard]] const widgets::TagChipBar* chips() const { return verify()->chips(); }

    [[nodiscard]] bool isTagWaiting() const
    {
        return verify()->shownImage() && chips()->current() >= 0 &&
               chips()->chips().at(chips()->current()).state == widgets::TagState::Pending;
    }

    template <class Button>
    Button* button(QWidget* page, const QString& text) const
    {
        for (Button* found : page->findChildren<Button*>()) {
            if (found->text().startsWith(text)) {
                return found;
            }
        }
        qFatal("no button %s", qPrintable(text));
    }

    [[nodiscard]] int judgedByHand() const
    {
        const db::Counts now = counts();
        return now.accepted + now.rejected + now.unsure - m_simulated.accepted -
               m_simulated.rejected - m_simulated.unsure;
    }

    void waitForJobs();
    void startTraining(int epochs);

    /// Closing may wait for the job under way, so that its time is not the window's.
    void closeWindow()
    {
        m_heartbeat.stop();
        m_window->close();
        m_window.reset();
    }

    void showNewWindow()
    {
        m_window = std::make_unique<MainWindow>();
        m_window->show();
        m_sinceBeat.start();
        m_heartbeat.start();
    }

    QTemporaryDir m_folder;
    QString m_project;
    db::Counts m_simulated; ///< as the demo began
    std::unique_ptr<MainWindow> m_window;
    QTimer m_heartbeat;
    QElapsedTimer m_sinceBeat;
    qint64 m_longestBlock = 0; ///< ms
    QByteArray m_blockedIn;
};

void TestStudio::initTestCase()
{
    QStandardPaths::setTestModeEnabled(true);
    QCoreApplication::setOrganizationName("TagAlignTest");
    QCoreApplication::setApplicationName(QFileInfo(m_folder.path()).fileName());
    QSettings().clear();
    // The demo's pictures are composed only where they are not there yet: a few do here.
    const QDir home(QStandardPaths::writableLocation(QStandardPaths::AppDataLocation));
    m_project = home.filePath("product-search.tagalign");
    try {
        writeDemoPairs(home.filePath("product-search-pairs"),
                       pilotPairs(demoPilots().first(), kPictures), [](int) { return true; });
    } catch (const std::exception& error) {
        QSKIP(error.what());
    }
    m_heartbeat.setInterval(5);
    connect(&m_heartbeat, &QTimer::timeout, this, [this] {
        const qint64 block = m_sinceBeat.restart() - m_heartbeat.interval();
        if (block > m_longestBlock) {
            m_longestBlock = block;
            m_blockedIn = QTest::currentTestFunction();
        }
    });
    showNewWindow();
    QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
}

void TestStudio::init()
{
    m_sinceBeat.restart();
}

void TestStudio::waitForJobs()
{
    QTRY_VERIFY_WITH_TIMEOUT(!m_window->workspace()->jobs.isBusy(), kPatience);
    for (const JobQueue::Job& job : m_window->workspace()->jobs.jobs()) {
        QVERIFY2(job.state != JobQueue::State::Failed, qPrintable(job.title + job.message));
    }
}

void TestStudio::startTraining(int epochs)
{
    QWidget* train = m_window->page(MainWindow::kTrain);
    m_window->showPage(MainWindow::kTrain);
    train->findChild<QSpinBox*>()->setValue(epochs);
    QTest::mouseClick(button<QPushButton>(train, "Start"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(rows("SELECT COUNT(*) FROM run WHERE status = 'running'") == 1,
                             kPatience);
}

void TestStudio::startPageOffersTheDemo()
{
    QVERIFY(m_window->workspace() == nullptr);
    auto* start = m_window->findChild<widgets::DropArea*>();
    QTest::mouseClick(button<QPushButton>(start, "Demo: Product search"), Qt::LeftButton);
    QTRY_VERIFY(m_window->workspace() != nullptr);
    QCOMPARE(m_window->workspace()->project().folder(), m_project);
}

void TestStudio::demoIsImportedTaggedAndEncoded()
{
    QTRY_VERIFY_WITH_TIMEOUT(counts().images == kPictures, kPatience);
    waitForJobs();
    QVERIFY(counts().candidates > 50);
    QCOMPARE(rows("SELECT COUNT(*) FROM run WHERE status = 'done'"), 1);
    QVERIFY(verdicts() > 0);
    QCOMPARE(rows("SELECT COUNT(*) FROM verdict WHERE who <> 'simulated reviewer'"), 0);
    m_simulated = counts();
    QTRY_VERIFY_WITH_TIMEOUT(verify()->findChild<widgets::ProgressSummary*>()->text().contains(
                                 QStringLiteral("%1 by a simulated").arg(verdicts())),
                             kPatience);
    QVERIFY(!m_window->grab().isNull());
}

void TestStudio::tenTagsAreVerifiedAndTwoUndone()
{
    m_window->showPage(MainWindow::kVerify);
    const QList<Qt::Key> keys{Qt::Key_A, Qt::Key_A, Qt::Key_X, Qt::Key_Space, Qt::Key_A,
                              Qt::Key_A, Qt::Key_X, Qt::Key_A, Qt::Key_A,     Qt::Key_A};
    int judged = verdicts();
    const int simulated = judged;
    for (const Qt::Key key : keys) {
        QTRY_VERIFY_WITH_TIMEOUT(isTagWaiting(), kPatience);
        QTest::keyClick(verify(), key);
        ++judged;
        QTRY_COMPARE_WITH_TIMEOUT(verdicts(), judged, kPatience);
    }
    QCOMPARE(judgedByHand(), 10);
    QCOMPARE(counts().rejected, m_simulated.rejected + 2);
    for (int undone = 1; undone <= 2; ++undone) {
        QTRY_VERIFY_WITH_TIMEOUT(verify()->shownImage(), kPatience);
        QTest::keyClick(verify(), Qt::Key_Backspace);
        QTRY_COMPARE_WITH_TIMEOUT(verdicts(), simulated + 10 + undone, kPatience);
    }
    QCOMPARE(judgedByHand(), 8);
}

/// On an image's last tag, two keys in one turn of the event loop: the second finds nothing.
void TestStudio::secondKeyJudgesOnlyWhatIsOnScreen()
{
    QTRY_VERIFY_WITH_TIMEOUT(isTagWaiting(), kPatience);
    const auto image = verify()->shownImage();
    while (verify()->shownImage() == image) {
        const int before = verdicts();
        QTest::keyClick(verify(), Qt::Key_A);
        if (!verify()->shownImage()) { // the last one: the next image is on its way
            QTest::keyClick(verify(), Qt::Key_X);
            QTest::keyClick(verify(), Qt::Key_X);
        }
        QTRY_COMPARE_WITH_TIMEOUT(verdicts(), before + 1, kPatience);
    }
    QTRY_VERIFY_WITH_TIMEOUT(isTagWaiting(), kPatience);
    QCOMPARE(rows(QStringLiteral("SELECT COUNT(*) FROM candidate WHERE state = 'reject' AND "
                                 "image_id > %1")
                      .arg(qint64(*image))),
             0);
}

void TestStudio::undoComesBackToTheTagItReopened()
{
    QTRY_VERIFY_WITH_TIMEOUT(isTagWaiting(), kPatience);
    while (chips()->chips().size() < 3) {
        const auto before = verify()->shownImage();
        QTest::keyClick(verify(), Qt::Key_Right);
        QTRY_VERIFY_WITH_TIMEOUT(isTagWaiting() && verify()->shownImage() != before, kPatience);
    }
    const auto image = verify()->shownImage();
    QTest::keyClick(verify(), Qt::Key_3);
    QCOMPARE(chips()->current(), 2);
    QTest::keyClick(verify(), Qt::Key_A);
    QTRY_VERIFY_WITH_TIMEOUT(verify()->shownImage(), kPatience);
    QTest::keyClick(verify(), Qt::Key_Backspace);
    QTRY_VERIFY_WITH_TIMEOUT(verify()->shownImage() == image && chips()->current() == 2, kPatience);
    QCOMPARE(chips()->chips().at(2).state, widgets::TagState::Pending);
}

void TestStudio::heldAndModifiedKeysJudgeNothing()
{
    QTRY_VERIFY_WITH_TIMEOUT(isTagWaiting(), kPatience);
    const int before = verdicts();
    QTest::keyClick(verify(), Qt::Key_A, Qt::ControlModifier);
    QTest::keyClick(verify(), Qt::Key_X, Qt::AltModifier);
    QKeyEvent held(QEvent::KeyPress, Qt::Key_A, Qt::NoModifier, "a", true);
    QCoreApplication::sendEvent(verify(), &held);
    QTest::qWait(50);
    QCOMPARE(verdicts(), before);
}

void TestStudio::verifyingGoesOnWhileTrainingIsCancelled()
{
    startTraining(kLongTraining);
    m_window->showPage(MainWindow::kVerify);
    const int before = verdicts();
    for (int i = 0; i < 3; ++i) {
        QTRY_VERIFY_WITH_TIMEOUT(isTagWaiting(), kPatience);
        QTest::keyClick(verify(), Qt::Key_A);
        QTRY_COMPARE_WITH_TIMEOUT(verdicts(), before + i + 1, kPatience);
    }
    QVERIFY(m_window->workspace()->jobs.isBusy());
    auto* tray = m_window->findChild<widgets::JobTray*>();
    QTRY_VERIFY_WITH_TIMEOUT(tray->isVisible(), kPatience);
    QElapsedTimer timer;
    timer.start();
    QTest::mouseClick(button<QPushButton>(tray, "Cancel"), Qt::LeftButton);
    waitForJobs();
    qInfo("cancelled after %lld ms, goal 200", timer.elapsed());
    QCOMPARE(rows("SELECT COUNT(*) FROM run WHERE status = 'cancelled'"), 1);
}

void TestStudio::stoppedTrainingGoesOnToItsReport()
{
    startTraining(8);
    waitForJobs(); // a run of its own, to its end
    QCOMPARE(rows("SELECT COUNT(*) FROM run WHERE status = 'done'"), 2);
    QVERIFY(rows("SELECT COUNT(*) FROM metric WHERE name = 'tag mAP'") > 0);
    QVERIFY(QFile::exists(m_project + "/reports/0003/report.html"));

    // The stopped one is the second row: it goes on when asked, and stops again when told.
    QWidget* train = m_window->page(MainWindow::kTrain);
    auto* table = train->findChild<QTableWidget*>();
    QTRY_COMPARE_WITH_TIMEOUT(table->rowCount(), 3, kPatience);
    table->selectRow(1);
    QTest::mouseClick(button<QPushButton>(train, "Go on"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(rows("SELECT COUNT(*) FROM run WHERE status = 'running' AND "
                                  "folder = '0002'") == 1,
                             kPatience);
    m_window->workspace()->jobs.cancelAll();
    waitForJobs();
    QCOMPARE(rows("SELECT COUNT(*) FROM run"), 3);
}

void TestStudio::retentionSetIsChosenMeasuredAndDropped()
{
    const QString others = m_folder.filePath("outside");
    DemoPairsSettings settings = pilotPairs(demoPilot("inspection"), 16);
    settings.side = 64;
    writeDemoPairs(others, settings, [](int) { return true; });
    QWidget* report = m_window->page(MainWindow::kReport);
    m_window->showPage(MainWindow::kReport);
    auto* figures = report->findChild<QTableWidget*>();
    const auto measured = [figures] {
        return !figures->findItems("other pictures", Qt::MatchExactly).isEmpty();
    };
    const QList<QAction*> actions = button<QPushButton>(report, "Retention set")->menu()->actions();
    QCOMPARE(actions.size(), 3);
    QVERIFY(!actions.last()->isEnabled()); // there is none to drop
    QVERIFY(!measured());

    actions.first()->trigger();
    auto* dialog = report->findChild<QFileDialog*>();
    QVERIFY(dialog != nullptr);
    Q_EMIT dialog->fileSelected(others);
    dialog->reject();
    m_window->activateWindow();
    waitForJobs();
    QTRY_VERIFY_WITH_TIMEOUT(measured(), kPatience);
    QVERIFY(button<QPushButton>(report, "Retention set: outside") != nullptr);

    actions.last()->trigger();
    waitForJobs();
    QTRY_VERIFY_WITH_TIMEOUT(!measured(), kPatience);
    QVERIFY(!actions.last()->isEnabled());
}

void TestStudio::promptIsComparedBeforeAndAfter()
{
    auto* page = static_cast<ComparePage*>(m_window->page(MainWindow::kCompare));
    m_window->showPage(MainWindow::kCompare);
    QTRY_COMPARE_WITH_TIMEOUT(page->pictures()->rowCount(), kPictures, kPatience);
    const int before = verdicts();
    auto* prompt = page->findChild<QLineEdit*>();
    QTest::keyClicks(prompt, "red ax"); // letters go into the field, not to the verdicts
    QTest::keyClick(prompt, Qt::Key_Return);
    QTRY_VERIFY_WITH_TIMEOUT(!page->view()->after().isEmpty(), kPatience);
    QCOMPARE(verdicts(), before);
    QCOMPARE(page->view()->before().values.size(), page->view()->after().values.size());
    for (const auto& [text, mode] : {std::pair("Swipe", widgets::CompareMode::Swipe),
                                     std::pair("Difference", widgets::CompareMode::Difference),
                                     std::pair("Side", widgets::CompareMode::SideBySide)}) {
        QTest::mouseClick(button<QToolButton>(page, text), Qt::LeftButton);
        QCOMPARE(page->view()->mode(), mode);
    }
    QTRY_COMPARE_WITH_TIMEOUT(rows("SELECT COUNT(*) FROM query"), 1, kPatience);
}

void TestStudio::searchRanksAndShowsAllAgain()
{
    auto* page = static_cast<ComparePage*>(m_window->page(MainWindow::kCompare));
    QSignalSpy listed(page->pictures(), &QAbstractItemModel::modelReset);
    QTest::mouseClick(button<QPushButton>(page, "Find"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(!listed.isEmpty(), kPatience);
    auto* all = button<QPushButton>(page, "Show all");
    QVERIFY(all->isVisible());
    QTest::mouseClick(all, Qt::LeftButton);
    QVERIFY(!all->isVisible());
    QCOMPARE(page->pictures()->rowCount(), kPictures);
}

void TestStudio::runsOfTwoModelsStandSideBySide()
{
    const int before = verdicts();
    const QString other = m_folder.filePath("other-model");
    writeOtherModel(other);
    Workspace& workspace = *m_window->workspace();
    workspace.chooseModel(other);
    QTRY_VERIFY_WITH_TIMEOUT(!workspace.run(), kPatience); // heads belong to their model
    waitForJobs();
    startTraining(1);
    waitForJobs();
    QTRY_VERIFY_WITH_TIMEOUT(workspace.run().has_value(), kPatience);
    QCOMPARE(verdicts(), before);

    auto* compare = static_cast<ComparePage*>(m_window->page(MainWindow::kCompare));
    m_window->showPage(MainWindow::kCompare);
    auto* left = compare->findChild<QComboBox*>();
    QTRY_VERIFY_WITH_TIMEOUT(left->findText("demo model", Qt::MatchContains) > 0, kPatience);
    const auto scales = compare->view()->findChildren<widgets::ColorScale*>();
    QCOMPARE(scales.size(), 2);
    QTRY_VERIFY_WITH_TIMEOUT(!compare->view()->after().isEmpty(), kPatience);
    QVERIFY(!scales.last()->isVisible()); // one model, one scale
    const auto frozen = compare->view()->before().values;
    chooseEntry(left, left->findText("demo model", Qt::MatchContains));
    QTRY_VERIFY_WITH_TIMEOUT(scales.last()->isVisible(), kPatience);
    QVERIFY(compare->view()->before().values != frozen);
    QVERIFY(!button<QToolButton>(compare, "Difference")->isEnabled());

    QWidget* report = m_window->page(MainWindow::kReport);
    m_window->showPage(MainWindow::kReport);
    const auto boxes = report->findChildren<QComboBox*>();
    QCOMPARE(boxes.size(), 2);
    auto* figures = report->findChild<QTableWidget*>();
    QTRY_VERIFY_WITH_TIMEOUT(boxes.first()->currentText().contains("other-model"), kPatience);
    QCOMPARE(figures->columnCount(), 6);
    auto* tabs = report->findChild<QTabWidget*>();
    QVERIFY(tabs->tabText(1).remove('&').startsWith("Fairness"));
    QTest::keyClick(report, Qt::Key_A, Qt::AltModifier);
    QCOMPARE(tabs->currentIndex(), 1);
    QVERIFY(tests::texts(tabs).contains("Groups"));
    QTest::keyClick(report, Qt::Key_F, Qt::AltModifier);
    QCOMPARE(tabs->currentIndex(), 0);
    chooseEntry(boxes.last(), boxes.last()->findText("demo model", Qt::MatchContains));
    QCOMPARE(figures->columnCount(), 8);
    for (int row = 0; row < figures->rowCount(); ++row) {
        QVERIFY(!figures->item(row, 7)->text().isEmpty());
    }

    workspace.chooseModel(starterModelFolder());
    QTRY_VERIFY_WITH_TIMEOUT(left->findText("other-model", Qt::MatchContains) > 0 &&
                                 workspace.run() && workspace.run()->folder != "0004",
                             kPatience);
    waitForJobs();
    QVERIFY(QDir(other).removeRecursively()); // its run cannot be shown any more, but is listed
    workspace.useNewestHead();
    QTRY_COMPARE_WITH_TIMEOUT(left->findText("other-model", Qt::MatchContains), -1, kPatience);
    QVERIFY(boxes.first()->findText("other-model", Qt::MatchContains) >= 0);
}

void TestStudio::whatContributesIsTrainedAndShown()
{
    QWidget* train = m_window->page(MainWindow::kTrain);
    m_window->showPage(MainWindow::kTrain);
    train->findChild<QSpinBox*>()->setValue(1);
    QTest::mouseClick(button<QPushButton>(train, "What contributes"), Qt::LeftButton);
    auto* dialog = train->findChild<AblationDialog*>();
    QVERIFY(dialog != nullptr);
    auto* table = dialog->findChild<QTableWidget*>();
    QTRY_COMPARE_WITH_TIMEOUT(table->rowCount(), 4, kPatience);
    const int runs = rows("SELECT COUNT(*) FROM run");
    auto* start = button<QPushButton>(dialog, "Train what is missing");
    QTRY_VERIFY_WITH_TIMEOUT(start->isEnabled(), kPatience);
    QTest::mouseClick(start, Qt::LeftButton);
    waitForJobs();
    const auto isMeasured = [table](int row) {
        return table->item(row, 2)->data(widgets::IntervalDelegate::kRole).isValid();
    };
    for (int row = 0; row < 4; ++row) {
        QTRY_VERIFY_WITH_TIMEOUT(isMeasured(row), kPatience);
    }
    QVERIFY(!start->isEnabled());
    QVERIFY(rows("SELECT COUNT(*) FROM run") <= runs + 4); // what was there is taken as it is
    QCOMPARE(rows("SELECT COUNT(*) FROM run WHERE status = 'done' AND settings LIKE "
                  "'%\"object_weight\":0.0%' AND settings LIKE '%\"attribute_weight\":1.0%'"),
             1);
    dialog->close();
    m_window->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
}

void TestStudio::pagesAreReachedByKeys()
{
    const QList<MainWindow::Page> pages{MainWindow::kImport, MainWindow::kVerify,
                                        MainWindow::kTrain, MainWindow::kCompare,
                                        MainWindow::kReport};
    for (qsizetype i = 0; i < pages.size(); ++i) {
        QTest::keyClick(m_window.get(), Qt::Key(Qt::Key_1 + i), Qt::ControlModifier);
        QVERIFY(m_window->page(pages.at(i))->isVisible());
    }
}

void TestStudio::closingMidJobLosesNothing()
{
    const db::Counts before = counts();
    startTraining(kLongTraining);
    closeWindow();
    QCOMPARE(rows("SELECT COUNT(*) FROM run WHERE status = 'running'"), 0);
    showNewWindow();
    QVERIFY(m_window->openProject(m_project, MainWindow::Missing::Refuse));
    const db::Counts after = counts();
    QCOMPARE(after.images, before.images);
    QCOMPARE(after.accepted, before.accepted);
    QCOMPARE(after.rejected, before.rejected);
    QTRY_VERIFY_WITH_TIMEOUT(isTagWaiting(), kPatience); // where the person was: an open tag
    QVERIFY(read([](const QSqlDatabase& file) { return !db::AuditLog(file).firstBreak(); }));
}

void TestStudio::interruptedWorkGoesOnAtTheNextStart()
{
    closeWindow();
    QVERIFY(QDir(m_project + "/features").removeRecursively());
    showNewWindow();
    QVERIFY(m_window->openProject(m_project, MainWindow::Missing::Refuse));
    QTRY_VERIFY_WITH_TIMEOUT(m_window->workspace()->jobs.isBusy(), kPatience);
    waitForJobs();
    QDirIterator files(m_project + "/features", QDir::Files, QDirIterator::Subdirectories);
    int stored = 0;
    for (; files.hasNext(); files.next()) {
        ++stored;
    }
    QVERIFY(stored >= kPictures);
}

void TestStudio::foreignFolderIsRefusedInOneSentence()
{
    QFile(m_folder.filePath("holiday.txt")).open(QIODevice::WriteOnly);
    QVERIFY(!m_window->openProject(m_folder.path()));
    QVERIFY(
        !m_window->openProject(m_folder.filePath("moved.tagalign"), MainWindow::Missing::Refuse));
    QVERIFY(!QFile::exists(m_folder.filePath("moved.tagalign"))); // nor made anew
    QVERIFY(m_window->workspace() != nullptr);                    // the open project stays
}

void TestStudio::droppedPairsBecomeAProjectBesideThem()
{
    closeWindow();
    const QString pairs = m_folder.filePath("garden");
    writeDemoPairs(pairs, {.seed = 7, .count = 4}, [](int) { return true; });
    showNewWindow();
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile(pairs)});
    auto* area = m_window->findChild<widgets::DropArea*>();
    QDragEnterEvent enter({40, 40}, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QCoreApplication::sendEvent(area, &enter);
    QVERIFY(enter.isAccepted());
    QDropEvent drop({40, 40}, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QCoreApplication::sendEvent(area, &drop);
    m_project = m_folder.filePath("garden.tagalign");
    QTRY_VERIFY(m_window->workspace() != nullptr);
    QCOMPARE(m_window->workspace()->project().folder(), m_project);
    waitForJobs();
    QCOMPARE(counts().images, 4);
}

void TestStudio::cleanupTestCase()
{
    closeWindow();
    qInfo("longest block of the event loop: %lld ms in %s, goal 50", m_longestBlock,
          m_blockedIn.constData());
    QDir(QStandardPaths::writableLocation(QStandardPaths::AppDataLocation)).removeRecursively();
    QVERIFY(m_longestBlock < 1000);
}

QTEST_MAIN(TestStudio)
#include "tst_studio.moc"
