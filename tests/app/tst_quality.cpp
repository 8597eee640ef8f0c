#include "app/jobs/PilotSnapshot.h"
#include "app/jobs/QualityJob.h"
#include "db/ImageRepository.h"
#include "db/Statement.h"
#include "model/Error.h"
#include "tests/app/support/ReviewedPilot.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <cmath>

using namespace tagalign;
using namespace tagalign::app;

namespace {

constexpr int kPatience = 120'000; ///< ms; machines are shared

struct Outcome
{
    int code = -1;
    QByteArray output;
    QString messages;
};

Outcome runProgram(const QStringList& arguments)
{
    QProcess process;
    process.start(QStringLiteral(TAGALIGN_PROGRAM), arguments);
    process.waitForFinished(kPatience);
    return {process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1,
            process.readAllStandardOutput(), QString::fromUtf8(process.readAllStandardError())};
}

} // namespace

/// The quality score of a demo project's tags, as a job and as a command.
class TestQuality : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void withoutTheImageCheckTheCaptionsDecide();
    void cancelKeepsWhatWasChecked();
    void tagsAreComparedWithTheirPicturesOnce();
    void verdictsMoveTheProbabilities();
    void secondLookHoldsMoreSlipsThanTheRest();
    void trainingUsesProbabilitiesWhereModelsAreNotMeasured();
    void withoutItsModelVerifyingGoesOn();
    void thresholdIsKeptWithTheProject();
    void commandSaysHowFarItHolds();
    void commandRefusesWhatItCannotDo();

private:
    [[nodiscard]] int count(const QString& sql) const
    {
        const db::Database database(m_project->databaseFile());
        QSqlQuery query = db::execute(database.connection(), sql);
        return query.next() ? query.value(0).toInt() : -1;
    }

    QTemporaryDir m_folder;
    std::unique_ptr<Project> m_project;
    tests::TestContext m_context;
};

void TestQuality::initTestCase()
{
    try {
        m_project =
            std::make_unique<Project>(tests::reviewedPilot(m_folder.filePath("demo.tagalign"), 60));
    } catch (const std::exception& error) {
        QSKIP(error.what());
    }
}

void TestQuality::withoutTheImageCheckTheCaptionsDecide()
{
    const db::Database database(m_project->databaseFile());
    QVERIFY(isUnchecked(*m_project, database));
    const TagQualityState state = tagQuality(*m_project, database);
    QVERIFY(state.pairs.size() > 100);
    QVERIFY(state.check.accepted > 20 && state.check.rejected > 5);
    for (const auto& pair : state.pairs) {
        QVERIFY(!pair.evidence.margin);
    }
    QVERIFY(state.check.auroc.has_value());
}

void TestQuality::cancelKeepsWhatWasChecked()
{
    class Stopping : public tests::TestContext
    {
    public:
        void report(const JobProgress& progress) override
        {
            TestContext::report(progress);
            cancelled = progress.sentence.startsWith("Checking") && progress.done == 20;
        }
    };

    Stopping context;
    QVERIFY_EXCEPTION_THROWN((void)checkProjectTags(*m_project, Margins::Missing, context),
                             model::Cancelled);
    const int kept = count("SELECT COUNT(*) FROM tag_margin");
    QVERIFY(kept > 0);
    QVERIFY(kept < count("SELECT COUNT(*) FROM (SELECT DISTINCT c.image_id, c.tag_id FROM "
                         "candidate c JOIN tag t ON t.id = c.tag_id WHERE t.enabled = 1)"));
}

void TestQuality::tagsAreComparedWithTheirPicturesOnce()
{
    const int before = count("SELECT COUNT(*) FROM tag_margin");
    const QualitySummary first = checkProjectTags(*m_project, Margins::Missing, m_context);
    QCOMPARE(first.known, first.pairs);
    QCOMPARE(first.checked, first.pairs - before);
    QCOMPARE(count("SELECT COUNT(*) FROM candidate c JOIN tag t ON t.id = c.tag_id WHERE "
                   "t.enabled = 1 AND c.probability IS NULL"),
             0);
    QVERIFY(!isUnchecked(*m_project, db::Database(m_project->databaseFile())));
    QCOMPARE(checkProjectTags(*m_project, Margins::Missing, m_context).checked, 0);
    QCOMPARE(checkProjectTags(*m_project, Margins::All, m_context).checked, first.pairs);
}

/// Another hundred rejections: the tags nobody has judged become less likely.
void TestQuality::verdictsMoveTheProbabilities()
{
    const db::Database database(m_project->databaseFile());
    const TagQualityState before = refreshTagQuality(*m_project, database);
    db::execute(database.connection(), "SAVEPOINT before_them");
    db::execute(database.connection(), "UPDATE candidate SET state = 'reject' WHERE state = "
                                       "'accept'");
    const TagQualityState after = tagQuality(*m_project, database);
    db::execute(database.connection(), "ROLLBACK TO before_them");
    db::execute(database.connection(), "RELEASE before_them");
    double moved = 0.0;
    for (std::size_t i = 0; i < before.pairs.size(); ++i) {
        if (!before.pairs[i].isRight) {
            moved += after.check.probabilities[i] - before.check.probabilities[i];
        }
    }
    QVERIFY(moved < 0.0);
    QVERIFY(!after.check.auroc); // nothing is accepted any more
    QCOMPARE(after.check.accepted, std::size_t(0));
}

/// The reviewer slips in one case of ten; the truth of the composed pictures tells where.
void TestQuality::secondLookHoldsMoreSlipsThanTheRest()
{
    const db::Database database(m_project->databaseFile());
    const SceneTruth truth(demoPairsFolder(*m_project));
    QHash<db::ImageId, QString> paths;
    for (const db::Image& image : db::ImageRepository(database.connection()).images()) {
        paths.insert(image.id, image.path);
    }
    const TagQualityState state = tagQuality(*m_project, database);
    const auto isSlip = [&](const db::PairEvidence& pair) {
        const auto answer = truth.answer(paths.value(pair.image), pair.kind, pair.lemma);
        const bool isThere =
            SceneTruth::isKnown(pair.kind, pair.lemma) && answer == SceneTruth::Answer::Present;
        return answer != SceneTruth::Answer::Unknown &&
               isThere != (pair.state == db::State::Accepted);
    };
    const auto suspects =
        model::tags::secondLook(state.pairs, state.check.probabilities, state.pairs.size());
    double found = 0.0;
    for (const auto& suspect : suspects) {
        found += isSlip(state.evidence.at(qsizetype(suspect.pair))) ? 1.0 : 0.0;
    }
    double all = 0.0;
    double judged = 0.0;
    for (qsizetype i = 0; i < state.evidence.size(); ++i) {
        if (state.pairs[std::size_t(i)].isRight) {
            judged += 1.0;
            all += isSlip(state.evidence.at(i)) ? 1.0 : 0.0;
        }
    }
    qInfo("%.0f of %zu suspected verdicts are slips, %.0f of all %.0f", found, suspects.size(), all,
          judged);
    QVERIFY(all > 3.0);
    QVERIFY(found / double(suspects.size()) > 2.0 * all / judged);
}

void TestQuality::trainingUsesProbabilitiesWhereModelsAreNotMeasured()
{
    const db::Database database(m_project->databaseFile());
    refreshTagQuality(*m_project, database);
    const PilotSnapshot snapshot = takeSnapshot(*m_project, database);
    int moved = 0;
    for (const auto& image : snapshot.data.images) {
        for (const auto& target : image.targets) {
            const bool isConfidence = std::abs(target.probability - 0.9) < 1e-6 ||
                                      std::abs(target.probability - 0.75) < 1e-6;
            if (image.split != model::pipeline::Split::Train && !target.verified) {
                QVERIFY(isConfidence); // as the captions say
            }
            moved +=
                image.split == model::pipeline::Split::Train && !target.verified && !isConfidence
                    ? 1
                    : 0;
        }
    }
    QVERIFY(moved > 10);
}

void TestQuality::withoutItsModelVerifyingGoesOn()
{
    db::Database database(m_project->databaseFile());
    database.setSetting("model", m_folder.filePath("gone"));
    const TagQualityState state = refreshTagQuality(*m_project, database);
    QVERIFY(!state.pairs.empty() && state.check.auroc.has_value());
    for (const auto& pair : state.pairs) {
        QVERIFY(!pair.evidence.margin);
    }
    QVERIFY_EXCEPTION_THROWN((void)checkProjectTags(*m_project, Margins::Missing, m_context),
                             model::Error);
    database.setSetting("model", "");
    refreshTagQuality(*m_project, database);
}

void TestQuality::thresholdIsKeptWithTheProject()
{
    db::Database database(m_project->databaseFile());
    QCOMPARE(confidenceThreshold(database), 0.5);
    setConfidenceThreshold(database, 0.65);
    QCOMPARE(confidenceThreshold(db::Database(m_project->databaseFile())), 0.65);
    database.setSetting("confidence_threshold", "very sure");
    QCOMPARE(confidenceThreshold(database), 0.5);
    database.setSetting("confidence_threshold", "7");
    QCOMPARE(confidenceThreshold(database), 0.5);
}

void TestQuality::commandSaysHowFarItHolds()
{
    const Outcome text = runProgram({"quality", m_project->folder()});
    QVERIFY2(text.code == 0, qPrintable(text.messages));
    for (const char* word :
         {"AUROC", "calibration error", "threshold", "image check", "parser's confidence"}) {
        QVERIFY2(text.output.contains(word), word);
    }
    QVERIFY(text.messages.contains("simulated reviewer"));
    const Outcome json =
        runProgram({"quality", "--project", m_project->folder(), "--json", "--second-look", "3"});
    QCOMPARE(json.code, 0);
    const QJsonObject object = QJsonDocument::fromJson(json.output).object();
    const double auroc = object["with_image_check"]["auroc"].toDouble();
    QVERIFY(auroc > 0.5 && auroc <= 1.0);
    QVERIFY(object["with_image_check"]["auroc_low"].toDouble() < auroc);
    QVERIFY(object["without_image_check"]["auroc"].toDouble() > 0.5);
    QVERIFY(object["with_image_check"]["ece"].toDouble() < 0.5);
    QCOMPARE(object["thresholds"].toArray().size(), 11);
    QCOMPARE(object["thresholds"][0]["coverage"].toDouble(), 1.0);
    QVERIFY(object["second_look"].toArray().size() <= 3);
    QCOMPARE(object["coefficients"].toArray().size(), 12);
}

void TestQuality::commandRefusesWhatItCannotDo()
{
    const Outcome none = runProgram({"quality", m_folder.filePath("no.tagalign")});
    QCOMPARE(none.code, 1);
    QVERIFY(none.messages.contains("no.tagalign"));
    const Project empty = Project::openOrCreate(m_folder.filePath("empty.tagalign"));
    QVERIFY(db::Database(empty.databaseFile()).connection().isOpen());
    const Outcome untagged = runProgram({"quality", empty.folder()});
    QCOMPARE(untagged.code, 1);
    QVERIFY(untagged.messages.contains("no tags yet"));
    QCOMPARE(runProgram({"quality"}).code, 2);
    QCOMPARE(runProgram({"quality", empty.folder(), "--second-look", "many"}).code, 2);
}

QTEST_MAIN(TestQuality)
#include "tst_quality.moc"
