#include "db/AuditLog.h"
#include "db/Database.h"
#include "db/ImageRepository.h"
#include "db/RunRepository.h"

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>

using namespace tagalign;

namespace {

constexpr int kPatience = 240'000; ///< ms; machines are shared
constexpr int kPictures = 60;
const QString kTagalign = QStringLiteral(TAGALIGN_PROGRAM);
const QDir kPairs(QStringLiteral(TAGALIGN_SHARED_DATA "/pairs"));

struct Outcome
{
    int code = -1;
    QString output;
    QString messages;

    [[nodiscard]] QJsonObject json() const
    {
        return QJsonDocument::fromJson(output.toUtf8()).object();
    }
};

Outcome finish(QProcess& process)
{
    process.waitForFinished(kPatience);
    return {process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1,
            QString::fromUtf8(process.readAllStandardOutput()),
            QString::fromUtf8(process.readAllStandardError())};
}

Outcome run(const QStringList& arguments)
{
    QProcess process;
    process.start(kTagalign, arguments);
    return finish(process);
}

void append(const QString& file, const QByteArray& bytes)
{
    QFile target(file);
    QVERIFY(target.open(QIODevice::Append));
    QCOMPARE(target.write(bytes), bytes.size());
}

QByteArray record(const QString& name, const QString& caption)
{
    return QJsonDocument(QJsonObject{{"file_name", name}, {"caption", caption}})
               .toJson(QJsonDocument::Compact) +
           '\n';
}

} // namespace

/// The main job as a stranger runs it in a terminal: real photos, planted faults, kills.
class TestPilot : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void wrongUseHasItsExitCode();
    void faultsAreReportedAndTheJobFinishes();
    void secondRunReusesEverything();
    void itsHeadIsMeasuredBothWays();
    void fairnessComesWithTheFigures();
    void picturesOutsideShowWhatIsForgotten();
    void killedWhileEncodingGoesOn();
    void killedWhileTrainingGoesOn();
    void interruptSaysThatItWasCancelled();
    void fullDiskIsOneSentence();

private:
    [[nodiscard]] QStringList pilot(const QString& project, int epochs) const
    {
        return {QStringLiteral("pilot"),     m_pairs,
                QStringLiteral("--project"), m_folder.filePath(project),
                QStringLiteral("--epochs"),  QString::number(epochs),
                QStringLiteral("--json")};
    }

    /// Starts the pilot and waits until `isFarEnough`.
    template <class Condition>
    void startUntil(QProcess& process, int epochs, Condition isFarEnough)
    {
        process.start(kTagalign, pilot(QStringLiteral("killed.tagalign"), epochs));
        QTRY_VERIFY_WITH_TIMEOUT(isFarEnough() || process.state() == QProcess::NotRunning,
                                 kPatience);
        QCOMPARE(process.state(), QProcess::Running);
    }

    QTemporaryDir m_folder;
    QString m_pairs;
    QList<QPair<QString, QString>> m_faults; ///< what the message must name, and say
};

void TestPilot::initTestCase()
{
    if (!kPairs.exists()) {
        QSKIP("needs the photos of ../shared/data/pairs");
    }
    m_pairs = m_folder.filePath("pairs");
    QVERIFY(QDir().mkpath(m_pairs));
    QFile list(kPairs.filePath("captions.jsonl"));
    QVERIFY(list.open(QIODevice::ReadOnly));
    QStringList names;
    for (int i = 0; i < kPictures; ++i) {
        const QByteArray line = list.readLine();
        names.append(QJsonDocument::fromJson(line).object()["file_name"].toString());
        QVERIFY(QFile::copy(kPairs.filePath(names.last()), m_pairs + '/' + names.last()));
        append(m_pairs + "/captions.jsonl", line);
    }
    const QString captions = m_pairs + "/captions.jsonl";
    QFile whole(kPairs.filePath(names.at(0)));
    QVERIFY(whole.open(QIODevice::ReadOnly));
    const QByteArray bytes = whole.readAll();
    append(m_pairs + "/truncated.jpg", bytes.left(bytes.size() / 2));
    append(m_pairs + "/empty.jpg", "");
    append(m_pairs + "/text.jpg", "this is no picture");
    QVERIFY(QFile::copy(kPairs.filePath(names.at(3)), m_pairs + "/again.jpg"));
    for (const char* name : {"truncated.jpg", "empty.jpg", "text.jpg", "missing.jpg", "again.jpg",
                             "../../../etc/passwd"}) {
        append(captions, record(name, "a red ball"));
    }
    append(captions, "{\"file_name\": \"cut.jp\n");
    m_faults = {{"truncated.jpg", "truncated"},
                {"empty.jpg", "empty"},
                {"text.jpg", ""},
                {"missing.jpg", ""},
                {"again.jpg", "same picture"},
                {"etc/passwd", "leaves"},
                {"line 67", "JSON"}};
}

void TestPilot::wrongUseHasItsExitCode()
{
    QCOMPARE(run({}).code, 2);
    QCOMPARE(run({"pilot"}).code, 2);
    QCOMPARE(run({"train", "--project", m_folder.path(), "--epochs", "many"}).code, 2);
    const Outcome nowhere = run({"pilot", "/no/such/folder", "--project", m_folder.filePath("n")});
    QCOMPARE(nowhere.code, 1);
    QVERIFY2(nowhere.messages.trimmed().endsWith("/no/such/folder: does not exist"),
             qPrintable(nowhere.messages));
    const Outcome noModel = run({"pilot", m_pairs, "--project", m_folder.filePath("n"), "--model",
                                 m_folder.filePath("nomodel")});
    QCOMPARE(noModel.code, 1);
    QVERIFY2(noModel.messages.contains("nomodel"), qPrintable(noModel.messages));
}

void TestPilot::faultsAreReportedAndTheJobFinishes()
{
    const Outcome outcome = run(pilot("faults.tagalign", 4));
    QVERIFY2(outcome.code == 0 || outcome.code == 3, qPrintable(outcome.messages));
    const QJsonArray problems = outcome.json()["problems"].toArray();
    QCOMPARE(problems.size(), m_faults.size());
    for (const auto& [name, text] : m_faults) {
        const bool isNamed = std::any_of(
            problems.begin(), problems.end(), [&name = name, &text = text](const QJsonValue& row) {
                const QString sentence =
                    row["where"].toString() + QLatin1Char(' ') + row["message"].toString();
                return sentence.contains(name) && sentence.contains(text);
            });
        QVERIFY2(isNamed, qPrintable(name + "\n" + QJsonDocument(problems).toJson()));
    }
    QVERIFY(QFile::exists(outcome.json()["report"].toString()));
    QVERIFY(outcome.json()["metrics"].toArray().size() > 4);
    const db::Database database(m_folder.filePath("faults.tagalign/project.sqlite"));
    const db::Counts counts = db::ImageRepository(database.connection()).counts();
    QCOMPARE(counts.images, kPictures);
    QCOMPARE(counts.captions, 5 * kPictures + 1); // the duplicate's caption was joined
    QVERIFY(!db::AuditLog(database.connection()).firstBreak());
}

void TestPilot::secondRunReusesEverything()
{
    const Outcome outcome = run(pilot("faults.tagalign", 4));
    QVERIFY2(outcome.messages.contains("\n0 of 65 images imported"), qPrintable(outcome.messages));
    QVERIFY2(outcome.messages.contains("\n0 images encoded"), qPrintable(outcome.messages));
    QCOMPARE(outcome.json()["run"].toString(), QString("0001"));
    const Outcome runs = run({"runs", "--project", m_folder.filePath("faults.tagalign"), "--json"});
    const QJsonArray all = QJsonDocument::fromJson(runs.output.toUtf8()).array();
    QCOMPARE(all.size(), 1);
    QCOMPARE(all[0]["model"].toString(), QString("demo model"));
    QCOMPARE(all[0]["status"].toString(), QString("done"));
    QVERIFY(all[0]["metrics"].toArray().size() > 4);
}

/// On the test images, and as open-vocabulary segmentation.
void TestPilot::itsHeadIsMeasuredBothWays()
{
    const QString project = m_folder.filePath("faults.tagalign");
    const Outcome onTest = run({"evaluate", "--project", project});
    QVERIFY2(onTest.code == 0 && onTest.output.contains("tag mAP"), qPrintable(onTest.messages));

    const QString set = QStringLiteral(TAGALIGN_SHARED_DATA "/segmentation");
    if (!QFile::exists(set))
        QSKIP("../shared/data/segmentation is not there");
    const Outcome onMasks =
        run({"evaluate", "--project", project, "--segmentation", set, "--paths", "self,value",
             "--scales", "96", "--window", "96", "--limit", "3", "--json"});
    QVERIFY2(onMasks.code == 0, qPrintable(onMasks.messages));
    const QJsonObject json = onMasks.json();
    QVERIFY(json["head"].toString().contains("0001"));
    const QJsonObject self = json["rows"][0].toObject();
    const double before = self["before"].toObject()["miou"].toDouble(-1.0);
    const double after = self["after"].toObject()["miou"].toDouble(-1.0);
    QVERIFY(before >= 0.0 && after >= 0.0);
    QVERIFY(self["after"] != self["before"]);
    QCOMPARE(self["change"].toObject()["miou"].toDouble(), after - before);
    QVERIFY(!json["rows"][1].toObject().contains("after")); // it was trained on the other path
}

void TestPilot::fairnessComesWithTheFigures()
{
    const QStringList project{"--project", m_folder.filePath("faults.tagalign"), "--json"};
    const Outcome evaluated = run(QStringList{"evaluate"} + project);
    QCOMPARE(evaluated.code, 0);
    const QJsonObject fairness = evaluated.json()["fairness"].toObject();
    QVERIFY(fairness["measured"].toBool());
    QVERIFY(fairness["groups_with_few_images"].toInt() > 0);        // the pilot is tiny
    QVERIFY(fairness["left_out_by_a_caption"].toArray().isEmpty()); // nobody has judged a tag
    QVERIFY(evaluated.json()["metrics"].toArray().size() > 4);
    const Outcome report = run(QStringList{"report"} + project);
    QVERIFY2(report.code == 0 || report.code == 3, qPrintable(report.messages));
    QCOMPARE(report.json()["no_go"].toBool(), report.code == 3);
    QCOMPARE(report.json()["fairness"].toObject(), fairness);
    QFile page(report.json()["report"].toString());
    QVERIFY(page.open(QIODevice::ReadOnly));
    QVERIFY(page.readAll().contains("Is it equally good for all?"));
}

void TestPilot::picturesOutsideShowWhatIsForgotten()
{
    constexpr int kOthers = 40;
    const QString project = m_folder.filePath("faults.tagalign");
    const QString others = m_folder.filePath("others");
    QVERIFY(QDir().mkpath(others));
    QFile list(kPairs.filePath("captions.jsonl"));
    QVERIFY(list.open(QIODevice::ReadOnly));
    for (int i = 0; i < kPictures + kOthers; ++i) { // the last of the pilot's, then strangers
        const QByteArray line = list.readLine();
        if (i >= kPictures - 1) {
            const QString name = QJsonDocument::fromJson(line).object()["file_name"].toString();
            QVERIFY(QFile::copy(kPairs.filePath(name), others + '/' + name));
            append(others + "/captions.jsonl", line);
        }
    }
    append(others + "/broken.jpg", "this is no picture");
    append(others + "/captions.jsonl", record("broken.jpg", "a dog"));
    const auto evaluated = [&](const QStringList& options) {
        return run(QStringList{"evaluate", "--project", project, "--json"} + options);
    };
    const auto onOthers = [](const Outcome& outcome) {
        int images = 0;
        for (const QJsonValue& row : outcome.json()["metrics"].toArray()) {
            images = row["kind"] == "other pictures" ? row["count"].toInt() : images;
        }
        return images;
    };
    const auto cautions = [](const Outcome& outcome) {
        return QJsonDocument(outcome.json()["cautions"].toArray()).toJson();
    };

    const Outcome nowhere = evaluated({"--retention", "/no/such/set"});
    QCOMPARE(nowhere.code, 1);
    QVERIFY(nowhere.messages.contains("/no/such/set"));
    QCOMPARE(onOthers(evaluated({})), 0); // the refused one was not kept

    const Outcome first = evaluated({"--retention", others});
    QVERIFY2(first.code == 0, qPrintable(first.messages));
    QCOMPARE(onOthers(first), kOthers); // without the pilot's own
    QVERIFY(cautions(first).contains("broken.jpg"));
    QCOMPARE(onOthers(evaluated({})), kOthers); // kept

    QVERIFY(QDir().rename(others, others + "-gone"));
    const Outcome gone = evaluated({});
    QCOMPARE(gone.code, 0);
    QCOMPARE(onOthers(gone), 0);
    QVERIFY(cautions(gone).contains("Retention on other pictures was not measured"));
    const Outcome none = evaluated({"--retention", "none"});
    QVERIFY2(none.code == 0, qPrintable(none.messages));
    QVERIFY(!cautions(none).contains("not measured: "));
}

void TestPilot::killedWhileEncodingGoesOn()
{
    QProcess process;
    const QDir features(m_folder.filePath("killed.tagalign/features"));
    startUntil(process, 4, [&features] {
        return QDir(features).entryList(QDir::AllEntries | QDir::NoDotAndDotDot).size() > 0;
    });
    process.kill();
    process.waitForFinished();
    const Outcome outcome = run(pilot("killed.tagalign", 4));
    QVERIFY2(outcome.code == 0 || outcome.code == 3, qPrintable(outcome.messages));
    const db::Database database(m_folder.filePath("killed.tagalign/project.sqlite"));
    QCOMPARE(db::ImageRepository(database.connection()).counts().images, kPictures);
}

void TestPilot::killedWhileTrainingGoesOn()
{
    const QString metrics = m_folder.filePath("killed.tagalign/runs/0002/metrics.jsonl");
    QProcess process;
    startUntil(process, 60, [&metrics] { return QFile(metrics).size() > 0; });
    process.kill();
    process.waitForFinished();
    const Outcome outcome = run(pilot("killed.tagalign", 60));
    QVERIFY2(outcome.code == 0 || outcome.code == 3, qPrintable(outcome.messages));
    QCOMPARE(outcome.json()["run"].toString(), QString("0002")); // the same run, continued
    QFile file(metrics);
    QVERIFY(file.open(QIODevice::ReadOnly));
    for (int epoch = 1; epoch <= 60; ++epoch) { // each epoch once, in order
        QCOMPARE(QJsonDocument::fromJson(file.readLine()).object()["epoch"].toInt(), epoch);
    }
    QVERIFY(file.atEnd());
}

void TestPilot::interruptSaysThatItWasCancelled()
{
    const QString metrics = m_folder.filePath("killed.tagalign/runs/0003/metrics.jsonl");
    QProcess process;
    startUntil(process, 900, [&metrics] { return QFile(metrics).size() > 0; });
    ::kill(pid_t(process.processId()), SIGINT);
    const Outcome outcome = finish(process);
    QCOMPARE(outcome.code, 130);
    QVERIFY(outcome.messages.contains("cancelled; what was finished is kept"));
    const db::Database database(m_folder.filePath("killed.tagalign/project.sqlite"));
    QCOMPARE(db::RunRepository(database.connection()).runs().first().status,
             db::RunStatus::Cancelled);
}

/// No file may grow past 100 KiB: as on a full disk, writing fails in the middle.
void TestPilot::fullDiskIsOneSentence()
{
    QProcess process;
    QStringList arguments{"-c", "trap '' XFSZ; ulimit -f 100; exec \"$@\"", "sh", kTagalign};
    process.start("bash", arguments + pilot("full.tagalign", 2));
    const Outcome outcome = finish(process);
    QCOMPARE(outcome.code, 1);
    const QString sentence = outcome.messages.section("tagalign: ", -1);
    QVERIFY2(sentence.contains("disk"), qPrintable(outcome.messages));
    const Outcome again = run(pilot("full.tagalign", 2));
    QVERIFY2(again.code == 0 || again.code == 3, qPrintable(again.messages));
}

QTEST_GUILESS_MAIN(TestPilot)
#include "tst_pilot.moc"
