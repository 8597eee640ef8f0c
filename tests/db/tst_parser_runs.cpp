#include "db/AuditLog.h"
#include "db/Database.h"
#include "db/Error.h"
#include "db/ImageRepository.h"
#include "db/ModelAnswerRepository.h"
#include "db/ParserRunRepository.h"
#include "db/Statement.h"
#include "db/TagRepository.h"
#include "db/TraceRepository.h"
#include "db/VerdictRepository.h"
#include "db/VocabularyStep.h"

#include <QTest>

using namespace tagalign::db;

namespace {

NewCandidate object(const QString& lemma, int start = 0, double confidence = 1.0)
{
    return {.lemma = lemma,
            .display = lemma,
            .spanStart = start,
            .spanLength = 3,
            .confidence = confidence};
}

NewCandidate attribute(const QString& lemma, int start, int owner)
{
    return {.kind = TagKind::Attribute,
            .lemma = lemma,
            .display = lemma,
            .spanStart = start,
            .spanLength = 3,
            .owner = owner};
}

} // namespace

/// Runs of parsers and the trace of tags, over one fresh in-memory project.
class TestParserRuns : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void parsesOfOneParserAreOneRun();
    void countsAreOfImageTagPairs();
    void readingHasABeginningAndAnEnd();
    void revertKeepsWhatAPersonJudged();
    void revertKeepsWhatAJudgedTagWasRolledUpFrom();
    void readingAgainLeavesRolledUpAndMergedTagsOnce();
    void revertKeepsWhatWasJudgedBeforeAnUndo();
    void revertLeavesOtherRunsAlone();
    void revertedRunIsNotRevertedTwice();
    void revertedRunStoresNothing();
    void runningAgainBringsEverythingBackOnce();
    void runningAgainTakesWhatThePersonSaid();
    void readingAllAgainOffersEveryCaption();
    void revertsAreAudited();
    void overlapCountsWhoFoundWhat();
    void overlapIsOnCommonCaptionsAlone();
    void overlapCountsVerdicts();
    void foundByOneListsOpenImagesFirst();
    void traceNamesWordsParserAndPrompt();
    void traceNamesWhoFoundItNot();
    void traceTellsEveryVerdict();
    void traceOfNothingIsEmpty();

private:
    ImageId addImage(const QString& caption);
    void read(ImageId image, const QList<NewCandidate>& candidates,
              const QString& parser = "rules");
    [[nodiscard]] Candidate tagOf(ImageId image, const QString& lemma) const;
    void judge(ImageId image, const QString& lemma, State state);
    [[nodiscard]] ParserRun runOf(const QString& parser) const;
    [[nodiscard]] int rows(const QString& sql) const;

    int m_images = 0;
    std::unique_ptr<Database> m_database;
    QSqlDatabase m_connection;
    std::unique_ptr<ParserRunRepository> m_runs;
    std::unique_ptr<TagRepository> m_tags;
};

void TestParserRuns::init()
{
    m_runs.reset();
    m_tags.reset();
    m_connection = QSqlDatabase();
    m_database = std::make_unique<Database>(":memory:");
    m_connection = m_database->connection();
    m_runs = std::make_unique<ParserRunRepository>(m_connection);
    m_tags = std::make_unique<TagRepository>(m_connection);
    m_images = 0;
}

ImageId TestParserRuns::addImage(const QString& caption)
{
    ImageRepository images(m_connection);
    const QString name = QString::number(++m_images);
    const ImageId image = images.add({.path = name, .sha256 = name, .width = 4, .height = 3});
    images.addCaption(image, caption, "en");
    return image;
}

/// Reads the image's last caption.
void TestParserRuns::read(ImageId image, const QList<NewCandidate>& candidates,
                          const QString& parser)
{
    const bool isModel = parser == "llm";
    m_tags->addParses({{.caption = ImageRepository(m_connection).captionsOf(image).last().id,
                        .image = image,
                        .parser = parser,
                        .parserVersion = "1",
                        .milliseconds = 2.0,
                        .promptVersion = isModel ? "p1" : "",
                        .request = isModel ? "asked" : "",
                        .answer = isModel ? "answered" : "",
                        .candidates = candidates}});
}

Candidate TestParserRuns::tagOf(ImageId image, const QString& lemma) const
{
    for (const Candidate& row : m_tags->candidatesOf(image)) {
        if (row.lemma == lemma) {
            return row;
        }
    }
    qFatal("no such tag");
}

void TestParserRuns::judge(ImageId image, const QString& lemma, State state)
{
    VerdictRepository(m_connection).decide({{tagOf(image, lemma).id, state, 700}}, "me");
}

ParserRun TestParserRuns::runOf(const QString& parser) const
{
    for (const ParserRun& run : m_runs->runs()) {
        if (run.parser == parser) {
            return run;
        }
    }
    qFatal("no such run");
}

int TestParserRuns::rows(const QString& sql) const
{
    QSqlQuery query = execute(m_connection, sql);
    return query.next() ? query.value(0).toInt() : -1;
}

void TestParserRuns::parsesOfOneParserAreOneRun()
{
    QVERIFY(m_runs->runs().isEmpty());
    read(addImage("a cat"), {object("cat", 2)});
    const ImageId second = addImage("a dog");
    read(second, {object("dog", 2)});
    read(second, {object("dog", 2)}, "llm");
    const QList<ParserRun> runs = m_runs->runs();
    QCOMPARE(runs.size(), 2);
    QCOMPARE(runs.at(0).parser, QString("rules"));
    QCOMPARE(runs.at(0).parserVersion, QString("1"));
    QCOMPARE(runs.at(0).captions, 2);
    QVERIFY(!runs.at(0).startedAt.isEmpty() && runs.at(0).finishedAt.isEmpty());
    QCOMPARE(runs.at(1).parser, QString("llm"));
    QCOMPARE(runs.at(1).promptVersion, QString("p1"));
    QCOMPARE(runs.at(1).captions, 1);
    QCOMPARE(m_runs->run(runs.at(1).id).value().parser, QString("llm"));
    QVERIFY(!m_runs->run(ParserRunId{99}));
}

void TestParserRuns::countsAreOfImageTagPairs()
{
    const ImageId image = addImage("a cat and a cat and a dog");
    read(image, {object("cat", 2), object("cat", 12), object("dog", 22)});
    judge(image, "cat", State::Accepted);
    judge(image, "dog", State::Rejected);
    read(addImage("nothing"), {});
    const ParserRun run = runOf("rules");
    QCOMPARE(run.captions, 2);
    QCOMPARE(run.tags, 2);
    QCOMPARE(run.images, 1);
    QCOMPARE(run.accepted, 1);
    QCOMPARE(run.rejected, 1);
}

void TestParserRuns::readingHasABeginningAndAnEnd()
{
    const ParserRunId run = m_runs->start("rules", "1", {}, "me");
    QVERIFY(m_runs->run(run).value().finishedAt.isEmpty());
    const QString started = m_runs->run(run).value().startedAt;
    read(addImage("a cat"), {object("cat", 2)});
    m_runs->finish(run);
    QVERIFY(m_runs->run(run).value().finishedAt >= started);
    QTest::qWait(2); // timestamps have milliseconds
    QCOMPARE(m_runs->start("rules", "1", {}, "me"), run);
    QCOMPARE(m_runs->run(run).value().startedAt, started);
    QVERIFY(m_runs->run(run).value().finishedAt.isEmpty());
    QCOMPARE(m_runs->runs().size(), 1);
}

void TestParserRuns::revertKeepsWhatAPersonJudged()
{
    const ImageId image = addImage("a red cat on a mat");
    read(image, {object("cat", 6), attribute("red", 2, 0), object("mat", 15)});
    read(addImage("a dog"), {object("dog", 2)});
    judge(image, "cat", State::Rejected);
    const auto taken = m_runs->revert(runOf("rules").id, "me");
    QCOMPARE(taken.removed, 3);
    QCOMPARE(taken.kept, 1);
    QCOMPARE(rows("SELECT COUNT(*) FROM candidate"), 1);
    QCOMPARE(rows("SELECT COUNT(*) FROM verdict"), 1);
    QCOMPARE(rows("SELECT COUNT(*) FROM parse"), 1); // what the kept tag came from
    QCOMPARE(tagOf(image, "cat").state, State::Rejected);
    const ParserRun run = runOf("rules");
    QVERIFY(run.isReverted());
    QCOMPARE(run.captions, 0);
    QCOMPARE(run.tags, 1);
    QVERIFY(m_runs->isReverted("rules", "1"));
    QVERIFY(!m_runs->isReverted("rules", "2"));
}

void TestParserRuns::revertKeepsWhatAJudgedTagWasRolledUpFrom()
{
    const ImageId image = addImage("a poodle on a mat");
    read(image, {object("poodle", 2), object("mat", 14)});
    VocabularyStep step(m_connection, "me", "roll up");
    step.rollUp(tagOf(image, "poodle").tag, step.tagNamed(TagKind::Object, "dog"));
    QVERIFY(step.commit("poodle counts as dog"));
    judge(image, "dog", State::Accepted);
    QCOMPARE(runOf("rules").tags, 2); // a parser is judged by what it read itself
    QCOMPARE(runOf("rules").accepted, 0);
    const auto taken = m_runs->revert(runOf("rules").id, "me");
    QCOMPARE(taken.removed, 1); // the mat
    QCOMPARE(taken.kept, 2);
    QCOMPARE(tagOf(image, "dog").state, State::Accepted);
}

void TestParserRuns::readingAgainLeavesRolledUpAndMergedTagsOnce()
{
    const ImageId image = addImage("a poodle on a taxi");
    const QList<NewCandidate> candidates{object("poodle", 2), object("taxi", 14)};
    read(image, candidates);
    VocabularyStep step(m_connection, "me", "change");
    step.rollUp(tagOf(image, "poodle").tag, step.tagNamed(TagKind::Object, "dog"));
    step.merge(tagOf(image, "taxi").tag, step.tagNamed(TagKind::Object, "cab"));
    QVERIFY(step.commit("two changes"));
    judge(image, "poodle", State::Accepted);
    judge(image, "cab", State::Accepted);
    m_runs->prepareToReadAgain(runOf("rules").id, "me");
    read(image, candidates);
    QCOMPARE(tagOf(image, "dog").state, State::Pending);
    QCOMPARE(tagOf(image, "cab").state, State::Accepted);
    QCOMPARE(rows("SELECT COUNT(*) FROM candidate"), 3);
}

/// Verdicts are append-only, and each refers to its candidate.
void TestParserRuns::revertKeepsWhatWasJudgedBeforeAnUndo()
{
    const ImageId image = addImage("a cat");
    read(image, {object("cat", 2)});
    judge(image, "cat", State::Accepted);
    VerdictRepository(m_connection).undo("me");
    const auto taken = m_runs->revert(runOf("rules").id, "me");
    QCOMPARE(taken.removed, 0);
    QCOMPARE(taken.kept, 1);
    QCOMPARE(rows("SELECT COUNT(*) FROM verdict"), 2);
}

void TestParserRuns::revertLeavesOtherRunsAlone()
{
    const ImageId image = addImage("a cat");
    read(image, {object("cat", 2, 0.9)});
    read(image, {object("cat", 2, 0.8), object("pet", 2, 0.5)}, "llm");
    QCOMPARE(m_runs->revert(runOf("rules").id, "me").removed, 1);
    QCOMPARE(tagOf(image, "cat").confidence, 0.8);
    QCOMPARE(runOf("llm").tags, 2);
    QVERIFY(!runOf("llm").isReverted());
}

void TestParserRuns::revertedRunIsNotRevertedTwice()
{
    read(addImage("a cat"), {object("cat", 2)});
    const ParserRunId run = runOf("rules").id;
    m_runs->revert(run, "me");
    const QString when = runOf("rules").revertedAt;
    QVERIFY_EXCEPTION_THROWN(m_runs->revert(run, "me"), Error);
    QCOMPARE(runOf("rules").revertedAt, when);
    QVERIFY_EXCEPTION_THROWN(m_runs->revert(ParserRunId{99}, "me"), Error);
}

/// As when a reading is under way on another thread.
void TestParserRuns::revertedRunStoresNothing()
{
    read(addImage("a cat"), {object("cat", 2)});
    m_runs->revert(runOf("rules").id, "me");
    const ImageId second = addImage("a dog");
    QVERIFY_EXCEPTION_THROWN(read(second, {object("dog", 2)}), Error);
    QCOMPARE(rows("SELECT COUNT(*) FROM parse"), 0);
    m_runs->start("rules", "1", {}, "me");
    read(second, {object("dog", 2)});
    QCOMPARE(rows("SELECT COUNT(*) FROM parse"), 1);
}

void TestParserRuns::runningAgainBringsEverythingBackOnce()
{
    const ImageId image = addImage("a cat on a mat");
    const QList<NewCandidate> found{object("cat", 2), object("mat", 11)};
    read(image, found);
    judge(image, "cat", State::Accepted);
    const auto before = m_tags->candidatesOf(image);
    m_runs->revert(runOf("rules").id, "me");
    QCOMPARE(m_tags->unparsedCaptions("rules", "1").size(), 1);
    QCOMPARE(m_tags->countUnparsedIn("en", "rules", "1"), 1);
    m_runs->start("rules", "1", {}, "me");
    read(image, found);
    QVERIFY(!runOf("rules").isReverted());
    QVERIFY(m_tags->unparsedCaptions("rules", "1").isEmpty());
    QCOMPARE(rows("SELECT COUNT(*) FROM candidate"), 2);
    QCOMPARE(rows("SELECT COUNT(*) FROM parse"), 1);
    const auto after = m_tags->candidatesOf(image);
    QCOMPARE(after.size(), before.size());
    QCOMPARE(tagOf(image, "cat").state, State::Accepted);
    QCOMPARE(tagOf(image, "mat").state, State::Pending);
    QVERIFY_EXCEPTION_THROWN(read(image, found), Error); // it is whole again
}

/// The verdict was given on another parser's candidate.
void TestParserRuns::runningAgainTakesWhatThePersonSaid()
{
    const ImageId image = addImage("a cat");
    read(image, {object("cat", 2, 0.5)}, "llm");
    m_runs->revert(runOf("llm").id, "me");
    read(image, {object("cat", 2, 0.9)});
    judge(image, "cat", State::Rejected);
    m_runs->start("llm", "1", "p1", "me");
    read(image, {object("cat", 2, 0.5)}, "llm");
    QCOMPARE(runOf("llm").rejected, 1);
}

void TestParserRuns::readingAllAgainOffersEveryCaption()
{
    const ImageId judged = addImage("a cat");
    const ImageId open = addImage("a dog");
    read(judged, {object("cat", 2)});
    read(open, {object("dog", 2)});
    judge(judged, "cat", State::Accepted);
    const auto taken = m_runs->prepareToReadAgain(runOf("rules").id, "me");
    QCOMPARE(taken.removed, 1);
    QCOMPARE(taken.kept, 1);
    QCOMPARE(m_tags->unparsedCaptions("rules", "1").size(), 2);
    QVERIFY(!runOf("rules").isReverted());
    read(judged, {object("kitten", 2)}); // it reads otherwise now; the verdict's tag stays
    read(open, {object("dog", 2)});
    QCOMPARE(m_tags->candidatesOf(judged).size(), 2);
    QCOMPARE(runOf("rules").captions, 2);
}

void TestParserRuns::revertsAreAudited()
{
    read(addImage("a cat"), {object("cat", 2)});
    m_runs->revert(runOf("rules").id, "me");
    m_runs->start("rules", "1", {}, "you");
    QCOMPARE(AuditLog(m_connection).size(), 2);
    QVERIFY(!AuditLog(m_connection).firstBreak());
    QSqlQuery row = execute(m_connection, "SELECT who, action, detail FROM audit ORDER BY id");
    QVERIFY(row.next());
    QCOMPARE(row.value(0).toString(), QString("me"));
    QCOMPARE(row.value(1).toString(), QString("revert"));
    QCOMPARE(row.value(2).toString(),
             QString("run 1 (rules 1): 1 tags taken back, 0 judged ones kept"));
    QVERIFY(row.next());
    QCOMPARE(row.value(0).toString(), QString("you"));
    QCOMPARE(row.value(1).toString(), QString("run again"));
    m_runs->start("rules", "1", {}, "you"); // going on is no news
    QCOMPARE(AuditLog(m_connection).size(), 2);
}

void TestParserRuns::overlapCountsWhoFoundWhat()
{
    const ImageId one = addImage("a red cat");
    const ImageId two = addImage("a cat and a dog");
    read(one, {object("cat", 6), attribute("red", 2, 0)});
    read(one, {object("cat", 6), object("pet", 6)}, "llm");
    read(two, {object("cat", 2)});
    read(two, {object("cat", 2), object("dog", 12)}, "llm");
    const RunOverlap overlap = m_runs->overlap(runOf("rules").id, runOf("llm").id);
    QCOMPARE(overlap.captions, 2);
    QCOMPARE(overlap.tags.size(), 4);
    const auto found = [&overlap](const QString& name) {
        for (const TagOverlap& tag : overlap.tags) {
            if (tag.display == name) {
                return tag;
            }
        }
        qFatal("no such tag");
    };
    QCOMPARE(found("cat").both.pairs, 2);
    QCOMPARE(found("cat").onlyFirst.pairs, 0);
    QCOMPARE(found("red").onlyFirst.pairs, 1);
    QCOMPARE(found("red").kind, TagKind::Attribute);
    QCOMPARE(found("pet").onlySecond.pairs, 1);
    QCOMPARE(found("dog").onlySecond.pairs, 1);
    QCOMPARE(found("dog").kind, TagKind::Object);
    const RunOverlap reversed = m_runs->overlap(runOf("llm").id, runOf("rules").id);
    QCOMPARE(reversed.tags.first().both, overlap.tags.first().both);
    QCOMPARE(reversed.tags.at(1).onlySecond, overlap.tags.at(1).onlyFirst);
}

void TestParserRuns::overlapIsOnCommonCaptionsAlone()
{
    const ImageId image = addImage("a cat");
    read(image, {object("cat", 2)});
    read(image, {object("cat", 2)}, "llm");
    ImageRepository(m_connection).addCaption(image, "a dog", "en");
    read(image, {object("dog", 2)}); // the model has not come to this caption yet
    const RunOverlap overlap = m_runs->overlap(runOf("rules").id, runOf("llm").id);
    QCOMPARE(overlap.captions, 1);
    QCOMPARE(overlap.tags.size(), 1);
    QCOMPARE(overlap.tags.first().display, QString("cat"));
    QCOMPARE(m_runs->overlap(runOf("rules").id, ParserRunId{99}).captions, 0);
}

void TestParserRuns::overlapCountsVerdicts()
{
    const ImageId one = addImage("a cat");
    const ImageId two = addImage("the cat");
    for (const ImageId image : {one, two}) {
        read(image, {object("cat", 2)});
        read(image, {object("cat", 2)}, "llm");
    }
    judge(one, "cat", State::Accepted);
    judge(two, "cat", State::Rejected);
    const JudgedPairs expected{2, 1, 1};
    QCOMPARE(m_runs->overlap(runOf("rules").id, runOf("llm").id).tags.first().both, expected);
}

void TestParserRuns::foundByOneListsOpenImagesFirst()
{
    QList<ImageId> images;
    for (int i = 0; i < 3; ++i) {
        images.append(addImage(QString("a cat %1").arg(i)));
        read(images.last(), {object("cat", 2)});
        read(images.last(), i == 2 ? QList<NewCandidate>{object("cat", 2)} : QList<NewCandidate>(),
             "llm");
    }
    judge(images.at(0), "cat", State::Accepted);
    const TagId cat = tagOf(images.at(0), "cat").tag;
    const ParserRunId rules = runOf("rules").id;
    const ParserRunId model = runOf("llm").id;
    QCOMPARE(m_runs->foundByOne(rules, model, cat), QList<ImageId>({images.at(1), images.at(0)}));
    QVERIFY(m_runs->foundByOne(model, rules, cat).isEmpty());
}

void TestParserRuns::traceNamesWordsParserAndPrompt()
{
    const ImageId image = addImage("a red cat");
    ModelAnswerRepository(m_connection).addPrompt("p1", "Name the things.");
    read(image, {object("cat", 6, 0.7), attribute("red", 2, 0)});
    read(image, {object("cat", 6, 0.9), attribute("red", 2, 0)}, "llm");
    const TagTrace cat = TraceRepository(m_connection).traceOf(image, tagOf(image, "cat").tag);
    QCOMPARE(cat.sources.size(), 2);
    const TraceSource& model = cat.sources.first();
    QCOMPARE(model.parser, QString("llm"));
    QCOMPARE(model.promptVersion, QString("p1"));
    QCOMPARE(model.promptText, QString("Name the things."));
    QCOMPARE(model.request, QString("asked"));
    QCOMPARE(model.answer, QString("answered"));
    QCOMPARE(model.captionText, QString("a red cat"));
    QCOMPARE(model.spanStart, 6);
    QCOMPARE(model.spanLength, 3);
    QCOMPARE(model.confidence, 0.9);
    QCOMPARE(model.run, runOf("llm").id);
    QCOMPARE(cat.sources.last().parser, QString("rules"));
    QVERIFY(cat.sources.last().promptText.isEmpty() && cat.sources.last().answer.isEmpty());
    QVERIFY(cat.silent.isEmpty() && cat.verdicts.isEmpty());
    const TagTrace red = TraceRepository(m_connection).traceOf(image, tagOf(image, "red").tag);
    QCOMPARE(red.sources.first().owner, QString("cat"));
}

void TestParserRuns::traceNamesWhoFoundItNot()
{
    const ImageId image = addImage("a cat");
    read(image, {object("cat", 2)});
    read(image, {}, "llm");
    read(addImage("a dog"), {}, "unrelated"); // it has not read this image
    const TagId cat = tagOf(image, "cat").tag;
    TagTrace trace = TraceRepository(m_connection).traceOf(image, cat);
    QCOMPARE(trace.silent.size(), 1);
    QCOMPARE(trace.silent.first().parser, QString("llm"));
    QCOMPARE(trace.silent.first().captions, 1);
    m_runs->revert(runOf("llm").id, "me");
    trace = TraceRepository(m_connection).traceOf(image, cat);
    QVERIFY(trace.silent.isEmpty());
    judge(image, "cat", State::Accepted);
    m_runs->revert(runOf("rules").id, "me");
    trace = TraceRepository(m_connection).traceOf(image, cat);
    QCOMPARE(trace.sources.size(), 1);
    QVERIFY(trace.sources.first().reverted);
}

void TestParserRuns::traceTellsEveryVerdict()
{
    const ImageId one = addImage("a cat");
    const ImageId two = addImage("the cat");
    read(one, {object("cat", 2)});
    read(two, {object("cat", 4)});
    VerdictRepository verdicts(m_connection);
    judge(one, "cat", State::Accepted);
    verdicts.undo("me");
    verdicts.decide({{tagOf(one, "cat").id, State::Rejected, 1500},
                     {tagOf(two, "cat").id, State::Rejected, 1500}},
                    "you");
    const auto trace = TraceRepository(m_connection).traceOf(one, tagOf(one, "cat").tag).verdicts;
    QCOMPARE(trace.size(), 3);
    QCOMPARE(trace.at(0).verdict, State::Accepted);
    QCOMPARE(trace.at(0).who, QString("me"));
    QCOMPARE(trace.at(0).durationMs, 700);
    QVERIFY(trace.at(0).undone && !trace.at(0).isUndo && !trace.at(0).at.isEmpty());
    QVERIFY(trace.at(1).isUndo && !trace.at(1).undone);
    QCOMPARE(trace.at(1).verdict, State::Pending);
    QCOMPARE(trace.at(1).previous, State::Accepted);
    QCOMPARE(trace.at(2).verdict, State::Rejected);
    QCOMPARE(trace.at(2).who, QString("you"));
    QCOMPARE(trace.at(2).mode, Mode::Bulk);
    QCOMPARE(trace.at(0).mode, Mode::Single);
}

void TestParserRuns::traceOfNothingIsEmpty()
{
    const ImageId image = addImage("a cat");
    read(image, {object("cat", 2)});
    const TagTrace trace = TraceRepository(m_connection).traceOf(ImageId{99}, TagId{1});
    QVERIFY(trace.sources.isEmpty() && trace.silent.isEmpty() && trace.verdicts.isEmpty());
}

QTEST_GUILESS_MAIN(TestParserRuns)
#include "tst_parser_runs.moc"
