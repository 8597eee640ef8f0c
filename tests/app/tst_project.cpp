#include "app/Project.h"
#include "app/jobs/JobQueue.h"
#include "app/jobs/ReportHtml.h"
#include "app/jobs/Splits.h"
#include "app/jobs/TrainJob.h"

#include <QDir>
#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>

using namespace tagalign;
using namespace tagalign::app;

/// Project folders, splits, run settings, the report's text and the queue of jobs.
class TestProject : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void folderWithOtherFilesIsRefused();
    void begunProjectIsOpenedAgain();
    void pathsMoveWithTheProject();
    void nearDuplicatesAreGroupedTransitively();
    void reportEscapesEveryText();
    void jobsRunInTurnAndEndOnce();
    void queuedAndRunningJobsAreCancelled();
    void pausedJobStopsUntilResumed();
};

void TestProject::folderWithOtherFilesIsRefused()
{
    const QTemporaryDir folder;
    QFile file(folder.filePath("holiday.txt"));
    QVERIFY(file.open(QIODevice::WriteOnly));
    QVERIFY_EXCEPTION_THROWN((void)Project::openOrCreate(folder.path()), std::runtime_error);
    QVERIFY_EXCEPTION_THROWN((void)Project::open(folder.path()), std::runtime_error);
    QVERIFY_EXCEPTION_THROWN((void)Project::openOrCreate("/proc/no/project"), std::runtime_error);
}

void TestProject::begunProjectIsOpenedAgain()
{
    const QTemporaryDir folder;
    (void)Project::openOrCreate(folder.filePath("a.tagalign"));
    QCOMPARE(Project::openOrCreate(folder.filePath("a.tagalign")).name(), QString("a"));
}

void TestProject::pathsMoveWithTheProject()
{
    const QTemporaryDir folder;
    const Project project = Project::openOrCreate(folder.filePath("a.tagalign"));
    const QString picture = folder.filePath("pictures/1.jpg");
    QCOMPARE(project.storedPath(picture), QString("../pictures/1.jpg"));
    QCOMPARE(project.absolutePath(project.storedPath(picture)), picture);
    QCOMPARE(project.storedPath("/else/1.jpg"), QString("/else/1.jpg"));
    QCOMPARE(project.absolutePath("/else/1.jpg"), QString("/else/1.jpg"));
}

void TestProject::nearDuplicatesAreGroupedTransitively()
{
    QList<db::Image> images(5);
    images[0].perceptualHash = 0;
    images[1].perceptualHash = 0xFFFF'FFFF'FFFF'FFFF;
    images[2].perceptualHash = 0b111111;         // 6 bits from the first
    images[3].perceptualHash = 0b111111111111;   // 6 from the third, 12 from the first
    images[4].perceptualHash = 0b1111111 << 20U; // 7 from the first
    QCOMPARE(relatedGroups(images), QList<qsizetype>({0, 1, 0, 0, 4}));
    QVERIFY(relatedGroups({}).isEmpty());
}

void TestProject::reportEscapesEveryText()
{
    const QString evil = "<script>alert(1)</script>";
    ReportContent content;
    content.project = content.model = content.run = content.settings = content.decision = evil;
    content.cautions = {evil};
    content.metrics = {{evil, evil, {}, 0.1, 0.2, 0.0, 0.3, 4}};
    content.gained = content.lost = content.slices = {{evil, evil, 0.1, 0.2, 0.05, 0.15, 3}};
    content.changes = evil;
    content.precision = {{.kind = evil, .accepted = 3, .rejected = 1, .pairs = 9}};
    content.reliability = {{evil.toStdString(), {{0.1, 0.2, 5}}, {{0.1, 0.1, 5}}}};
    content.examples = {{evil, evil, "png", "png", 0.1F, 0.2F}};
    const QString html = reportHtml(content);
    QVERIFY(!html.contains("<script"));
    QVERIFY(html.contains("&lt;script&gt;"));
}

void TestProject::jobsRunInTurnAndEndOnce()
{
    JobQueue queue;
    QSignalSpy finished(&queue, &JobQueue::finished);
    QStringList order;
    queue.add(
        "first", [](JobContext&) { QThread::msleep(20); }, [&] { order.append("first"); });
    queue.add(
        "fails", [](JobContext&) { throw model::Error("no luck"); },
        [&] { order.append("fails"); });
    queue.add(
        "last", [](JobContext&) {}, [&] { order.append("last"); });
    QTRY_COMPARE(finished.size(), 3);
    QCOMPARE(order, QStringList({"first", "last"}));
    QCOMPARE(finished.at(1).at(2).toString(), QString("no luck"));
    QVERIFY(!queue.isBusy());
    queue.dismiss(2);
    QCOMPARE(queue.jobs().size(), 2);
}

void TestProject::queuedAndRunningJobsAreCancelled()
{
    JobQueue queue;
    QSignalSpy finished(&queue, &JobQueue::finished);
    const auto endless = [](JobContext& context) {
        for (;;) {
            QThread::msleep(1);
            context.step({1, 2, "going on"});
        }
    };
    const int running = queue.add("running", endless);
    const int queued = queue.add("queued", endless);
    QTRY_VERIFY(queue.jobs().first().progress.sentence == "going on");
    queue.cancel(queued);
    queue.cancel(running);
    QTRY_COMPARE(finished.size(), 2);
    for (const JobQueue::Job& job : queue.jobs()) {
        QCOMPARE(job.state, JobQueue::State::Cancelled);
    }
    queue.add("at the end", endless); // the destructor must not wait for ever
}

void TestProject::pausedJobStopsUntilResumed()
{
    JobQueue queue;
    std::atomic_int steps = 0;
    const int job = queue.add("counting", [&steps](JobContext& context) {
        while (steps < 1'000'000) {
            ++steps;
            QThread::msleep(1);
            context.step({steps, 1'000'000, {}});
        }
    });
    QTRY_VERIFY(steps > 3);
    queue.setPaused(job, true);
    QTest::qWait(30); // the step under way
    const int paused = steps;
    QTest::qWait(60);
    QCOMPARE(int(steps), paused);
    queue.setPaused(job, false);
    QTRY_VERIFY(steps > paused + 3);
    queue.cancel(job);
    QTRY_VERIFY(!queue.isBusy());
}

QTEST_GUILESS_MAIN(TestProject)
#include "tst_project.moc"
