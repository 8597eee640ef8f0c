#include "db/AuditLog.h"
#include "db/Database.h"
#include "db/Error.h"
#include "db/ImageRepository.h"
#include "db/ModelAnswerRepository.h"
#include "db/RunRepository.h"
#include "db/Statement.h"
#include "db/TagRepository.h"
#include "db/VerdictRepository.h"

#include <QTest>

using namespace tagalign::db;

/// The repositories over one fresh in-memory project.
class TestRepositories : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void sameImageTwiceIsRefused();
    void editedFileKeepsItsRow();
    void sameCaptionTwiceIsOne();
    void captionsParsedOnceAreNotOfferedAgain();
    void editedEnglishIsKept();
    void captionsAreOfferedByLanguage();
    void verdictOnAnotherTagThanOnScreenIsRefused();
    void absencesAreListedOnce();
    void openCaptionsComeInPages();
    void anotherLanguageForgetsWhatWasReadButNotWhatWasJudged();
    void candidatesOfOneImageAreMergedByTag();
    void attributeKnowsItsObject();
    void verdictHoldsForTheTagOnTheImage();
    void undoGoesBackStepByStep();
    void undoOfAChangedVerdictRestoresTheEarlierOne();
    void bulkVerdictIsOneUndoStep();
    void failedBulkVerdictStoresNothing();
    void verdictsCannotBeRewritten();
    void laterParseInheritsTheVerdict();
    void rareTagsAreDisabledButNotJudgedOnes();
    void nextPendingGoesRoundAndEnds();
    void candidateKnowsItsPlace();
    void countsFollowVerdicts();
    void auditChainFindsTampering();
    void runsAndMetricsComeBack();
    void resumedRunIsRunningAgain();
    void queriesAreRememberedNewestFirst();
    void parsesOfOnePromptAreNotThoseOfAnother();
    void inferredTagsAreMarked();
    void answersAreKeptByCaptionModelAndPrompt();
    void answersNeedTheirPrompt();

private:
    ImageId addImage(const QString& hash);
    void parse(ImageId image, const QString& caption, const QList<NewCandidate>& candidates);
    [[nodiscard]] State stateOf(ImageId image, const QString& lemma) const;
    [[nodiscard]] CandidateId candidate(ImageId image, const QString& lemma) const;

    std::unique_ptr<Database> m_database;
    QSqlDatabase m_connection;
};

void TestRepositories::init()
{
    m_connection = QSqlDatabase();
    m_database = std::make_unique<Database>(":memory:");
    m_connection = m_database->connection();
}

ImageId TestRepositories::addImage(const QString& hash)
{
    return ImageRepository(m_connection)
        .add({.path = hash + ".jpg", .sha256 = hash, .width = 4, .height = 3});
}

void TestRepositories::parse(ImageId image, const QString& caption,
                             const QList<NewCandidate>& candidates)
{
    ImageRepository images(m_connection);
    images.addCaption(image, caption, "en");
    TagRepository(m_connection)
        .addParses({{.caption = images.captionsOf(image).last().id,
                     .image = image,
                     .parser = "rules",
                     .parserVersion = "1",
                     .candidates = candidates}});
}

State TestRepositories::stateOf(ImageId image, const QString& lemma) const
{
    for (const Candidate& row : TagRepository(m_connection).candidatesOf(image)) {
        if (row.lemma == lemma) {
            return row.state;
        }
    }
    qFatal("no such tag");
}

CandidateId TestRepositories::candidate(ImageId image, const QString& lemma) const
{
    for (const Candidate& row : TagRepository(m_connection).candidatesOf(image)) {
        if (row.lemma == lemma) {
            return row.id;
        }
    }
    qFatal("no such tag");
}

namespace {

NewCandidate object(const QString& lemma, double confidence = 1.0)
{
    return {.lemma = lemma, .display = lemma, .spanLength = 3, .confidence = confidence};
}

NewCandidate attribute(const QString& lemma, int owner)
{
    return {.kind = TagKind::Attribute, .lemma = lemma, .display = lemma, .owner = owner};
}

} // namespace

void TestRepositories::sameImageTwiceIsRefused()
{
    addImage("aa");
    QVERIFY_EXCEPTION_THROWN(addImage("aa"), Error);
    QVERIFY(ImageRepository(m_connection).findByHash("aa").has_value());
    QVERIFY(!ImageRepository(m_connection).findByHash("bb").has_value());
}

void TestRepositories::editedFileKeepsItsRow()
{
    ImageRepository images(m_connection);
    const ImageId id = addImage("aa");
    QCOMPARE(images.findByPath("aa.jpg").value().id, id);
    QVERIFY(!images.findByPath("bb.jpg"));
    images.setContent(id, {.sha256 = "cc", .perceptualHash = ~0ULL, .width = 8, .height = 6});
    const Image image = images.findByHash("cc").value();
    QCOMPARE(image.id, id);
    QCOMPARE(image.path, QString("aa.jpg"));
    QCOMPARE(image.perceptualHash, ~0ULL);
    QCOMPARE(image.width, 8);
    QVERIFY(!images.findByHash("aa"));
}

void TestRepositories::sameCaptionTwiceIsOne()
{
    ImageRepository images(m_connection);
    const ImageId image = addImage("aa");
    QVERIFY(images.addCaption(image, QString::fromUtf8("赤いりんご"), "ja"));
    QVERIFY(!images.addCaption(image, QString::fromUtf8("赤いりんご"), "ja"));
    QCOMPARE(images.captionsOf(image).size(), 1);
    QCOMPARE(images.captionsByImage().value(image).first().language, QString("ja"));
}

void TestRepositories::captionsParsedOnceAreNotOfferedAgain()
{
    const ImageId image = addImage("aa");
    parse(image, "a cat", {object("cat")});
    ImageRepository(m_connection).addCaption(image, "a dog", "en");
    const auto open = TagRepository(m_connection).unparsedCaptions("rules", "1");
    QCOMPARE(open.size(), 1);
    QCOMPARE(open.first().text, QString("a dog"));
    QCOMPARE(TagRepository(m_connection).unparsedCaptions("rules", "2").size(), 2);
}

void TestRepositories::editedEnglishIsKept()
{
    const ImageId image = addImage("aa");
    NewCandidate red{.kind = TagKind::Attribute, .lemma = "R", .display = "R", .owner = 0};
    parse(image, "x", {object("A"), red});
    TagRepository tags(m_connection);
    QHash<QString, TagId> ids;
    for (const Tag& tag : tags.tags()) {
        QVERIFY(tag.english.isEmpty());
        ids.insert(tag.lemma, tag.id);
    }
    tags.setEnglish({{ids["A"], "apple"}, {ids["R"], "red"}}, EnglishSource::Translated);
    tags.setEnglish({{ids["A"], "pear"}}, EnglishSource::Edited);
    tags.setEnglish({{ids["A"], "apple"}}, EnglishSource::Translated);
    const QList<Candidate> candidates = tags.candidatesOf(image);
    QCOMPARE(candidates.at(0).english, QString("pear"));
    QCOMPARE(candidates.at(0).englishSource, EnglishSource::Edited);
    QCOMPARE(candidates.at(1).english, QString("red"));
    QCOMPARE(candidates.at(1).ownerEnglish, QString("pear"));
    QCOMPARE(candidates.at(1).englishSource, EnglishSource::Translated);
    tags.setEnglish({{ids["A"], ""}}, EnglishSource::Edited); // it has no equivalent
    tags.setEnglish({{ids["A"], "apple"}}, EnglishSource::Translated);
    QCOMPARE(tags.candidatesOf(image).at(0).english, QString());
    QCOMPARE(tags.candidatesOf(image).at(0).englishSource, EnglishSource::Edited);
}

void TestRepositories::captionsAreOfferedByLanguage()
{
    const ImageId image = addImage("aa");
    ImageRepository images(m_connection);
    images.addCaption(image, "a cat", "en");
    images.addCaption(image, QString::fromUtf8("赤いりんご"), "ja");
    const TagRepository tags(m_connection);
    const auto open = tags.unparsedCaptionsIn("ja", "mecab-rules", "1", {}, 10);
    QCOMPARE(open.size(), 1);
    QCOMPARE(open.first().text, QString::fromUtf8("赤いりんご"));
    QCOMPARE(tags.countUnparsedIn("fr", "rules", "1"), 0);
}

/// Numbers of candidates may be given again after a run was taken back.
void TestRepositories::verdictOnAnotherTagThanOnScreenIsRefused()
{
    const ImageId image = addImage("aa");
    parse(image, "a cat", {object("cat")});
    const Candidate cat = TagRepository(m_connection).candidatesOf(image).first();
    VerdictRepository verdicts(m_connection);
    const ImageTag another{image, TagId{qint64(cat.tag) + 1}};
    QVERIFY_EXCEPTION_THROWN(verdicts.decide({{cat.id, State::Accepted, 1, another}}, "me"), Error);
    QCOMPARE(TagRepository(m_connection).candidatesOf(image).first().state, State::Pending);
    verdicts.decide({{cat.id, State::Accepted, 1, ImageTag{image, cat.tag}}}, "me");
    QCOMPARE(TagRepository(m_connection).candidatesOf(image).first().state, State::Accepted);
}

void TestRepositories::absencesAreListedOnce()
{
    const ImageId image = addImage("aa");
    ImageRepository images(m_connection);
    images.addCaption(image, "no cars", "en");
    images.addCaption(image, "no cars, no red bus", "en");
    const auto captions = images.captionsOf(image);
    TagRepository tags(m_connection);
    QVERIFY(tags.absencesOf(image).isEmpty());
    const Absence car{.lemma = "car", .display = "cars", .spanStart = 3, .spanLength = 4};
    tags.addParses({{.caption = captions.at(0).id,
                     .image = image,
                     .parser = "rules",
                     .parserVersion = "1",
                     .absences = {car}},
                    {.caption = captions.at(1).id,
                     .image = image,
                     .parser = "rules",
                     .parserVersion = "1",
                     .absences = {car, {.lemma = "red bus", .display = "red bus"}}}});
    const auto absences = tags.absencesOf(image);
    QCOMPARE(absences.size(), 2);
    QCOMPARE(absences.at(0).display, QString("cars"));
    QCOMPARE(absences.at(0).spanStart, 3);
    QCOMPARE(absences.at(1).lemma, QString("red bus"));
    QVERIFY(tags.candidates().isEmpty());
}

void TestRepositories::openCaptionsComeInPages()
{
    const ImageId image = addImage("aa");
    ImageRepository images(m_connection);
    for (const char* text : {"a cat", "a dog", "a box"}) {
        images.addCaption(image, text, "en");
    }
    const TagRepository tags(m_connection);
    const auto first = tags.unparsedCaptionsIn("en", "rules", "1", {}, 2);
    QCOMPARE(first.size(), 2);
    const auto second = tags.unparsedCaptionsIn("en", "rules", "1", first.last().id, 2);
    QCOMPARE(second.size(), 1);
    QCOMPARE(second.first().text, QString("a box"));
    QVERIFY(tags.unparsedCaptionsIn("en", "rules", "1", second.last().id, 2).isEmpty());
}

void TestRepositories::anotherLanguageForgetsWhatWasReadButNotWhatWasJudged()
{
    const ImageId unjudged = addImage("aa");
    const ImageId judged = addImage("bb");
    parse(unjudged, QString::fromUtf8("りんご"), {object("x")});
    parse(judged, QString::fromUtf8("箱"), {object("y")});
    TagRepository tags(m_connection);
    VerdictRepository(m_connection)
        .decide({{tags.candidatesOf(judged).first().id, State::Rejected, 900}}, "me");
    QList<CaptionId> captions;
    for (const ImageId image : {unjudged, judged}) {
        captions.append(ImageRepository(m_connection).captionsOf(image).first().id);
    }
    tags.changeLanguage(captions, "ja", "another parser");
    QCOMPARE(tags.candidates().size(), 2);
    tags.changeLanguage(captions, "ja", "rules");
    QCOMPARE(tags.candidates().size(), 1);
    QCOMPARE(tags.candidates().first().lemma, QString("y"));
    QCOMPARE(tags.countUnparsedIn("ja", "mecab-rules", "1"), 2);
}

void TestRepositories::candidatesOfOneImageAreMergedByTag()
{
    const ImageId image = addImage("aa");
    parse(image, "a cat", {object("cat", 0.5)});
    parse(image, "one cat and a dog", {object("cat", 0.9), object("dog", 0.7)});
    const auto rows = TagRepository(m_connection).candidatesOf(image);
    QCOMPARE(rows.size(), 2);
    QCOMPARE(rows.first().lemma, QString("cat"));
    QCOMPARE(rows.first().confidence, 0.9);
    QCOMPARE(TagRepository(m_connection).tags().size(), 2);
}

void TestRepositories::attributeKnowsItsObject()
{
    const ImageId image = addImage("aa");
    parse(image, "a red cat", {attribute("red", 1), object("cat")});
    const auto rows = TagRepository(m_connection).candidatesOf(image);
    QCOMPARE(rows.size(), 2);
    QCOMPARE(rows.last().lemma, QString("red"));
    QCOMPARE(rows.last().owner, QString("cat"));
    QCOMPARE(rows.first().owner, QString());
}

void TestRepositories::verdictHoldsForTheTagOnTheImage()
{
    const ImageId image = addImage("aa");
    const ImageId other = addImage("bb");
    parse(image, "a cat", {object("cat")});
    parse(image, "the cat", {object("cat")});
    parse(other, "a cat", {object("cat")});
    VerdictRepository(m_connection).decide({{candidate(image, "cat"), State::Rejected, 900}}, "me");
    QCOMPARE(stateOf(image, "cat"), State::Rejected);
    QCOMPARE(stateOf(other, "cat"), State::Pending);
    const Tag tag = TagRepository(m_connection).tags().first();
    QCOMPARE(tag.images, 2);
    QCOMPARE(tag.rejected, 1);
    QCOMPARE(tag.accepted, 0);
}

void TestRepositories::undoGoesBackStepByStep()
{
    const ImageId image = addImage("aa");
    parse(image, "a cat and a dog", {object("cat"), object("dog")});
    VerdictRepository verdicts(m_connection);
    verdicts.decide({{candidate(image, "cat"), State::Accepted, 1}}, "me");
    verdicts.decide({{candidate(image, "dog"), State::Rejected, 1}}, "me");
    QCOMPARE(verdicts.undo("me").size(), 1);
    QCOMPARE(stateOf(image, "dog"), State::Pending);
    QCOMPARE(stateOf(image, "cat"), State::Accepted);
    QCOMPARE(verdicts.undo("me").size(), 1);
    QCOMPARE(stateOf(image, "cat"), State::Pending);
    QVERIFY(verdicts.undo("me").isEmpty());
    verdicts.decide({{candidate(image, "cat"), State::Unsure, 1}}, "me");
    QCOMPARE(verdicts.undo("me").size(), 1);
    QCOMPARE(stateOf(image, "cat"), State::Pending);
}

void TestRepositories::undoOfAChangedVerdictRestoresTheEarlierOne()
{
    const ImageId image = addImage("aa");
    parse(image, "a cat", {object("cat")});
    VerdictRepository verdicts(m_connection);
    verdicts.decide({{candidate(image, "cat"), State::Accepted, 1}}, "me");
    verdicts.decide({{candidate(image, "cat"), State::Rejected, 1}}, "me");
    const auto changed = verdicts.undo("me");
    QCOMPARE(changed.first().state, State::Accepted);
    QCOMPARE(stateOf(image, "cat"), State::Accepted);
}

void TestRepositories::bulkVerdictIsOneUndoStep()
{
    QList<VerdictRepository::Decision> page;
    for (int i = 0; i < 40; ++i) {
        const ImageId image = addImage(QString::number(i));
        parse(image, "a cat", {object("cat")});
        page.append({candidate(image, "cat"), i < 3 ? State::Rejected : State::Accepted, 10});
    }
    VerdictRepository verdicts(m_connection);
    verdicts.decide(page, "me");
    QCOMPARE(ImageRepository(m_connection).counts().accepted, 37);
    QCOMPARE(verdicts.undo("me").size(), 40);
    QCOMPARE(ImageRepository(m_connection).counts().accepted, 0);
    QSqlQuery rows = execute(m_connection, "SELECT COUNT(*) FROM verdict WHERE mode = 'bulk'");
    QVERIFY(rows.next());
    QCOMPARE(rows.value(0).toInt(), 80); // nothing was erased
}

void TestRepositories::failedBulkVerdictStoresNothing()
{
    const ImageId image = addImage("aa");
    parse(image, "a cat", {object("cat")});
    VerdictRepository verdicts(m_connection);
    QVERIFY_EXCEPTION_THROWN(verdicts.decide({{candidate(image, "cat"), State::Accepted, 1},
                                              {CandidateId{999}, State::Accepted, 1}},
                                             "me"),
                             Error);
    QCOMPARE(stateOf(image, "cat"), State::Pending);
    QCOMPARE(verdicts.lastId(), 0);
    QCOMPARE(AuditLog(m_connection).size(), 0);
}

void TestRepositories::verdictsCannotBeRewritten()
{
    const ImageId image = addImage("aa");
    parse(image, "a cat", {object("cat")});
    VerdictRepository(m_connection).decide({{candidate(image, "cat"), State::Accepted, 1}}, "me");
    QVERIFY_EXCEPTION_THROWN(execute(m_connection, "UPDATE verdict SET verdict = 'reject'"), Error);
    QVERIFY_EXCEPTION_THROWN(execute(m_connection, "DELETE FROM verdict"), Error);
    QVERIFY_EXCEPTION_THROWN(execute(m_connection, "DELETE FROM audit"), Error);
}

void TestRepositories::laterParseInheritsTheVerdict()
{
    const ImageId image = addImage("aa");
    parse(image, "a cat", {object("cat", 0.4)});
    VerdictRepository(m_connection).decide({{candidate(image, "cat"), State::Rejected, 1}}, "me");
    parse(image, "the cat", {object("cat", 0.9)});
    QCOMPARE(stateOf(image, "cat"), State::Rejected);
}

void TestRepositories::rareTagsAreDisabledButNotJudgedOnes()
{
    const ImageId image = addImage("aa");
    const ImageId other = addImage("bb");
    parse(image, "a cat, a dog, a bird", {object("cat"), object("dog"), object("bird")});
    parse(other, "a cat", {object("cat")});
    VerdictRepository(m_connection).decide({{candidate(image, "dog"), State::Accepted, 1}}, "me");
    QCOMPARE(TagRepository(m_connection).enableFrequent(2), 2);
    QCOMPARE(TagRepository(m_connection).candidatesOf(image).size(), 2);
}

void TestRepositories::nextPendingGoesRoundAndEnds()
{
    const TagRepository tags(m_connection);
    QVERIFY(!tags.nextPending(ImageId{0}));
    const ImageId first = addImage("aa");
    const ImageId untagged = addImage("bb");
    const ImageId last = addImage("cc");
    parse(first, "a cat", {object("cat")});
    parse(last, "a dog", {object("dog")});
    QCOMPARE(tags.nextPending(ImageId{0}), first);
    QCOMPARE(tags.nextPending(first), last);
    QCOMPARE(tags.nextPending(untagged), last);
    QCOMPARE(tags.nextPending(last), first);
    VerdictRepository(m_connection).decide({{candidate(first, "cat"), State::Unsure, 1}}, "me");
    QCOMPARE(tags.nextPending(last), last);
    VerdictRepository(m_connection).decide({{candidate(last, "dog"), State::Rejected, 1}}, "me");
    QVERIFY(!tags.nextPending(first));
}

void TestRepositories::candidateKnowsItsPlace()
{
    const ImageId image = addImage("aa");
    parse(image, "a cat", {object("cat")});
    const auto place = TagRepository(m_connection).placeOf(candidate(image, "cat"));
    QVERIFY(place);
    QCOMPARE(place->image, image);
    QVERIFY(!TagRepository(m_connection).placeOf(CandidateId{999}));
}

void TestRepositories::countsFollowVerdicts()
{
    QCOMPARE(ImageRepository(m_connection).counts().candidates, 0);
    const ImageId image = addImage("aa");
    parse(image, "a cat and a dog", {object("cat"), object("dog")});
    VerdictRepository(m_connection).decide({{candidate(image, "cat"), State::Unsure, 1}}, "me");
    const Counts counts = ImageRepository(m_connection).counts();
    QCOMPARE(counts.images, 1);
    QCOMPARE(counts.captions, 1);
    QCOMPARE(counts.tags, 2);
    QCOMPARE(counts.candidates, 2);
    QCOMPARE(counts.unsure, 1);
}

void TestRepositories::auditChainFindsTampering()
{
    AuditLog audit(m_connection);
    for (int i = 0; i < 5; ++i) {
        audit.append("me", "test", QString::number(i));
    }
    QVERIFY(!audit.firstBreak());
    execute(m_connection, "DROP TRIGGER audit_is_never_changed");
    execute(m_connection, "UPDATE audit SET detail = 'other' WHERE id = 3");
    QCOMPARE(audit.firstBreak().value().row, 3);
    execute(m_connection, "UPDATE audit SET detail = '2' WHERE id = 3");
    QVERIFY(!audit.firstBreak());
    execute(m_connection, "DROP TRIGGER audit_is_never_deleted");
    execute(m_connection, "DELETE FROM audit WHERE id = 2");
    QCOMPARE(audit.firstBreak().value().row, 3);
}

void TestRepositories::runsAndMetricsComeBack()
{
    RunRepository runs(m_connection);
    QVERIFY(runs.runs().isEmpty());
    const Run run = runs.start("first", "{}", "{}");
    QCOMPARE(run.folder, QString("0001"));
    runs.replaceMetrics(run.id, {{"tag mAP", "objects", {}, 0.1, 0.2, 0.05, 0.15, 40}});
    runs.replaceMetrics(run.id, {{"tag mAP", "objects", {}, 0.1, 0.3, 0.05, 0.15, 40}});
    QCOMPARE(runs.metricsOf(run.id).size(), 1);
    QCOMPARE(runs.metricsOf(run.id).first().after, 0.3);
    QVERIFY(!runs.metricsOf(run.id).first().tag);
    runs.finish(run.id, RunStatus::Done, {});
    QCOMPARE(runs.runs().first().status, RunStatus::Done);
}

void TestRepositories::resumedRunIsRunningAgain()
{
    RunRepository runs(m_connection);
    const Run run = runs.start("first", "{}", "{}");
    runs.finish(run.id, RunStatus::Cancelled, "the power went");
    runs.resume(run.id);
    QCOMPARE(runs.run(run.id).value().status, RunStatus::Running);
    QCOMPARE(runs.run(run.id).value().message, QString());
}

void TestRepositories::queriesAreRememberedNewestFirst()
{
    RunRepository runs(m_connection);
    runs.rememberQuery("red cat");
    QTest::qWait(2); // timestamps have milliseconds
    runs.rememberQuery("rusty bolt");
    QTest::qWait(2);
    runs.rememberQuery("red cat");
    QCOMPARE(runs.recentQueries(5), QStringList({"red cat", "rusty bolt"}));
    QCOMPARE(runs.recentQueries(1), QStringList({"red cat"}));
}

void TestRepositories::parsesOfOnePromptAreNotThoseOfAnother()
{
    const ImageId image = addImage("a");
    ImageRepository images(m_connection);
    images.addCaption(image, "a cat", "en");
    TagRepository tags(m_connection);
    const NewParse parse{.caption = images.captionsOf(image).first().id,
                         .image = image,
                         .parser = "llm",
                         .parserVersion = "m",
                         .promptVersion = "p1",
                         .request = "{\"asked\":1}",
                         .answer = "{}"};
    tags.addParses({parse});
    QVERIFY(tags.unparsedCaptions("llm", "m", "p1").isEmpty());
    QCOMPARE(tags.unparsedCaptions("llm", "m", "p2").size(), 1);
    QCOMPARE(tags.unparsedCaptions("llm", "other", "p1").size(), 1);
    QVERIFY_EXCEPTION_THROWN(tags.addParses({parse}), Error);
    QSqlQuery row = execute(m_connection, "SELECT prompt_version, request, answer FROM parse");
    QVERIFY(row.next());
    QCOMPARE(row.value(0).toString(), QString("p1"));
    QCOMPARE(row.value(1).toString(), QString("{\"asked\":1}"));
    QCOMPARE(row.value(2).toString(), QString("{}"));
}

void TestRepositories::inferredTagsAreMarked()
{
    const ImageId image = addImage("a");
    parse(image, "a cat",
          {{.lemma = "cat", .display = "cat", .spanStart = 2, .spanLength = 3},
           {.lemma = "animal", .display = "animal", .confidence = 0.5, .inferred = true}});
    const auto candidates = TagRepository(m_connection).candidatesOf(image);
    QCOMPARE(candidates.size(), 2);
    QVERIFY(candidates.at(0).lemma == "cat" && !candidates.at(0).inferred);
    QVERIFY(candidates.at(1).lemma == "animal" && candidates.at(1).inferred);
}

void TestRepositories::answersAreKeptByCaptionModelAndPrompt()
{
    ModelAnswerRepository answers(m_connection);
    answers.addPrompt("p1", "Read.");
    answers.addPrompt("p1", "Read."); // again
    QCOMPARE(answers.promptText("p1"), QString("Read."));
    QVERIFY(answers.promptText("p2").isEmpty());
    QCOMPARE(answers.usage("m", "p1").answers, 0);
    const QString apple = QString::fromUtf8("赤いりんご");
    answers.add("m", "p1",
                {{"a cat", "q1", "{\"id\":1}", 100, 20, 300}, {apple, "q2", "{}", 50, 10, 100}});
    const auto found = answers.find(apple, "m", "p1");
    QVERIFY(found && found->request == "q2" && found->answer == "{}");
    QVERIFY(!answers.find(apple, "m", "p2") && !answers.find(apple, "n", "p1"));
    QVERIFY(!answers.find("a Cat", "m", "p1"));
    const ModelUsage usage = answers.usage("m", "p1");
    QCOMPARE(usage.answers, 2);
    QCOMPARE(usage.inputTokens, 75.0);
    QCOMPARE(usage.outputTokens, 15.0);
    QCOMPARE(usage.milliseconds, 200.0);
    answers.add("m", "p1", {{"a cat", "q3", "newer", 1, 1, 1}});
    QCOMPARE(answers.find("a cat", "m", "p1")->answer, QString("newer"));
    QCOMPARE(answers.usage("m", "p1").answers, 2);
}

void TestRepositories::answersNeedTheirPrompt()
{
    ModelAnswerRepository answers(m_connection);
    QVERIFY_EXCEPTION_THROWN(answers.add("m", "unknown", {{"a cat", "", "{}", 1, 1, 1}}), Error);
    QVERIFY(!answers.find("a cat", "m", "unknown"));
}

QTEST_GUILESS_MAIN(TestRepositories)
#include "tst_repositories.moc"
