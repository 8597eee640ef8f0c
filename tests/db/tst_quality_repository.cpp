#include "db/Database.h"
#include "db/Error.h"
#include "db/ImageRepository.h"
#include "db/ParserRunRepository.h"
#include "db/QualityRepository.h"
#include "db/Statement.h"
#include "db/TagRepository.h"
#include "db/VerdictRepository.h"

#include <QTest>

using namespace tagalign::db;

/// Evidence, margins and probabilities over one fresh in-memory project.
class TestQualityRepository : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void evidenceCountsCaptionsAndParsers();
    void revertedRunsDoNotCountAsReaders();
    void evidenceKnowsVerdictsAndLeavesOutDisabledTags();
    void marginsBelongToTheirModelAndTheTagsText();
    void failedMarginsStoreNone();
    void probabilityIsStoredWithAllCandidates();
    void mostDoubtfulComesFirst();

private:
    ImageId addImage(const QString& hash);
    CaptionId addCaption(ImageId image, const QString& text);
    void read(ImageId image, CaptionId caption, const QString& parser,
              const QList<NewCandidate>& candidates);
    [[nodiscard]] PairEvidence evidenceOf(ImageId image, const QString& lemma,
                                          const QString& model = "m") const;

    [[nodiscard]] QualityRepository quality() const { return QualityRepository(m_connection); }

    std::unique_ptr<Database> m_database;
    QSqlDatabase m_connection;
};

namespace {

NewCandidate object(const QString& lemma, double confidence = 0.9, bool inferred = false)
{
    return {.lemma = lemma, .display = lemma, .confidence = confidence, .inferred = inferred};
}

} // namespace

void TestQualityRepository::init()
{
    m_connection = QSqlDatabase();
    m_database = std::make_unique<Database>(":memory:");
    m_connection = m_database->connection();
}

ImageId TestQualityRepository::addImage(const QString& hash)
{
    return ImageRepository(m_connection)
        .add({.path = hash + ".jpg", .sha256 = hash, .width = 4, .height = 3});
}

CaptionId TestQualityRepository::addCaption(ImageId image, const QString& text)
{
    ImageRepository images(m_connection);
    images.addCaption(image, text, "en");
    return images.captionsOf(image).last().id;
}

void TestQualityRepository::read(ImageId image, CaptionId caption, const QString& parser,
                                 const QList<NewCandidate>& candidates)
{
    TagRepository(m_connection)
        .addParses({{.caption = caption,
                     .image = image,
                     .parser = parser,
                     .parserVersion = "1",
                     .candidates = candidates}});
}

PairEvidence TestQualityRepository::evidenceOf(ImageId image, const QString& lemma,
                                               const QString& model) const
{
    for (const PairEvidence& row : quality().evidence(model)) {
        if (row.image == image && row.lemma == lemma) {
            return row;
        }
    }
    qFatal("no such pair");
}

/// Two captions, both read by rules, one by a language model too, which saw no dog.
void TestQualityRepository::evidenceCountsCaptionsAndParsers()
{
    const ImageId image = addImage("aa");
    const CaptionId first = addCaption(image, "a cat and a dog");
    const CaptionId second = addCaption(image, "a cat");
    read(image, first, "rules", {object("cat"), object("dog", 0.75)});
    read(image, second, "rules", {object("cat", 0.8), object("cat", 0.6)});
    read(image, first, "llm", {object("cat", 0.5, true), object("pet", 0.5, true)});
    QCOMPARE(quality().evidence("m").size(), 3);
    const PairEvidence cat = evidenceOf(image, "cat");
    QCOMPARE(cat.confidence, 0.9);
    QCOMPARE(cat.captions, 2);
    QCOMPARE(cat.parsersFound, 2);
    QCOMPARE(cat.parsersRead, 2);
    QVERIFY(!cat.inferred); // one parser has it from the words
    const PairEvidence dog = evidenceOf(image, "dog");
    QCOMPARE(dog.confidence, 0.75);
    QCOMPARE(dog.captions, 1);
    QCOMPARE(dog.parsersFound, 1);
    QCOMPARE(dog.parsersRead, 2);
    QVERIFY(evidenceOf(image, "pet").inferred);
    QVERIFY(!cat.margin && !cat.probability);
}

/// A parse of a reverted run stays only for what was judged of it.
void TestQualityRepository::revertedRunsDoNotCountAsReaders()
{
    const ImageId image = addImage("aa");
    const CaptionId caption = addCaption(image, "a cat in a hat");
    read(image, caption, "rules", {object("cat")});
    read(image, caption, "llm", {object("hat")});
    QCOMPARE(evidenceOf(image, "cat").parsersRead, 2);
    for (const Candidate& candidate : TagRepository(m_connection).candidatesOf(image)) {
        if (candidate.lemma == "hat") {
            VerdictRepository(m_connection).decide({{candidate.id, State::Accepted, 1}}, "me");
        }
    }
    ParserRunRepository runs(m_connection);
    runs.revert(runs.runs().last().id, "me");
    QCOMPARE(evidenceOf(image, "cat").parsersRead, 1);
    const PairEvidence hat = evidenceOf(image, "hat");
    QVERIFY(hat.parsersRead >= hat.parsersFound);
}

void TestQualityRepository::evidenceKnowsVerdictsAndLeavesOutDisabledTags()
{
    QVERIFY(quality().evidence("m").isEmpty());
    const ImageId image = addImage("aa");
    read(image, addCaption(image, "a cat"), "rules", {object("cat"), object("dog")});
    TagRepository tags(m_connection);
    VerdictRepository(m_connection)
        .decide({{tags.candidatesOf(image).first().id, State::Rejected, 1}}, "me");
    const auto rows = quality().evidence("m");
    QCOMPARE(rows.first().state, State::Rejected);
    QCOMPARE(rows.last().state, State::Pending);
    execute(m_connection, "UPDATE tag SET enabled = 0 WHERE id = ?", {qint64(rows.last().tag)});
    QCOMPARE(quality().evidence("m").size(), 1);
}

void TestQualityRepository::marginsBelongToTheirModelAndTheTagsText()
{
    const ImageId image = addImage("aa");
    read(image, addCaption(image, "ringo"), "rules", {object("ringo")});
    const TagId tag = evidenceOf(image, "ringo").tag;
    quality().storeMargins("m", {{image, tag, "ringo", 1.5}});
    QCOMPARE(evidenceOf(image, "ringo").margin, std::optional(1.5));
    QVERIFY(!evidenceOf(image, "ringo", "another").margin);
    quality().storeMargins("m", {{image, tag, "ringo", -0.5}}); // replaces it
    QCOMPARE(evidenceOf(image, "ringo").margin, std::optional(-0.5));
    TagRepository(m_connection).setEnglish({{tag, "apple"}}, EnglishSource::Edited);
    QVERIFY(!evidenceOf(image, "ringo").margin); // the model was asked about another word
    QCOMPARE(evidenceOf(image, "ringo").text, QString("apple"));
    quality().storeMargins("m", {{image, tag, "apple", 2.0}});
    quality().forgetMarginsBut("m");
    QCOMPARE(evidenceOf(image, "ringo").margin, std::optional(2.0));
    quality().forgetMarginsBut("another");
    QVERIFY(!evidenceOf(image, "ringo").margin);
    quality().storeMargins("m", {{image, tag, "apple", 2.0}});
    quality().forgetMargins();
    QVERIFY(!evidenceOf(image, "ringo").margin);
}

void TestQualityRepository::failedMarginsStoreNone()
{
    const ImageId image = addImage("aa");
    read(image, addCaption(image, "a cat"), "rules", {object("cat")});
    const TagId tag = evidenceOf(image, "cat").tag;
    QVERIFY_EXCEPTION_THROWN(
        quality().storeMargins("m", {{image, tag, "cat", 1.0}, {ImageId{99}, tag, "cat", 1.0}}),
        Error);
    QVERIFY(!evidenceOf(image, "cat").margin);
}

void TestQualityRepository::probabilityIsStoredWithAllCandidates()
{
    const ImageId image = addImage("aa");
    const CaptionId caption = addCaption(image, "a cat");
    read(image, caption, "rules", {object("cat", 0.6), object("cat", 0.9)});
    const TagRepository tags(m_connection);
    QCOMPARE(tags.candidatesOf(image).first().belief(), 0.9);
    const TagId tag = evidenceOf(image, "cat").tag;
    quality().storeProbabilities({{image, tag, 0.3}});
    QCOMPARE(evidenceOf(image, "cat").probability, std::optional(0.3));
    QCOMPARE(tags.candidatesOf(image).first().belief(), 0.3);
    QCOMPARE(tags.candidates().first().probability, std::optional(0.3));
    // One more candidate has none yet, so the pair's is to be stored again.
    read(image, caption, "llm", {object("cat", 0.5)});
    QVERIFY(!evidenceOf(image, "cat").probability);
    QVERIFY_EXCEPTION_THROWN(quality().storeProbabilities({{image, tag, 0.5}, {image, tag, 1.5}}),
                             Error);
    QCOMPARE(tags.candidatesOf(image).first().belief(), 0.3);
}

void TestQualityRepository::mostDoubtfulComesFirst()
{
    const TagRepository tags(m_connection);
    QVERIFY(tags.pendingByDoubt().isEmpty());
    const ImageId sure = addImage("aa");
    const ImageId doubtful = addImage("bb");
    const ImageId unknown = addImage("cc");
    const ImageId untagged = addImage("dd");
    read(sure, addCaption(sure, "1"), "rules", {object("cat"), object("dog")});
    read(doubtful, addCaption(doubtful, "2"), "rules", {object("cat"), object("dog")});
    read(unknown, addCaption(unknown, "3"), "rules", {object("cat", 0.5)});
    const TagId cat = evidenceOf(sure, "cat").tag;
    const TagId dog = evidenceOf(sure, "dog").tag;
    quality().storeProbabilities(
        {{sure, cat, 0.9}, {sure, dog, 0.8}, {doubtful, cat, 0.7}, {doubtful, dog, 0.1}});
    QCOMPARE(tags.pendingByDoubt(), QList<ImageId>({doubtful, unknown, sure}));
    const auto candidates = tags.candidatesOf(doubtful, Order::MostDoubtful);
    QCOMPARE(candidates.first().lemma, QString("dog"));
    QCOMPARE(candidates.last().lemma, QString("cat"));
    VerdictRepository(m_connection).decide({{candidates.first().id, State::Rejected, 1}}, "me");
    QCOMPARE(tags.pendingByDoubt(), QList<ImageId>({unknown, doubtful, sure}));
    QVERIFY(!tags.pendingByDoubt().contains(untagged));
}

QTEST_GUILESS_MAIN(TestQualityRepository)
#include "tst_quality_repository.moc"
