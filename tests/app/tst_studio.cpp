#include "app/MainWindow.h"
#include "app/demo/DemoPairs.h"
#include "app/pages/ComparePage.h"
#include "app/pages/ImportPage.h"
#include "app/pages/TrainPage.h"
#include "app/pages/VerifyPage.h"
#include "db/AuditLog.h"
#include "db/ImageRepository.h"
#include "db/RunRepository.h"
#include "db/Statement.h"
#include "widgets/CompareView.h"
#include "widgets/TagChipBar.h"

#include <QCheckBox>
#include <QElapsedTimer>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QSettings>
#include <QSpinBox>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>

using namespace tagalign;
using namespace tagalign::app;

namespace {

constexpr int kPatience = 120'000; ///< ms; machines are shared
constexpr int kPictures = 48;

} // namespace

/// A person's way through the window, on composed pictures and the model that is built in.
class TestStudio : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void picturesAreImportedTaggedAndEncoded();
    void tenTagsAreVerifiedAndTwoUndone();
    void verifyingGoesOnWhileTrainingIsCancelled();
    void secondTrainingEndsWithAReport();
    void promptIsComparedBeforeAndAfter();
    void closingMidJobLosesNothing();
    void foreignFolderIsRefusedInOneSentence();
    void cleanupTestCase();

private:
    [[nodiscard]] db::Counts counts() const;
    [[nodiscard]] int rows(const QString& sql) const;
    void waitForJobs();

    [[nodiscard]] VerifyPage* verify() const
    {
        return static_cast<VerifyPage*>(m_window->page(MainWindow::kVerify));
    }

    [[nodiscard]] QPushButton* button(QWidget* page, const QString& text) const;

    QTemporaryDir m_folder;
    QString m_project;
    std::unique_ptr<MainWindow> m_window;
    QTimer m_heartbeat;
    QElapsedTimer m_sinceBeat;
    qint64 m_longestBlock = 0; ///< ms
};

void TestStudio::initTestCase()
{
    QStandardPaths::setTestModeEnabled(true);
    QCoreApplication::setOrganizationName("TagAlignTest");
    QSettings().clear();
    m_project = m_folder.filePath("person.tagalign");
    try {
        writeDemoPairs(m_folder.filePath("pairs"), {.count = kPictures}, [](int) { return true; });
    } catch (const std::exception& error) {
        QSKIP(error.what());
    }
    m_window = std::make_unique<MainWindow>();
    m_window->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
    m_sinceBeat.start();
    m_heartbeat.setInterval(5);
    connect(&m_heartbeat, &QTimer::timeout, this,
            [this] { m_longestBlock = std::max(m_longestBlock, m_sinceBeat.restart() - 5); });
    m_heartbeat.start();
}

db::Counts TestStudio::counts() const
{
    const db::Database database(m_project + "/project.sqlite");
    return db::ImageRepository(database.connection()).counts();
}

int TestStudio::rows(const QString& sql) const
{
    const db::Database database(m_project + "/project.sqlite");
    QSqlQuery query = db::execute(database.connection(), sql);
    return query.next() ? query.value(0).toInt() : -1;
}

void TestStudio::waitForJobs()
{
    QTRY_VERIFY_WITH_TIMEOUT(!m_window->workspace()->jobs.isBusy(), kPatience);
    for (const JobQueue::Job& job : m_window->workspace()->jobs.jobs()) {
        QVERIFY2(job.state != JobQueue::State::Failed, qPrintable(job.title + job.message));
    }
}

QPushButton* TestStudio::button(QWidget* page, const QString& text) const
{
    for (QPushButton* found : page->findChildren<QPushButton*>()) {
        if (found->text().startsWith(text)) {
            return found;
        }
    }
    qFatal("no button %s", qPrintable(text));
}

void TestStudio::picturesAreImportedTaggedAndEncoded()
{
    QVERIFY(m_window->openProject(m_project));
    m_window->showPage(MainWindow::kImport);
    static_cast<ImportPage*>(m_window->page(MainWindow::kImport))
        ->importFrom(m_folder.filePath("pairs"));
    waitForJobs();
    QCOMPARE(counts().images, kPictures);
    QVERIFY(counts().candidates > 50);
    QVERIFY(!m_window->grab().isNull());
}

void TestStudio::tenTagsAreVerifiedAndTwoUndone()
{
    m_window->showPage(MainWindow::kVerify);
    VerifyPage* page = verify();
    QTRY_VERIFY_WITH_TIMEOUT(page->chips()->current() >= 0, kPatience);
    const QList<Qt::Key> keys{Qt::Key_A, Qt::Key_A, Qt::Key_X, Qt::Key_Space, Qt::Key_A,
                              Qt::Key_A, Qt::Key_X, Qt::Key_A, Qt::Key_A,     Qt::Key_A};
    int judged = 0;
    for (const Qt::Key key : keys) {
        // A person answers when a tag without a verdict is on screen.
        QTRY_VERIFY_WITH_TIMEOUT(page->chips()->current() >= 0 &&
                                     page->chips()->chips().at(page->chips()->current()).state ==
                                         widgets::TagState::Pending,
                                 kPatience);
        QTest::keyClick(page, key);
        ++judged;
        QTRY_COMPARE_WITH_TIMEOUT(rows("SELECT COUNT(*) FROM verdict"), judged, kPatience);
    }
    QCOMPARE(counts().accepted + counts().rejected + counts().unsure, 10);
    QCOMPARE(counts().rejected, 2);
    QTest::keyClick(page, Qt::Key_Backspace);
    QTest::keyClick(page, Qt::Key_Backspace);
    QTRY_COMPARE_WITH_TIMEOUT(rows("SELECT COUNT(*) FROM verdict"), 12, kPatience);
    QCOMPARE(counts().accepted + counts().rejected + counts().unsure, 8);
}

void TestStudio::verifyingGoesOnWhileTrainingIsCancelled()
{
    auto* train = static_cast<TrainPage*>(m_window->page(MainWindow::kTrain));
    m_window->showPage(MainWindow::kTrain);
    train->findChild<QSpinBox*>()->setValue(900); // long enough to be in the middle of it
    QTest::mouseClick(button(train, "Start"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(rows("SELECT COUNT(*) FROM run WHERE status = 'running'") == 1,
                             kPatience);
    m_window->showPage(MainWindow::kVerify);
    const int before = rows("SELECT COUNT(*) FROM verdict");
    for (int i = 0; i < 3; ++i) {
        QTRY_VERIFY_WITH_TIMEOUT(
            verify()->chips()->current() >= 0 &&
                verify()->chips()->chips().at(verify()->chips()->current()).state ==
                    widgets::TagState::Pending,
            kPatience);
        QTest::keyClick(verify(), Qt::Key_A);
        QTRY_COMPARE_WITH_TIMEOUT(rows("SELECT COUNT(*) FROM verdict"), before + i + 1, kPatience);
    }
    QVERIFY(m_window->workspace()->jobs.isBusy());
    QElapsedTimer timer;
    timer.start();
    m_window->workspace()->jobs.cancelAll();
    waitForJobs();
    qInfo("cancelled after %lld ms, goal 200", timer.elapsed());
    QCOMPARE(rows("SELECT COUNT(*) FROM run WHERE status = 'cancelled'"), 1);
}

void TestStudio::secondTrainingEndsWithAReport()
{
    auto* train = static_cast<TrainPage*>(m_window->page(MainWindow::kTrain));
    m_window->showPage(MainWindow::kTrain);
    train->findChild<QSpinBox*>()->setValue(3);
    QTest::mouseClick(button(train, "Start"), Qt::LeftButton);
    waitForJobs();
    QCOMPARE(rows("SELECT COUNT(*) FROM run WHERE status = 'done'"), 1);
    QVERIFY(rows("SELECT COUNT(*) FROM metric WHERE name = 'tag mAP'") > 0);
    QVERIFY(QFile::exists(m_project + "/reports/0002/report.html"));
}

void TestStudio::promptIsComparedBeforeAndAfter()
{
    auto* page = static_cast<ComparePage*>(m_window->page(MainWindow::kCompare));
    m_window->showPage(MainWindow::kCompare);
    QTRY_VERIFY_WITH_TIMEOUT(page->findChild<QListWidget*>()->count() == kPictures, kPatience);
    auto* prompt = page->findChild<QLineEdit*>();
    QTest::keyClicks(prompt, "red ax"); // letters go into the field, not to the verdicts
    QTest::keyClick(prompt, Qt::Key_Return);
    QTRY_VERIFY_WITH_TIMEOUT(!page->view()->after().isEmpty(), kPatience);
    QVERIFY(!page->view()->before().isEmpty());
    QCOMPARE(page->view()->before().values.size(), page->view()->after().values.size());
    page->findChild<QCheckBox*>()->click();
    QCOMPARE(page->view()->mode(), widgets::CompareMode::Difference);
    QTest::mouseClick(button(page, "Find"), Qt::LeftButton);
    QTRY_COMPARE_WITH_TIMEOUT(rows("SELECT COUNT(*) FROM query"), 1, kPatience);
}

void TestStudio::closingMidJobLosesNothing()
{
    const db::Counts before = counts();
    auto* train = static_cast<TrainPage*>(m_window->page(MainWindow::kTrain));
    m_window->showPage(MainWindow::kTrain);
    train->findChild<QSpinBox*>()->setValue(900);
    QTest::mouseClick(button(train, "Start"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(rows("SELECT COUNT(*) FROM run WHERE status = 'running'") == 1,
                             kPatience);
    m_heartbeat.stop(); // closing may wait for the job
    m_window->close();
    m_window.reset();
    QCOMPARE(rows("SELECT COUNT(*) FROM run WHERE status = 'running'"), 0);
    m_window = std::make_unique<MainWindow>();
    m_window->show();
    QVERIFY(m_window->openProject(m_project));
    const db::Counts after = counts();
    QCOMPARE(after.images, before.images);
    QCOMPARE(after.accepted, before.accepted);
    QCOMPARE(after.rejected, before.rejected);
    QTRY_VERIFY_WITH_TIMEOUT(verify()->chips()->current() >= 0, kPatience);
    const db::Database database(m_project + "/project.sqlite");
    QVERIFY(!db::AuditLog(database.connection()).firstBreak());
}

void TestStudio::foreignFolderIsRefusedInOneSentence()
{
    QVERIFY(!m_window->openProject(m_folder.path()));
    QVERIFY(m_window->workspace() != nullptr); // the open project stays
}

void TestStudio::cleanupTestCase()
{
    m_window.reset();
    qInfo("longest block of the event loop: %lld ms, goal 50", m_longestBlock);
    QVERIFY(m_longestBlock < 1000);
}

QTEST_MAIN(TestStudio)
#include "tst_studio.moc"
