#include "app/jobs/ParserComparison.h"
#include "app/jobs/ParserRunJob.h"
#include "app/llm/LlmTagJob.h"
#include "db/AuditLog.h"
#include "db/Error.h"
#include "db/ImageRepository.h"
#include "db/Statement.h"
#include "db/TagRepository.h"
#include "db/VerdictRepository.h"
#include "tests/app/support/Captions.h"
#include "tests/app/support/LlmServer.h"
#include "tests/app/support/TestContext.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

using namespace tagalign;
using namespace tagalign::app;
using tests::LlmServer;

namespace {

constexpr int kPatience = 60'000; ///< ms; machines are shared

} // namespace

/// Runs of parsers by the library and by the program: the built-in one, and a language model's
/// server on loopback.
class TestParserRunJobs : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void readingIsARun();
    void whatCaptionsDenyIsKept();
    void rulesAreARunOfTheirOwn();
    void newCaptionsGoIntoTheSameRun();
    void stoppedReadingIsNotFinished();
    void revertedRunIsNotReadAgainByItself();
    void newCaptionsOfARevertedRunAreTold();
    void runAgainBringsARevertedRunBack();
    void runAgainReadsAllOnRequest();
    void modelsRunIsNotStartedUnasked();
    void unknownRunAndParserAreRefused();
    void modelsRunComesBackWithoutPaying();
    void runsAreCompared();
    void comparisonRefusesWhatCannotBeCompared();
    void programListsRuns();
    void programComparesRuns();
    void programRevertsAndRunsAgain();
    void programRunsAModelAgainWithConsent();
    void programRefusesWhatMakesNoSense_data();
    void programRefusesWhatMakesNoSense();

private:
    void addCaptions(const QStringList& captions)
    {
        tests::addCaptions(db::Database(m_project->databaseFile()), captions);
    }

    LlmSummary ask()
    {
        return readTagsWithLlm(*m_project, m_settings, LlmPrompt::standard(), "key", *m_context);
    }

    /// The built-in parser and the model, over the same captions: runs 1 and 2.
    void readTwice(const QStringList& captions)
    {
        addCaptions(captions);
        extractTags(*m_project, *m_context);
        ask();
    }

    [[nodiscard]] QList<db::ParserRun> runs() const
    {
        const db::Database database(m_project->databaseFile());
        return db::ParserRunRepository(database.connection()).runs();
    }

    QString revert(qint64 run)
    {
        return revertRun(db::Database(m_project->databaseFile()), db::ParserRunId{run});
    }

    TagSummary again(qint64 run, Reading reading = Reading::Unread)
    {
        return runAgain(*m_project, db::ParserRunId{run}, reading, *m_context);
    }

    [[nodiscard]] int value(const QString& sql) const
    {
        const db::Database database(m_project->databaseFile());
        QSqlQuery query = db::execute(database.connection(), sql);
        return query.next() ? query.value(0).toInt() : -1;
    }

    [[nodiscard]] int candidates() const { return value("SELECT COUNT(*) FROM candidate"); }

    void judgeFirst(db::State state) const
    {
        const db::Database database(m_project->databaseFile());
        const auto tags = db::TagRepository(database.connection()).candidates();
        db::VerdictRepository(database.connection()).decide({{tags.first().id, state, 5}}, "me");
    }

    struct Outcome
    {
        int code = -1;
        QString output;
        QString messages;

        [[nodiscard]] QJsonDocument json() const
        {
            return QJsonDocument::fromJson(output.toUtf8());
        }
    };

    Outcome run(const QStringList& options) const
    {
        QProcess process;
        process.start(TAGALIGN_PROGRAM, QStringList{"parsers", m_project->folder()} + options);
        process.closeWriteChannel();
        if (!process.waitForFinished(kPatience)) {
            qFatal("the program does not end");
        }
        return {process.exitCode(), QString::fromUtf8(process.readAllStandardOutput()).trimmed(),
                QString::fromUtf8(process.readAllStandardError())};
    }

    template <class Call>
    static QString refusal(Call call)
    {
        try {
            call();
        } catch (const std::exception& error) {
            return QString::fromUtf8(error.what());
        }
        return {};
    }

    LlmSettings m_settings;
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Project> m_project;
    std::unique_ptr<LlmServer> m_server;
    std::unique_ptr<tests::TestContext> m_context;
};

void TestParserRunJobs::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_project =
        std::make_unique<Project>(Project::openOrCreate(m_folder->filePath("pilot.tagalign")));
    const db::Database database(m_project->databaseFile()); // made
    m_server = std::make_unique<LlmServer>();
    m_context = std::make_unique<tests::TestContext>();
    m_settings = {.endpoint = m_server->endpoint(),
                  .model = "tiny",
                  .timeoutMs = kPatience,
                  .attempts = 1,
                  .retryDelayMs = 1};
}

void TestParserRunJobs::readingIsARun()
{
    extractTags(*m_project, *m_context);
    QVERIFY(runs().isEmpty()); // nothing was read
    readTwice({"a black cat", "a dog"});
    const QList<db::ParserRun> all = runs();
    QCOMPARE(all.size(), 2);
    QCOMPARE(all.at(0).parser, parsersByLanguage().front().parser);
    QCOMPARE(all.at(0).parserVersion, parsersByLanguage().front().version);
    QCOMPARE(all.at(0).captions, 2);
    QCOMPARE(all.at(0).tags, 3);
    QVERIFY(!all.at(0).startedAt.isEmpty() && all.at(0).finishedAt >= all.at(0).startedAt);
    QCOMPARE(nameOf(all.at(1)), "llm tiny (prompt " + LlmPrompt::standard().version.left(6) + ")");
    QCOMPARE(all.at(1).promptVersion, LlmPrompt::standard().version);
    QVERIFY(!all.at(1).finishedAt.isEmpty());
    QVERIFY(isOfLanguageModel(all.at(1)) && !isOfLanguageModel(all.at(0)));
}

void TestParserRunJobs::whatCaptionsDenyIsKept()
{
    addCaptions({"a dog, no cars"});
    extractTags(*m_project, *m_context);
    const db::Database database(m_project->databaseFile());
    const db::TagRepository tags(database.connection());
    const auto absences = tags.absencesOf(db::ImageId{1});
    QCOMPARE(absences.size(), 1);
    QCOMPARE(absences.first().lemma, QString("car"));
    QCOMPARE(QString("a dog, no cars").mid(absences.first().spanStart, absences.first().spanLength),
             QString("cars"));
    judgeFirst(db::State::Accepted); // the dog keeps its parse
    revert(1);
    QVERIFY(tags.absencesOf(db::ImageId{1}).isEmpty());
    again(1, Reading::All);
    QCOMPARE(tags.absencesOf(db::ImageId{1}).size(), 1);
}

void TestParserRunJobs::rulesAreARunOfTheirOwn()
{
    addCaptions({"a black cat on display"});
    extractTags(*m_project, *m_context);
    readTags(*m_project, parsersWithEnglish("rules"), *m_context);
    QCOMPARE(runs().size(), 2);
    QCOMPARE(runs().at(1).parser, QString("rules"));
    revert(2);
    QCOMPARE(again(2).captions, 1);
    const db::Database database(m_project->databaseFile());
    QVERIFY(!hasUnreadCaptions(database));
}

void TestParserRunJobs::newCaptionsGoIntoTheSameRun()
{
    readTwice({"a cat"});
    readTwice({"a dog"});
    QCOMPARE(runs().size(), 2);
    QCOMPARE(runs().at(0).captions, 2);
    QCOMPARE(runs().at(1).captions, 2);
    addCaptions({"a hat"});
    QCOMPARE(again(1).captions, 1); // what is new alone
    QCOMPARE(runs().at(0).captions, 3);
}

void TestParserRunJobs::stoppedReadingIsNotFinished()
{
    addCaptions({"a cat"});
    m_context->cancelled = true;
    QVERIFY_EXCEPTION_THROWN(extractTags(*m_project, *m_context), model::Cancelled);
    QVERIFY(runs().first().finishedAt.isEmpty());
    m_context->cancelled = false;
    m_server->setFault({}, {.status = 401});
    QVERIFY_EXCEPTION_THROWN(ask(), model::Error);
    QVERIFY(runs().last().finishedAt.isEmpty());
    m_server->clearFaults();
    extractTags(*m_project, *m_context);
    ask();
    QVERIFY(!runs().first().finishedAt.isEmpty() && !runs().last().finishedAt.isEmpty());
}

void TestParserRunJobs::revertedRunIsNotReadAgainByItself()
{
    addCaptions({"a black cat", "a dog"});
    extractTags(*m_project, *m_context);
    judgeFirst(db::State::Accepted);
    const QString sentence = revert(1);
    QVERIFY2(sentence.endsWith("was reverted: 2 tags taken back, 1 that somebody has judged kept."),
             qPrintable(sentence));
    QCOMPARE(candidates(), 1);
    QCOMPARE(value("SELECT COUNT(*) FROM tag WHERE enabled = 1"), 1); // of the rest none is left
    QVERIFY(!hasUnreadCaptions(db::Database(m_project->databaseFile())));
    const TagSummary summary = extractTags(*m_project, *m_context);
    QCOMPARE(summary.captions, 0);
    QCOMPARE(candidates(), 1);
}

void TestParserRunJobs::newCaptionsOfARevertedRunAreTold()
{
    addCaptions({"a cat"});
    extractTags(*m_project, *m_context);
    revert(1);
    addCaptions({"a dog"});
    const TagSummary summary = extractTags(*m_project, *m_context);
    QCOMPARE(summary.leftUnread, 2);
    QVERIFY2(summary.sentence().contains("2 captions were not read: the run of"),
             qPrintable(summary.sentence()));
    QVERIFY(runs().first().isReverted());
}

void TestParserRunJobs::runAgainBringsARevertedRunBack()
{
    addCaptions({"a black cat", "a dog"});
    extractTags(*m_project, *m_context);
    judgeFirst(db::State::Rejected);
    revert(1);
    const TagSummary summary = again(1);
    QCOMPARE(summary.captions, 2);
    QCOMPARE(candidates(), 3);
    const db::ParserRun run = runs().first();
    QVERIFY(!run.isReverted() && !run.finishedAt.isEmpty());
    QCOMPARE(run.captions, 2);
    QCOMPARE(run.rejected, 1);
    QCOMPARE(value("SELECT COUNT(*) FROM tag WHERE enabled = 1"), 3);
    const db::Database database(m_project->databaseFile());
    QVERIFY(!db::AuditLog(database.connection()).firstBreak());
}

void TestParserRunJobs::runAgainReadsAllOnRequest()
{
    addCaptions({"a black cat", "a dog"});
    extractTags(*m_project, *m_context);
    QCOMPARE(again(1).captions, 0);
    QCOMPARE(again(1, Reading::All).captions, 2);
    QCOMPARE(candidates(), 3);
    QCOMPARE(runs().size(), 1);
}

void TestParserRunJobs::modelsRunIsNotStartedUnasked()
{
    readTwice({"a cat"});
    addCaptions({"a dog"});
    m_server->forgetRequests();
    const QString why = refusal([this] { again(2); });
    QVERIFY2(why.contains("run 2 is a language model's (tiny)"), qPrintable(why));
    QVERIFY(m_server->requests().isEmpty());
}

void TestParserRunJobs::unknownRunAndParserAreRefused()
{
    QVERIFY(refusal([this] { again(7); }).contains("there is no run 7"));
    QVERIFY(refusal([this] { revert(7); }).contains("there is no run 7"));
    addCaptions({"a cat"});
    {
        const db::Database database(m_project->databaseFile());
        const auto caption = db::TagRepository(database.connection()).unparsedCaptions({}, {});
        db::TagRepository(database.connection())
            .addParses({{.caption = caption.first().id,
                         .image = caption.first().image,
                         .parser = "rules",
                         .parserVersion = "0.1"}});
    }
    const QString why = refusal([this] { again(1); });
    QVERIFY2(why.contains("was read by rules 0.1, which this program does not read with"),
             qPrintable(why));
    revert(1);
    QVERIFY(refusal([this] { revert(1); }).contains("was reverted before"));
}

void TestParserRunJobs::modelsRunComesBackWithoutPaying()
{
    readTwice({"a black cat", "a dog"});
    revert(2);
    QVERIFY(runs().at(1).isReverted());
    QCOMPARE(runs().at(1).tags, 0);
    m_server->forgetRequests();
    QCOMPARE(ask().fromKept, 2); // a person starts it again
    QVERIFY(m_server->requests().isEmpty());
    QVERIFY(!runs().at(1).isReverted());
    QCOMPARE(runs().at(1).tags, 3);
}

void TestParserRunJobs::runsAreCompared()
{
    readTwice({"a black cat", "a dog"});
    const db::Database database(m_project->databaseFile());
    const auto comparison = compareRuns(database, db::ParserRunId{1}, db::ParserRunId{2});
    QCOMPARE(comparison.captions, 2);
    QCOMPARE(comparison.all.both.pairs, 3);
    QCOMPARE(comparison.all.jaccard(), 1.0);
    QVERIFY(comparison.foundByOne.isEmpty());
    QVERIFY(comparison.answer().first().startsWith("Objects: too few verdicts"));
}

void TestParserRunJobs::comparisonRefusesWhatCannotBeCompared()
{
    readTwice({"a cat"});
    const auto why = [this](qint64 first, qint64 second) {
        return refusal([&] {
            (void)compareRuns(db::Database(m_project->databaseFile()), db::ParserRunId{first},
                              db::ParserRunId{second});
        });
    };
    QVERIFY(why(1, 1).contains("run 1 cannot be compared with itself"));
    QVERIFY(why(1, 9).contains("there is no run 9"));
    QVERIFY(why(1, 2).isEmpty());
    revert(2);
    QVERIFY(why(1, 2).contains("was reverted; run it again to compare it"));
}

void TestParserRunJobs::programListsRuns()
{
    const Outcome none = run({});
    QCOMPARE(none.code, 0);
    QVERIFY(none.output.isEmpty() && none.messages.contains("No parser has read"));
    readTwice({"a black cat"});
    judgeFirst(db::State::Accepted);
    const Outcome text = run({});
    QCOMPARE(text.code, 0);
    QCOMPARE(text.output.count('\n'), 1);
    QVERIFY2(text.output.contains("1 captions, 2 tags on 1 images; right: 100 % (21 to 100 %, 1 "
                                  "verdicts); read "),
             qPrintable(text.output));
    const QJsonArray list = run({"--json"}).json().array();
    QCOMPARE(list.size(), 2);
    QCOMPARE(list[0]["id"].toInt(), 1);
    QCOMPARE(list[0]["tags"].toInt(), 2);
    QCOMPARE(list[0]["accepted"].toInt(), 1);
    QCOMPARE(list[0]["precision"].toDouble(), 1.0);
    QCOMPARE(list[1]["parser"].toString(), QString("llm"));
    QCOMPARE(list[1]["version"].toString(), QString("tiny"));
    QCOMPARE(list[1]["reverted"].toString(), QString());
}

void TestParserRunJobs::programComparesRuns()
{
    readTwice({"a black cat", "a dog"});
    const Outcome text = run({"--compare", "1", "2"});
    QCOMPARE(text.code, 0);
    QVERIFY2(text.output.contains("Captions that both have read: 2."), qPrintable(text.output));
    QVERIFY(text.output.contains("all         both 3, only the first 0, only the second 0, "
                                 "agreement 100.0 %"));
    QVERIFY(text.output.contains("Objects: too few verdicts"));
    const QJsonObject json = run({"--compare", "1", "2", "--json"}).json().object();
    QCOMPARE(json["captions"].toInt(), 2);
    QCOMPARE(json["objects"]["both"].toInt(), 2);
    QCOMPARE(json["attributes"]["jaccard"].toDouble(), 1.0);
    QCOMPARE(json["answer"].toArray().size(), 2);
}

void TestParserRunJobs::programRevertsAndRunsAgain()
{
    addCaptions({"a black cat", "a dog"});
    extractTags(*m_project, *m_context);
    const Outcome reverted = run({"--revert", "1"});
    QCOMPARE(reverted.code, 0);
    QVERIFY2(reverted.output.contains("was reverted: 3 tags taken back"),
             qPrintable(reverted.output));
    QCOMPARE(candidates(), 0);
    const Outcome twice = run({"--revert", "1"});
    QCOMPARE(twice.code, 1);
    QVERIFY2(twice.messages.contains("was reverted before"), qPrintable(twice.messages));
    const Outcome back = run({"--again", "1"});
    QVERIFY2(back.code == 0 && back.output.contains("2 captions read"), qPrintable(back.messages));
    QCOMPARE(candidates(), 3);
    const QJsonObject all = run({"--again", "1", "--all", "--json"}).json().object();
    QCOMPARE(all["captions"].toInt(), 2);
    QCOMPARE(all["tags"].toInt(), 3);
}

void TestParserRunJobs::programRunsAModelAgainWithConsent()
{
    readTwice({"a cat"});
    {
        db::Database database(m_project->databaseFile());
        m_settings.save(database);
    }
    addCaptions({"a dog"});
    m_server->forgetRequests();
    const Outcome refused = run({"--again", "2"});
    QCOMPARE(refused.code, 2);
    QVERIFY2(refused.messages.contains("Nothing was sent. Add --yes"),
             qPrintable(refused.messages));
    QVERIFY(m_server->requests().isEmpty());
    QCOMPARE(runs().at(1).captions, 1);
    const Outcome done = run({"--again", "2", "--all", "--yes"});
    QVERIFY2(done.code == 0, qPrintable(done.messages));
    QCOMPARE(m_server->requests().size(), 1); // the new one; the other's answer is kept
    QCOMPARE(runs().at(1).captions, 2);
    QCOMPARE(runs().size(), 2);
}

void TestParserRunJobs::programRefusesWhatMakesNoSense_data()
{
    QTest::addColumn<QStringList>("options");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("sentence");
    QTest::newRow("one run") << QStringList{"--compare", "1"} << 2 << "--compare";
    QTest::newRow("itself") << QStringList{"--compare", "1", "1"} << 1 << "with itself";
    QTest::newRow("no number") << QStringList{"--revert", "x"} << 2 << "--revert";
    QTest::newRow("unknown") << QStringList{"--again", "5"} << 1 << "there is no run 5";
    QTest::newRow("all of nothing") << QStringList{"--all"} << 2 << "--again";
    QTest::newRow("two at once") << QStringList{"--revert", "1", "--again", "1"} << 2 << "excludes";
}

void TestParserRunJobs::programRefusesWhatMakesNoSense()
{
    QFETCH(QStringList, options);
    QFETCH(int, code);
    QFETCH(QString, sentence);
    addCaptions({"a cat"});
    extractTags(*m_project, *m_context);
    const Outcome outcome = run(options);
    QCOMPARE(outcome.code, code);
    QVERIFY2(outcome.messages.contains(sentence), qPrintable(outcome.messages));
    QCOMPARE(candidates(), 1);
}

QTEST_GUILESS_MAIN(TestParserRunJobs)
#include "tst_parser_run_jobs.moc"
