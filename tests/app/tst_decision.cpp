#include "app/Project.h"
#include "app/jobs/Decision.h"
#include "app/jobs/EvaluateJob.h"
#include "app/jobs/EvaluationFile.h"
#include "app/jobs/FigureAxis.h"
#include "app/jobs/PilotSnapshot.h"
#include "app/jobs/ReportHtml.h"
#include "app/jobs/Splits.h"
#include "app/jobs/TagPrecision.h"
#include "db/ImageRepository.h"
#include "db/TagRepository.h"
#include "db/VerdictRepository.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <cmath>
#include <memory>

using namespace tagalign;
using namespace tagalign::app;
using Outcome = model::eval::Decision;

namespace {

db::Metric figure(const QString& name, const QString& kind, double before, double after)
{
    return {name, kind, {}, before, after, after - before - 0.01, after - before + 0.01, 200};
}

QList<db::Metric> goodRun()
{
    return {figure("tag mAP", "attributes", 0.5, 0.5),
            figure("frequent tag mAP", "attributes", 0.5, 0.62),
            figure("frequent tag mAP against the whole-image vector", "attributes", 0.45, 0.62)};
}

/// As different from the next as perceptual hashes can be.
quint64 spreadHash(int number)
{
    return quint64(number) * 0x9E37'79B9'7F4A'7C15U;
}

} // namespace

/// From figures to go or no-go, and what keeps the figures honest: splits, retention, precision.
class TestDecision : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        m_project =
            std::make_unique<Project>(Project::openOrCreate(m_folder->filePath("a.tagalign")));
        m_database = std::make_unique<db::Database>(m_project->databaseFile());
    }

    void cleanup() { m_database.reset(); }

    void frequentTagsAgainstTheBetterBaseDecide()
    {
        const auto good = decisionOn(goodRun());
        QCOMPARE(good.outcome, Outcome::StrongGo);
        QVERIFY(good.sentence.contains("frequent tag mAP of attributes changed by 24.0 %"));
        auto better = goodRun();
        better[2] = // the whole-image vector knew it already
            figure("frequent tag mAP against the whole-image vector", "attributes", 0.6, 0.62);
        QCOMPARE(decisionOn(better).outcome, Outcome::NoGo);
        QVERIFY(decisionOn(better).isNoGo);
        // Without frequent tags all count.
        QCOMPARE(decisionOn(goodRun().mid(0, 1)).outcome, Outcome::NoGo);
        QVERIFY_EXCEPTION_THROWN((void)decisionOn({}), model::Error);
    }

    void lostRetentionIsNoGo()
    {
        auto metrics = goodRun();
        metrics.append(figure("retention mAP", "other tags", 0.30, 0.29));
        QCOMPARE(decisionOn(metrics).outcome, Outcome::StrongGo);
        metrics.append(
            figure("retention mAP against the whole-image vector", "other tags", 0.33, 0.29));
        const auto decision = decisionOn(metrics);
        QVERIFY(decision.isNoGo);
        QVERIFY2(decision.sentence.contains("changed by -4.0 points"),
                 qPrintable(decision.sentence));
        QCOMPARE(decisionOn(metrics, {.retentionLimit = 0.05}).outcome, Outcome::StrongGo);
    }

    void theGreaterLossOfRetentionCounts()
    {
        auto metrics = goodRun();
        metrics.append(figure("retention mAP", "other tags", 0.30, 0.30));
        metrics.append(figure("retention mAP", "other pictures", 0.40, 0.35));
        const auto decision = decisionOn(metrics);
        QVERIFY(decision.isNoGo);
        QVERIFY2(decision.sentence.contains("retention mAP of other pictures changed by -5.0"),
                 qPrintable(decision.sentence));
        metrics.last() = figure("retention mAP", "other pictures", 0.40, 0.45);
        const auto kept = decisionOn(metrics);
        QCOMPARE(kept.outcome, Outcome::StrongGo);
        QVERIFY(kept.sentence.contains("of other tags"));
    }

    void sharesAreDrawnOnOneAxis()
    {
        auto small = figure("tag mAP", "objects", 0.5, 0.51);
        small.low = -0.01;
        small.high = 0.02;
        auto great = figure("text-to-image R@5", "captions", 0.5, 0.4);
        great.low = -0.2;
        great.high = 0.0;
        auto alerts = figure("false alerts per image", "objects", 3.0, 1.0);
        alerts.low = -3.0;
        const QList metrics{small, great, alerts};
        QCOMPARE(axisReach(metrics, small.name), 0.2);
        QCOMPARE(axisReach(metrics, great.name), 0.2);
        QCOMPARE(axisReach(metrics, alerts.name), 3.0);
        QCOMPARE(axisReach({}, small.name), 0.01); // never nought
        QVERIFY(isLessBetter(alerts.name) && !isLessBetter(small.name));
    }

    void thresholdsAreTheProjects()
    {
        QCOMPARE(decisionSettings(*m_database).threshold, 0.10);
        QCOMPARE(decisionSettings(*m_database).retentionLimit, 0.02);
        setDecisionSettings(*m_database, {0.25, 0.5, 0.01});
        const auto settings = decisionSettings(*m_database);
        QCOMPARE(settings.threshold, 0.25);
        QCOMPARE(settings.strongThreshold, 0.5);
        QCOMPARE(settings.retentionLimit, 0.01);
        // 24 % is below 25 % now.
        QCOMPARE(decisionOn(goodRun(), settings).outcome, Outcome::NotDecided);
    }

    void equalCaptionsStayInOneSplit()
    {
        QCOMPARE(normalizedCaption(" A  Red-cup, No. 7! "), QString("a red cup no 7"));
        QCOMPARE(normalizedCaption(QString::fromUtf8("赤いカップ。")),
                 QString::fromUtf8("赤いカップ"));
        QCOMPARE(normalizedCaption("..."), QString());
        addPictures(120, [](int i) {
            return i % 40 == 7   ? QString("The SAME cup!")
                   : i % 40 == 8 ? QString("the same  cup")
                   : i % 4 == 0  ? QString("a photo") // 30 of 120: says nothing
                                 : QString("picture %1").arg(i);
        });
        assignSplits(*m_database);
        QList<db::Split> same;
        QList<db::Split> common;
        const db::ImageRepository repository(m_database->connection());
        for (const db::Image& image : repository.images()) {
            const QString caption = normalizedCaption(repository.captionsOf(image.id)[0].text);
            if (caption == "the same cup") {
                same.append(image.split);
            } else if (caption == "a photo") {
                common.append(image.split);
            }
        }
        QCOMPARE(same.size(), 6);
        QCOMPARE(same.count(same.first()), 6);
        QVERIFY(common.count(common.first()) < common.size()); // they are not tied together
    }

    void captionsOfTestPicturesPullOthersIntoTest()
    {
        addPictures(30, [](int i) {
            return i < 2 ? QString("the same words") : QString("picture %1").arg(i);
        });
        db::ImageRepository repository(m_database->connection());
        const QList<db::Image> images = repository.images();
        for (const db::Image& image : images) {
            repository.setGivenSplit(image.id, db::Split::Train);
        }
        repository.setGivenSplit(images[1].id, db::Split::Test);
        assignSplits(*m_database);
        QCOMPARE(repository.images()[0].split, db::Split::Test);
        QCOMPARE(repository.images()[1].split, db::Split::Test);
    }

    void picturesSeenInTrainingDoNotTest()
    {
        using model::pipeline::Split;
        model::pipeline::PilotData then;
        then.images = {{.contentHash = "a", .split = Split::Train},
                       {.contentHash = "b", .split = Split::Validation},
                       {.contentHash = "c", .split = Split::Test}};
        model::pipeline::PilotData now = then;
        for (auto& image : now.images) {
            image.split = Split::Test; // as a later import would have it
        }
        QCOMPARE(leaveOutSeen(now, then), 2);
        QCOMPARE(now.images.size(), std::size_t(1));
        QCOMPARE(now.images[0].contentHash, std::string("c"));
        QCOMPARE(leaveOutSeen(then, then), 0);
    }

    void retentionTakesTagsOutsideThePilot()
    {
        addPictures(40, [](int i) { return QString("picture %1").arg(i); });
        addTags();
        db::TagRepository tags(m_database->connection());
        QCOMPARE(tags.enableFrequent(5), 1); // "cup"; "odd" is on few pictures
        const PilotSnapshot snapshot = takeSnapshot(*m_project, *m_database);
        const auto other = otherTags(*m_database, snapshot, {});
        QCOMPARE(other.tags.size(), std::size_t(1));
        QCOMPARE(other.tags[0].text, std::string("odd"));
        std::size_t mentions = 0;
        for (const auto& image : other.images) {
            QVERIFY(image.captions.empty());
            QVERIFY(image.targets.empty() || image.split == model::pipeline::Split::Test);
            mentions += image.targets.size();
        }
        QCOMPARE(mentions, std::size_t(2));
        db::TagId odd{};
        for (const db::Tag& tag : tags.tags()) {
            odd = tag.lemma == "odd" ? tag.id : odd;
        }
        QVERIFY(otherTags(*m_database, snapshot, {odd}).tags.empty()); // the run learned it
    }

    void precisionIsOfTheJudged()
    {
        addPictures(40, [](int i) { return QString("picture %1").arg(i); });
        addTags();
        const auto before = tagPrecision(*m_database);
        QCOMPARE(before[0].pairs, 40);
        QVERIFY(std::isnan(before[0].share()));
        QVERIFY(before[0].basis().contains("none of 40"));
        const QList<db::Candidate> all = db::TagRepository(m_database->connection()).candidates();
        db::VerdictRepository verdicts(m_database->connection());
        int judged = 0;
        for (const db::Candidate& candidate : all) {
            if (candidate.kind == db::TagKind::Object && judged < 10) {
                verdicts.decide(
                    {{candidate.id, judged < 7 ? db::State::Accepted : db::State::Rejected, 0}},
                    "somebody");
                ++judged;
            }
        }
        const auto rows = tagPrecision(*m_database);
        QCOMPARE(rows[0].share(), 0.7);
        // scipy.stats.binomtest(7, 10).proportion_ci(method="wilson")
        QVERIFY(std::abs(rows[0].low - 0.39677814746114526) < 1e-12);
        QVERIFY(std::abs(rows[0].high - 0.892208732593699) < 1e-12);
        QVERIFY(rows[0].basis().contains("an estimate: 10 of 40"));
        QVERIFY(precisionTable(rows).contains("0.7000"));
        QVERIFY(std::isnan(rows[1].share()));
    }

    void evaluationComesBackFromItsFile()
    {
        const db::Run run{.folder = "0001"};
        QVERIFY(loadEvaluation(*m_project, run).cautions.isEmpty());
        saveEvaluation(*m_project, run,
                       {{"mind this"}, {{"objects", {{0.25, 0.5, 7}}, {{0.75, 1.0, 3}}}}, {}});
        const EvaluationDetails back = loadEvaluation(*m_project, run);
        QCOMPARE(back.cautions, QStringList{"mind this"});
        QCOMPARE(back.reliability.size(), std::size_t(1));
        QCOMPARE(back.reliability[0].kind, std::string("objects"));
        QCOMPARE(back.reliability[0].before[0].present, 0.5);
        QCOMPARE(back.reliability[0].after[0].pairs, std::size_t(3));
        QVERIFY(!back.fairness.isThere); // as of a run that an earlier version evaluated
    }

    void thePageKeepsTheMainFiguresInFront()
    {
        ReportContent content;
        content.metrics = goodRun();
        content.reliability = {{"objects", {{0.25, 0.5, 7}}, {{0.75, 1.0, 3}}}};
        const QString html = reportHtml(content);
        const qsizetype details = html.indexOf("<details>");
        QVERIFY(details > 0);
        QVERIFY(html.indexOf("<td>frequent tag mAP</td>") < details);
        QVERIFY(html.indexOf("against the whole-image vector</td>") > details);
        QVERIFY(html.contains("<polyline"));
    }

private:
    template <typename Caption>
    void addPictures(int count, const Caption& captionOf)
    {
        db::ImageRepository repository(m_database->connection());
        for (int i = 0; i < count; ++i) {
            const quint64 hash = spreadHash(i + 1);
            const db::ImageId id =
                repository.add({.path = QString("%1.jpg").arg(i),
                                .sha256 = QString("%1")
                                              .arg(hash, 64, 16, QLatin1Char('0'))
                                              .right(16)
                                              .leftJustified(64, QLatin1Char('0')),
                                .perceptualHash = hash,
                                .width = 10,
                                .height = 10,
                                .split = i % 4 == 0 ? db::Split::Test : db::Split::Train});
            repository.addCaption(id, captionOf(i), "en");
        }
    }

    /// "cup" on every picture, "odd" on the first two for testing (of which 0, 4, .. are).
    void addTags()
    {
        const db::ImageRepository repository(m_database->connection());
        QList<db::NewParse> parses;
        int number = 0;
        for (const db::Image& image : repository.images()) {
            db::NewParse parse{.caption = repository.captionsOf(image.id)[0].id,
                               .image = image.id,
                               .parser = "test",
                               .parserVersion = "1"};
            parse.candidates = {{.kind = db::TagKind::Object, .lemma = "cup", .display = "cup"}};
            if (number == 0 || number == 4) {
                parse.candidates.append(
                    {.kind = db::TagKind::Attribute, .lemma = "odd", .display = "odd"});
            }
            parses.append(parse);
            ++number;
        }
        db::TagRepository(m_database->connection()).addParses(parses);
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Project> m_project;
    std::unique_ptr<db::Database> m_database;
};

QTEST_GUILESS_MAIN(TestDecision)
#include "tst_decision.moc"
