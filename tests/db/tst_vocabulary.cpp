#include "db/AuditLog.h"
#include "db/Database.h"
#include "db/ImageRepository.h"
#include "db/RunRepository.h"
#include "db/TagRepository.h"
#include "db/VerdictRepository.h"
#include "db/VocabularyRepository.h"

#include <QTemporaryDir>
#include <QTest>

#include <functional>

using namespace tagalign::db;

/// Merging, rolling up, splitting, renaming, editing, and taking each of them back.
class TestVocabulary : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void mergeMovesCandidatesAndTheirAttributes();
    void mergedNameIsFollowedByLaterCaptions();
    void undoOfAMergeGivesEachItsOwnBack();
    void lastVerdictHoldsForMergedPairs();
    void undoneVerdictLeavesTheOtherOfAMergedPair();
    void chainsOfMergesAreTakenBackOneByOne();
    void mergesAreRefused();
    void rollUpAddsThePairsAndKeepsTheWords();
    void rollUpHoldsForLaterCaptionsAndThroughSeveralLevels();
    void rollUpAfterAMergeAboveLandsInWhatIsLeft();
    void undoOfARollUpKeepsWhatWasJudged();
    void undoOfARollUpKeepsWhatWasJudgedTwoLevelsUp();
    void mergingIntoATagSwitchedOffLeavesItOff();
    void undoLeavesMergedTagsHidden();
    void rollUpsAreRefused();
    void mergeAcrossARollUpMakesNoCircle();
    void splitByWordsAndByCaption();
    void splitTakesTheAttributesAlong();
    void splitsAreRefused();
    void splitOff_data();
    void splitOff();
    void renamedTagKeepsReadingItsOldName();
    void renamesAreRefused();
    void personsSwitchWinsOverFrequency();
    void editsAreCheckedAndTakenBack();
    void guessedClassNeverReplacesAnEditedOne();
    void settingsAreTakenBack();
    void severalChangesAreOneStep();
    void droppedStepLeavesNothing();
    void stepsSurviveARestart();
    void removedCandidatesAreForgotten();
    void runsStillNameMergedTags();
    void countsBeforeAMerge();

private:
    ImageId caption(const QString& text, const QList<NewCandidate>& candidates);
    [[nodiscard]] TagId id(const QString& lemma) const;
    [[nodiscard]] Tag tag(const QString& lemma) const;
    [[nodiscard]] bool isListed(const QString& lemma) const;
    [[nodiscard]] int images(const QString& lemma) const;
    [[nodiscard]] QStringList on(ImageId image) const;
    void judge(ImageId image, const QString& lemma, State state);
    void step(const std::function<void(VocabularyStep&)>& work);
    [[nodiscard]] QString refusal(const std::function<void(VocabularyStep&)>& work);
    void undo();

    [[nodiscard]] QString value(const QString& sql, const QVariantList& bound = {}) const;

    std::unique_ptr<Database> m_database;
    QSqlDatabase m_connection;
    int m_images = 0;
};

namespace {

/// Where the caption says so; the parser's work, done by hand.
NewCandidate object(const QString& lemma, int start = 0, int length = 0)
{
    return {.lemma = lemma,
            .display = lemma,
            .spanStart = start,
            .spanLength = length == 0 ? int(lemma.size()) : length};
}

NewCandidate attribute(const QString& lemma, int owner = -1)
{
    return {.kind = TagKind::Attribute, .lemma = lemma, .display = lemma, .owner = owner};
}

} // namespace

void TestVocabulary::init()
{
    m_connection = QSqlDatabase();
    m_database = std::make_unique<Database>(":memory:");
    m_connection = m_database->connection();
    m_images = 0;
}

/// An image of its own.
ImageId TestVocabulary::caption(const QString& text, const QList<NewCandidate>& candidates)
{
    ImageRepository images(m_connection);
    const QString name = QString::number(++m_images);
    const ImageId image =
        images.add({.path = name + ".jpg", .sha256 = name, .width = 4, .height = 3});
    images.addCaption(image, text, "en");
    TagRepository(m_connection)
        .addParses({{.caption = images.captionsOf(image).last().id,
                     .image = image,
                     .parser = "rules",
                     .parserVersion = "1",
                     .candidates = candidates}});
    return image;
}

TagId TestVocabulary::id(const QString& lemma) const
{
    return TagId{value("SELECT id FROM tag WHERE lemma = ?", {lemma}).toLongLong()};
}

Tag TestVocabulary::tag(const QString& lemma) const
{
    for (const Tag& each : TagRepository(m_connection).tags()) {
        if (each.lemma == lemma) {
            return each;
        }
    }
    qFatal("no tag %s", qPrintable(lemma));
}

bool TestVocabulary::isListed(const QString& lemma) const
{
    const QList<Tag> tags = TagRepository(m_connection).tags();
    return std::any_of(tags.begin(), tags.end(),
                       [&lemma](const Tag& each) { return each.lemma == lemma; });
}

int TestVocabulary::images(const QString& lemma) const
{
    return isListed(lemma) ? tag(lemma).images : 0;
}

/// "white poodle", for each tag with its object; sorted.
QStringList TestVocabulary::on(ImageId image) const
{
    QStringList names;
    for (const Candidate& each : TagRepository(m_connection).candidatesOf(image)) {
        names.append(each.owner.isEmpty() ? each.lemma : each.lemma + ' ' + each.owner);
    }
    names.sort();
    return names;
}

void TestVocabulary::judge(ImageId image, const QString& lemma, State state)
{
    for (const Candidate& each : TagRepository(m_connection).candidatesOf(image)) {
        if (each.lemma == lemma) {
            VerdictRepository(m_connection).decide({{each.id, state, 10}}, "ann");
            return;
        }
    }
    qFatal("no candidate %s", qPrintable(lemma));
}

void TestVocabulary::step(const std::function<void(VocabularyStep&)>& work)
{
    VocabularyStep change(m_connection, "ann", "test");
    work(change);
    QVERIFY(change.commit("a step"));
}

QString TestVocabulary::refusal(const std::function<void(VocabularyStep&)>& work)
{
    VocabularyStep change(m_connection, "ann", "test");
    try {
        work(change);
    } catch (const Refusal& refused) {
        return change.commit("none") ? "it was refused, but written" : refused.what();
    }
    return "it was not refused";
}

void TestVocabulary::undo()
{
    QVERIFY(VocabularyRepository(m_connection).undo("ann").has_value());
}

QString TestVocabulary::value(const QString& sql, const QVariantList& bound) const
{
    QSqlQuery row = execute(m_connection, sql, bound);
    return row.next() ? row.value(0).toString() : QString();
}

void TestVocabulary::mergeMovesCandidatesAndTheirAttributes()
{
    const ImageId first = caption("a cab", {object("cab")});
    const ImageId second = caption("a yellow taxi", {object("taxi"), attribute("yellow", 0)});
    step([this](VocabularyStep& change) { change.merge(id("taxi"), id("cab")); });
    QVERIFY(!isListed("taxi"));
    QCOMPARE(images("cab"), 2);
    QCOMPARE(on(first), QStringList{"cab"});
    QCOMPARE(on(second), (QStringList{"cab", "yellow cab"}));
    const VocabularyTag kept = VocabularyRepository(m_connection).tags().first();
    QCOMPARE(kept.tag.lemma, QString("cab"));
    QCOMPARE(kept.merged, QStringList{"taxi"});
    QVERIFY(!AuditLog(m_connection).firstBreak());
    QCOMPARE(value("SELECT who || action || detail FROM audit ORDER BY id DESC LIMIT 1"),
             QString("annvocabularya step"));
}

void TestVocabulary::mergedNameIsFollowedByLaterCaptions()
{
    caption("a cab", {object("cab")});
    caption("a taxi", {object("taxi")});
    step([this](VocabularyStep& change) { change.merge(id("taxi"), id("cab")); });
    const ImageId later = caption("a yellow taxi", {object("taxi"), attribute("yellow", 0)});
    QCOMPARE(on(later), (QStringList{"cab", "yellow cab"}));
    QCOMPARE(images("cab"), 3);
    QCOMPARE(TagRepository(m_connection).enableFrequent(1), 2); // the merged one is none
}

void TestVocabulary::undoOfAMergeGivesEachItsOwnBack()
{
    caption("a cab", {object("cab")});
    const ImageId before = caption("a yellow taxi", {object("taxi"), attribute("yellow", 0)});
    step([this](VocabularyStep& change) { change.merge(id("taxi"), id("cab")); });
    const ImageId after = caption("a taxi", {object("taxi")}); // read while they were one
    undo();
    QCOMPARE(on(before), (QStringList{"taxi", "yellow taxi"}));
    QCOMPARE(on(after), QStringList{"taxi"});
    QCOMPARE(images("cab"), 1);
    QCOMPARE(images("taxi"), 2);
    QVERIFY(tag("taxi").enabled);
    QVERIFY(!VocabularyRepository(m_connection).undo("ann"));
    QCOMPARE(on(caption("a taxi", {object("taxi")})), QStringList{"taxi"});
}

void TestVocabulary::lastVerdictHoldsForMergedPairs()
{
    const ImageId image = caption("a cab, a taxi", {object("cab"), object("taxi", 7)});
    const ImageId judgedOnce = caption("a cab, a taxi", {object("cab"), object("taxi", 7)});
    judge(image, "taxi", State::Rejected);
    judge(image, "cab", State::Accepted);
    judge(judgedOnce, "taxi", State::Rejected);
    const QString verdicts = value("SELECT COUNT(*) FROM verdict");
    step([this](VocabularyStep& change) { change.merge(id("cab"), id("taxi")); });
    QCOMPARE(tag("taxi").accepted, 1);
    QCOMPARE(tag("taxi").rejected, 1);
    QCOMPARE(value("SELECT COUNT(DISTINCT state) FROM candidate WHERE image_id = 1"), QString("1"));
    undo();
    QCOMPARE(tag("cab").accepted, 1);
    QCOMPARE(tag("taxi").rejected, 2);
    QCOMPARE(tag("cab").rejected, 0);
    QCOMPARE(value("SELECT COUNT(*) FROM verdict"), verdicts);
}

void TestVocabulary::undoneVerdictLeavesTheOtherOfAMergedPair()
{
    const ImageId image = caption("a cab, a taxi", {object("cab"), object("taxi", 7)});
    judge(image, "cab", State::Accepted);
    judge(image, "taxi", State::Rejected);
    step([this](VocabularyStep& change) { change.merge(id("taxi"), id("cab")); });
    QCOMPARE(tag("cab").rejected, 1);
    const auto undone = VerdictRepository(m_connection).undo("ann");
    QCOMPARE(undone.size(), 1);
    QCOMPARE(undone.first().state, State::Accepted);
    QCOMPARE(tag("cab").accepted, 1);
    QCOMPARE(tag("cab").rejected, 0);
}

void TestVocabulary::chainsOfMergesAreTakenBackOneByOne()
{
    for (const char* name : {"cab", "taxi", "hack"}) {
        caption(name, {object(name)});
    }
    step([this](VocabularyStep& change) { change.merge(id("hack"), id("taxi")); });
    step([this](VocabularyStep& change) { change.merge(id("taxi"), id("cab")); });
    const ImageId later = caption("hack", {object("hack")});
    QCOMPARE(on(later), QStringList{"cab"});
    undo();
    QCOMPARE(on(later), QStringList{"taxi"});
    QCOMPARE(images("cab"), 1);
    undo();
    QCOMPARE(on(later), QStringList{"hack"});
    QCOMPARE(images("taxi"), 1);
}

void TestVocabulary::mergesAreRefused()
{
    caption("a red cab", {object("cab"), attribute("red", 0), object("taxi")});
    QVERIFY(refusal([this](VocabularyStep& change) {
                change.merge(id("cab"), id("red"));
            }).contains("one is an object"));
    QVERIFY(refusal([this](VocabularyStep& change) {
                change.merge(id("cab"), id("cab"));
            }).contains("into itself"));
    QVERIFY(refusal([this](VocabularyStep& change) {
                change.merge(TagId{99}, id("cab"));
            }).contains("does not exist any more"));
    step([this](VocabularyStep& change) { change.merge(id("taxi"), id("cab")); });
    QVERIFY(refusal([this](VocabularyStep& change) {
                change.merge(id("taxi"), id("cab"));
            }).contains("\"taxi\" is a name that \"cab\" took over"));
}

void TestVocabulary::rollUpAddsThePairsAndKeepsTheWords()
{
    const ImageId poodle = caption("poodle", {object("poodle")});
    caption("dog", {object("dog")});
    const ImageId both = caption("dog, poodle", {object("dog"), object("poodle", 5)});
    step([this](VocabularyStep& change) { change.rollUp(id("poodle"), id("dog")); });
    QCOMPARE(images("dog"), 3);
    QCOMPARE(images("poodle"), 2);
    QCOMPARE(on(poodle), (QStringList{"dog", "poodle"}));
    QCOMPARE(on(both), (QStringList{"dog", "poodle"}));
    const auto words = VocabularyRepository(m_connection).wordsOf(id("dog"));
    QCOMPARE(words.first(), std::pair(QString("dog"), 2));
    QCOMPARE(words.last(), std::pair(QString("poodle"), 2));
    const QList<VocabularyTag> all = VocabularyRepository(m_connection).tags();
    const auto low = std::find_if(all.begin(), all.end(), [](const VocabularyTag& each) {
        return each.tag.lemma == "poodle";
    });
    QCOMPARE(low->parentName, QString("dog"));
    undo();
    QCOMPARE(images("dog"), 2);
    QCOMPARE(value("SELECT COUNT(*) FROM candidate"), QString("4"));
}

void TestVocabulary::rollUpHoldsForLaterCaptionsAndThroughSeveralLevels()
{
    caption("poodle", {object("poodle")});
    step([](VocabularyStep& change) {
        change.rollUp(change.tagNamed(TagKind::Object, "Dog"),
                      change.tagNamed(TagKind::Object, "animal"));
    });
    step([this](VocabularyStep& change) {
        change.rollUp(id("poodle"), change.tagNamed(TagKind::Object, "dog"));
    });
    QCOMPARE(images("animal"), 1); // whichever step came first
    const ImageId later = caption("poodle", {object("poodle")});
    QCOMPARE(on(later), (QStringList{"animal", "dog", "poodle"}));
    undo();
    QCOMPARE(on(later), QStringList{"poodle"});
    QVERIFY(isListed("dog"));
    undo();
    QVERIFY(!isListed("dog") && !isListed("animal")); // made by the step, gone with it
}

void TestVocabulary::rollUpAfterAMergeAboveLandsInWhatIsLeft()
{
    caption("dog", {object("dog"), object("animal"), object("creature"), object("poodle")});
    step([this](VocabularyStep& change) { change.rollUp(id("dog"), id("animal")); });
    step([this](VocabularyStep& change) { change.merge(id("animal"), id("creature")); });
    step([this](VocabularyStep& change) { change.rollUp(id("poodle"), id("dog")); });
    const ImageId later = caption("poodle", {object("poodle")});
    QCOMPARE(on(later), (QStringList{"creature", "dog", "poodle"}));
    for (int steps = 0; steps < 3; ++steps) {
        undo();
    }
    QCOMPARE(on(later), QStringList{"poodle"});
    QCOMPARE(value("SELECT COUNT(*) FROM candidate"), QString("5"));
}

void TestVocabulary::undoOfARollUpKeepsWhatWasJudged()
{
    const ImageId judged = caption("poodle", {object("poodle")});
    const ImageId other = caption("poodle", {object("poodle")});
    step([this](VocabularyStep& change) {
        change.rollUp(id("poodle"), change.tagNamed(TagKind::Object, "dog"));
    });
    judge(judged, "dog", State::Accepted);
    undo();
    QCOMPARE(on(judged), (QStringList{"dog", "poodle"}));
    QCOMPARE(tag("dog").accepted, 1);
    QCOMPARE(on(other), QStringList{"poodle"});
}

void TestVocabulary::undoOfARollUpKeepsWhatWasJudgedTwoLevelsUp()
{
    const ImageId judged = caption("sedan", {object("sedan")});
    step([this](VocabularyStep& change) {
        change.rollUp(change.tagNamed(TagKind::Object, "car"),
                      change.tagNamed(TagKind::Object, "vehicle"));
    });
    step([this](VocabularyStep& change) { change.rollUp(id("sedan"), id("car")); });
    judge(judged, "vehicle", State::Accepted);
    undo();
    QCOMPARE(on(judged), (QStringList{"sedan", "vehicle"}));
    undo();
    QCOMPARE(on(judged), (QStringList{"sedan", "vehicle"}));
    QCOMPARE(tag("vehicle").accepted, 1);
}

void TestVocabulary::mergingIntoATagSwitchedOffLeavesItOff()
{
    caption("car", {object("car")});
    caption("vehicle", {object("vehicle")});
    step([this](VocabularyStep& change) {
        change.edit({.tag = id("vehicle"), .use = TagUse::Off});
    });
    step([this](VocabularyStep& change) { change.merge(id("car"), id("vehicle")); });
    QVERIFY(!tag("vehicle").enabled);
}

void TestVocabulary::undoLeavesMergedTagsHidden()
{
    caption("car", {object("car")});
    caption("auto", {object("auto")});
    step([this](VocabularyStep& change) { change.edit({.tag = id("auto"), .use = TagUse::On}); });
    step([this](VocabularyStep& change) { change.merge(id("auto"), id("car")); });
    step([this](VocabularyStep& change) { change.edit({.tag = id("car"), .priority = 2.0}); });
    undo();
    QVERIFY(!isListed("auto"));
    QCOMPARE(ImageRepository(m_connection).counts().tags, 1);
}

void TestVocabulary::rollUpsAreRefused()
{
    caption("a red poodle", {object("poodle"), attribute("red", 0), object("dog"), object("pet")});
    step([this](VocabularyStep& change) { change.rollUp(id("poodle"), id("dog")); });
    QVERIFY(refusal([this](VocabularyStep& change) {
                change.rollUp(id("dog"), id("poodle"));
            }).contains("counts as \"dog\" already"));
    QVERIFY(refusal([this](VocabularyStep& change) {
                change.rollUp(id("dog"), id("dog"));
            }).contains("cannot be rolled up"));
    QVERIFY(refusal([this](VocabularyStep& change) {
                change.rollUp(id("poodle"), id("pet"));
            }).contains("\"poodle\" counts as \"dog\" already"));
    QVERIFY(refusal([this](VocabularyStep& change) {
                change.rollUp(id("red"), id("dog"));
            }).contains("one is an object"));
    QVERIFY(refusal([](VocabularyStep& change) {
                change.tagNamed(TagKind::Object, "  ");
            }).contains("needs a name"));
}

void TestVocabulary::mergeAcrossARollUpMakesNoCircle()
{
    caption("poodle", {object("poodle"), object("dog"), object("animal")});
    step([this](VocabularyStep& change) { change.rollUp(id("poodle"), id("dog")); });
    step([this](VocabularyStep& change) { change.rollUp(id("dog"), id("animal")); });
    step([this](VocabularyStep& change) { change.merge(id("animal"), id("poodle")); });
    // dog counted as animal, which is poodle now; poodle counts as dog.
    const ImageId later = caption("poodle", {object("poodle")});
    QCOMPARE(on(later), (QStringList{"dog", "poodle"}));
    QVERIFY(refusal([this](VocabularyStep& change) {
                change.rollUp(id("dog"), id("poodle"));
            }).contains("cannot be rolled up"));
    for (int steps = 0; steps < 3; ++steps) {
        undo();
    }
    QCOMPARE(value("SELECT COUNT(*) FROM candidate WHERE origin_id IS NOT NULL"), QString("0"));
    QCOMPARE(value("SELECT COUNT(*) FROM tag WHERE parent_id IS NOT NULL"), QString("0"));
}

void TestVocabulary::splitByWordsAndByCaption()
{
    const ImageId game = caption("a bat at a baseball game", {object("bat", 2)});
    const ImageId cave = caption("a bat in a cave", {object("bat", 2)});
    const ImageId wooden = caption("Bats of wood", {object("bat", 0, 4)});
    step([this](VocabularyStep& change) {
        change.split(id("bat"), SplitBy::Caption, "Baseball", "baseball bat");
    });
    QCOMPARE(on(game), QStringList{"baseball bat"});
    QCOMPARE(on(cave), QStringList{"bat"});
    step([this](VocabularyStep& change) {
        change.split(id("bat"), SplitBy::Words, "bats", "baseball bat");
    });
    QCOMPARE(on(wooden), QStringList{"baseball bat"});
    const ImageId later = caption("one bat, baseball", {object("bat", 4)});
    QCOMPARE(on(later), QStringList{"baseball bat"});
    undo();
    undo();
    QCOMPARE(images("bat"), 4);
    QVERIFY(!isListed("baseball bat"));
}

void TestVocabulary::splitTakesTheAttributesAlong()
{
    const ImageId image =
        caption("a wooden bat, baseball", {object("bat", 9), attribute("wooden", 0)});
    caption("a black bat", {object("bat", 8), attribute("black", 0)});
    step([this](VocabularyStep& change) {
        change.split(id("bat"), SplitBy::Caption, "baseball", "club");
    });
    QCOMPARE(on(image), (QStringList{"club", "wooden club"}));
    QCOMPARE(on(ImageId{2}), (QStringList{"bat", "black bat"}));
    undo();
    QCOMPARE(on(image), (QStringList{"bat", "wooden bat"}));
}

void TestVocabulary::splitsAreRefused()
{
    caption("a bat", {object("bat", 2)});
    caption("a bat in a cave", {object("bat", 2)});
    const auto refused = [this](const QString& text, const QString& name) {
        return refusal(
            [&](VocabularyStep& change) { change.split(id("bat"), SplitBy::Caption, text, name); });
    };
    QVERIFY(refused("baseball", "club").contains("nothing would be split off"));
    QVERIFY(refused("bat", "club").contains("rename it instead"));
    QVERIFY(refused(" ", "club").contains("say by which words"));
    QVERIFY(refused("cave", "").contains("say by which words"));
    QVERIFY(refused("cave", "BAT").contains("another name"));
    QVERIFY(!isListed("club"));
}

void TestVocabulary::splitOff_data()
{
    QTest::addColumn<SplitBy>("by");
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("caption");
    QTest::addColumn<int>("start");
    QTest::addColumn<int>("length");
    QTest::addColumn<bool>("isOff");
    const QString apple = QString::fromUtf8("赤いりんごと木の箱");
    QTest::newRow("words") << SplitBy::Words << "Baseball  bat"
                           << "A baseball bat" << 2 << 12 << true;
    QTest::newRow("other words") << SplitBy::Words << "bat"
                                 << "A baseball bat" << 2 << 12 << false;
    QTest::newRow("whole word") << SplitBy::Caption << "ball"
                                << "A baseball bat" << 11 << 3 << false;
    QTest::newRow("phrase") << SplitBy::Caption << "baseball bat"
                            << "A Baseball\n bat" << 0 << 1 << true;
    QTest::newRow("at a comma") << SplitBy::Caption << "ball"
                                << "a bat,ball" << 2 << 3 << true;
    QTest::newRow("no pattern") << SplitBy::Caption << ".*"
                                << "a bat" << 2 << 3 << false;
    QTest::newRow("accents") << SplitBy::Caption << QString::fromUtf8("caf")
                             << QString::fromUtf8("a café") << 0 << 1 << false;
    QTest::newRow("Japanese") << SplitBy::Caption << QString::fromUtf8("木の") << apple << 0 << 6
                              << true;
    QTest::newRow("Japanese words")
        << SplitBy::Words << QString::fromUtf8("赤い") << apple << 0 << 6 << true;
}

void TestVocabulary::splitOff()
{
    QFETCH(SplitBy, by);
    QFETCH(QString, text);
    QFETCH(QString, caption);
    QFETCH(int, start);
    QFETCH(int, length);
    QTEST(isSplitOff(by, text, caption, start, length), "isOff");
}

void TestVocabulary::renamedTagKeepsReadingItsOldName()
{
    caption("a cab", {object("cab"), attribute("yellow", 0)});
    const TagId cab = id("cab");
    step([cab](VocabularyStep& change) { change.rename(cab, " Yellow  Cab "); });
    QCOMPARE(tag("yellow cab").display, QString("Yellow Cab"));
    QVERIFY(tag("yellow cab").id == cab);
    QVERIFY(!isListed("cab"));
    const ImageId later = caption("a cab", {object("cab"), attribute("yellow", 0)});
    QCOMPARE(on(later), (QStringList{"yellow Yellow Cab", "yellow cab"}));
    undo();
    QCOMPARE(on(later), (QStringList{"cab", "yellow cab"}));
    QCOMPARE(images("cab"), 2);
    QVERIFY(id("cab") == cab);
}

void TestVocabulary::renamesAreRefused()
{
    caption("a cab", {object("cab"), object("taxi"), object("hack")});
    QVERIFY(refusal([this](VocabularyStep& change) {
                change.rename(id("cab"), "Taxi");
            }).contains("merge \"cab\" into it"));
    QVERIFY(refusal([this](VocabularyStep& change) {
                change.rename(id("cab"), " ");
            }).contains("needs a name"));
    step([this](VocabularyStep& change) { change.merge(id("hack"), id("taxi")); });
    QVERIFY(refusal([this](VocabularyStep& change) {
                change.rename(id("cab"), "hack");
            }).contains("\"hack\" is a name that \"taxi\" took over"));
}

void TestVocabulary::personsSwitchWinsOverFrequency()
{
    caption("a cab", {object("cab"), object("view")});
    caption("a view", {object("view")});
    step([this](VocabularyStep& change) {
        change.edit({.tag = id("cab"), .use = TagUse::On});
        change.edit({.tag = id("view"), .use = TagUse::Off});
    });
    QCOMPARE(TagRepository(m_connection).enableFrequent(2), 1);
    QVERIFY(tag("cab").enabled && !tag("view").enabled);
    QCOMPARE(TagRepository(m_connection).enableFrequent(1), 1);
    QVERIFY(!tag("view").enabled);
    step([this](VocabularyStep& change) {
        change.edit({.tag = id("view"), .use = TagUse::Automatic});
    });
    TagRepository(m_connection).enableFrequent(2);
    QVERIFY(tag("view").enabled);
    undo();
    QVERIFY(!tag("view").enabled);
}

void TestVocabulary::editsAreCheckedAndTakenBack()
{
    caption("a red cab", {object("cab"), attribute("red", 0)});
    const auto refused = [this](const TagEdit& edit) {
        return refusal([&edit](VocabularyStep& change) { change.edit(edit); });
    };
    QVERIFY(refused({.tag = id("red"), .tagClass = "mood"}).contains("\"mood\" is no class"));
    QVERIFY(refused({.tag = id("cab"), .tagClass = "colour"}).contains("only attributes"));
    QVERIFY(refused({.tag = id("cab"), .priority = 0.0}).contains("priority of \"cab\""));
    QVERIFY(refused({.tag = id("cab"), .priority = std::nan("")}).contains("priority"));
    QVERIFY(refused({.tag = id("cab"), .display = " "}).contains("needs a name"));
    // One bad value: none of the good ones.
    QVERIFY(refused({.tag = id("cab"), .display = "Cab", .priority = -1.0}).contains("priority"));
    QCOMPARE(tag("cab").display, QString("cab"));
    const TagEdit good{.tag = id("red"),
                       .display = "Red",
                       .tagClass = "colour",
                       .priority = 2.5,
                       .english = "crimson"};
    step([&good](VocabularyStep& change) { change.edit(good); });
    QCOMPARE(tag("red").display, QString("Red"));
    QCOMPARE(tag("red").tagClass, QString("colour"));
    QCOMPARE(tag("red").priority, 2.5);
    QCOMPARE(tag("red").english, QString("crimson"));
    QVERIFY(tag("red").englishSource == EnglishSource::Edited);
    VocabularyStep again(m_connection, "ann", "test");
    again.edit(good);
    QVERIFY(!again.commit("nothing"));
}

void TestVocabulary::guessedClassNeverReplacesAnEditedOne()
{
    caption("a red cotton cab", {object("cab"), attribute("red", 0), attribute("cotton", 0)});
    VocabularyRepository vocabulary(m_connection);
    step([this](VocabularyStep& change) { change.edit({.tag = id("red"), .tagClass = "state"}); });
    vocabulary.setGuessedClasses(
        {{id("red"), "colour"}, {id("cotton"), "material"}, {id("cab"), "other"}});
    QCOMPARE(tag("red").tagClass, QString("state"));
    QCOMPARE(tag("cotton").tagClass, QString("material"));
    QCOMPARE(tag("cab").tagClass, QString());
    undo();
    vocabulary.setGuessedClasses({{id("red"), "colour"}});
    QCOMPARE(tag("red").tagClass, QString("colour"));
}

void TestVocabulary::settingsAreTakenBack()
{
    m_database->setSetting("minimum", "3");
    step([](VocabularyStep& change) {
        change.setSetting("minimum", "5");
        change.setSetting("new", "yes");
    });
    QCOMPARE(m_database->setting("minimum"), QString("5"));
    step([](VocabularyStep& change) { change.setSetting("minimum", {}); });
    QCOMPARE(m_database->setting("minimum", "none"), QString("none"));
    undo();
    undo();
    QCOMPARE(m_database->setting("minimum"), QString("3"));
    QCOMPARE(m_database->setting("new", "none"), QString("none"));
}

void TestVocabulary::severalChangesAreOneStep()
{
    caption("a cab", {object("cab"), object("taxi"), object("hack")});
    step([this](VocabularyStep& change) {
        change.merge(id("taxi"), id("cab"));
        QVERIFY_EXCEPTION_THROWN(change.merge(id("taxi"), id("cab")), Refusal); // goes on
        change.merge(id("hack"), id("cab"));
        change.rename(id("cab"), "car");
    });
    QCOMPARE(TagRepository(m_connection).tags().size(), 1);
    const auto undone = VocabularyRepository(m_connection).undo("bob");
    QCOMPARE(undone->sentence, QString("a step"));
    QCOMPARE(TagRepository(m_connection).tags().size(), 3);
    const auto steps = VocabularyRepository(m_connection).steps();
    QCOMPARE(steps.size(), 1);
    QVERIFY(steps.first().isUndone);
}

void TestVocabulary::droppedStepLeavesNothing()
{
    caption("a cab", {object("cab"), object("taxi")});
    {
        VocabularyStep change(m_connection, "ann", "test");
        change.merge(id("taxi"), id("cab"));
    }
    QVERIFY(isListed("taxi"));
    QVERIFY(VocabularyRepository(m_connection).steps().isEmpty());
}

void TestVocabulary::stepsSurviveARestart()
{
    const QTemporaryDir folder;
    const auto open = [&] {
        m_connection = QSqlDatabase();
        m_database = std::make_unique<Database>(folder.filePath("project.sqlite"));
        m_connection = m_database->connection();
    };
    open();
    caption("a cab", {object("cab"), object("taxi")});
    step([this](VocabularyStep& change) { change.merge(id("taxi"), id("cab")); });
    open();
    QVERIFY(!isListed("taxi"));
    undo();
    QVERIFY(isListed("taxi"));
}

/// Ids are given again: what comes later must not be taken for what was removed.
void TestVocabulary::removedCandidatesAreForgotten()
{
    caption("a cab", {object("cab")});
    caption("a taxi", {object("taxi")});
    step([this](VocabularyStep& change) { change.merge(id("taxi"), id("cab")); });
    execute(m_connection, "DELETE FROM parse WHERE id = 2");
    const ImageId again = caption("a cab", {object("cab")});
    QCOMPARE(value("SELECT MAX(id) FROM candidate"), QString("2"));
    undo();
    QCOMPARE(on(again), QStringList{"cab"});
}

void TestVocabulary::runsStillNameMergedTags()
{
    caption("a cab", {object("cab"), object("taxi")});
    step([this](VocabularyStep& change) { change.merge(id("taxi"), id("cab")); });
    QCOMPARE(TagRepository(m_connection).names().value(id("taxi")), QString("taxi"));
}

void TestVocabulary::countsBeforeAMerge()
{
    const ImageId both = caption("a cab, a taxi", {object("cab"), object("taxi", 7)});
    caption("a cab", {object("cab")});
    VocabularyRepository vocabulary(m_connection);
    judge(both, "cab", State::Accepted);
    QCOMPARE(vocabulary.countMerge({id("cab"), id("taxi")}).images, 2);
    QCOMPARE(vocabulary.countMerge({id("cab"), id("taxi")}).disagreeing, 0);
    judge(both, "taxi", State::Rejected);
    QCOMPARE(vocabulary.countMerge({id("cab"), id("taxi")}).disagreeing, 1);
    QCOMPARE(vocabulary.countMerge({}).images, 0);
    QCOMPARE(vocabulary.imagesByTag().value(id("cab")).size(), 2);
}

QTEST_GUILESS_MAIN(TestVocabulary)
#include "tst_vocabulary.moc"
