#include "db/Database.h"
#include "db/ImageRepository.h"
#include "db/MentionRepository.h"
#include "db/Statement.h"
#include "db/TagRepository.h"
#include "db/VerdictRepository.h"

#include <QTest>

using namespace tagalign::db;

/// What captions say and leave out, over one fresh in-memory project.
class TestMentions : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void ownersAreTheTagsInUse();
    void captionsThatSayItAreCounted();
    void whatIsInferredIsSaidByNone();
    void captionsInAnotherLanguageDoNotCount();
    void openTagsAreLeftOut();

private:
    CaptionId addCaption(ImageId image, const QString& text, const QString& language = "en");
    void read(ImageId image, CaptionId caption, const QList<NewCandidate>& candidates);
    void judge(ImageId image, const QString& lemma, State state);

    std::unique_ptr<Database> m_database;
    QSqlDatabase m_connection;
    ImageId m_image{};
};

namespace {

NewCandidate object(const QString& lemma, bool inferred = false)
{
    return {.lemma = lemma, .display = lemma, .inferred = inferred};
}

NewCandidate attribute(const QString& lemma, int owner)
{
    return {.kind = TagKind::Attribute, .lemma = lemma, .display = lemma, .owner = owner};
}

} // namespace

void TestMentions::init()
{
    m_connection = QSqlDatabase();
    m_database = std::make_unique<Database>(":memory:");
    m_connection = m_database->connection();
    m_image = ImageRepository(m_connection)
                  .add({.path = "a.jpg", .sha256 = "aa", .width = 4, .height = 3});
}

CaptionId TestMentions::addCaption(ImageId image, const QString& text, const QString& language)
{
    ImageRepository images(m_connection);
    images.addCaption(image, text, language);
    return images.captionsOf(image).last().id;
}

void TestMentions::read(ImageId image, CaptionId caption, const QList<NewCandidate>& candidates)
{
    TagRepository(m_connection)
        .addParses({{.caption = caption,
                     .image = image,
                     .parser = "rules",
                     .parserVersion = "1",
                     .candidates = candidates}});
}

void TestMentions::judge(ImageId image, const QString& lemma, State state)
{
    for (const Candidate& candidate : TagRepository(m_connection).candidatesOf(image)) {
        if (candidate.lemma == lemma) {
            VerdictRepository(m_connection).decide({{candidate.id, state, 1}}, "me");
        }
    }
}

/// Two captions say "red mug": once; of a tag that is switched off: not at all.
void TestMentions::ownersAreTheTagsInUse()
{
    for (const char* text : {"a red mug", "the red mug"}) {
        read(m_image, addCaption(m_image, text), {object("mug"), attribute("red", 0)});
    }
    read(m_image, addCaption(m_image, "a blue lid"), {object("lid"), attribute("blue", 0)});
    const auto all = MentionRepository(m_connection).ownerships();
    QCOMPARE(all.size(), 2);
    const auto names = TagRepository(m_connection).names();
    QCOMPARE(names.value(all.first().attribute), QString("red"));
    QCOMPARE(names.value(all.first().object), QString("mug"));
    execute(m_connection, "UPDATE tag SET enabled = 0 WHERE lemma = 'lid'");
    QCOMPARE(MentionRepository(m_connection).ownerships().size(), 1);
}

void TestMentions::captionsThatSayItAreCounted()
{
    read(m_image, addCaption(m_image, "a mug and a spoon"), {object("mug"), object("spoon")});
    read(m_image, addCaption(m_image, "a mug"), {object("mug"), object("mug")});
    addCaption(m_image, "nobody has read this");
    judge(m_image, "mug", State::Accepted);
    judge(m_image, "spoon", State::Rejected);
    const auto all = MentionRepository(m_connection).mentions();
    QCOMPARE(all.size(), 2);
    QCOMPARE(all.at(0).captions, 2);
    QCOMPARE(all.at(0).saying, 2);
    QVERIFY(all.at(0).state == State::Accepted);
    QCOMPARE(all.at(1).captions, 2);
    QCOMPARE(all.at(1).saying, 1);
    QVERIFY(all.at(1).state == State::Rejected);
}

void TestMentions::whatIsInferredIsSaidByNone()
{
    read(m_image, addCaption(m_image, "breakfast"), {object("breakfast"), object("plate", true)});
    judge(m_image, "plate", State::Accepted);
    const auto all = MentionRepository(m_connection).mentions();
    QCOMPARE(all.size(), 1);
    QCOMPARE(all.at(0).captions, 1);
    QCOMPARE(all.at(0).saying, 0);
}

void TestMentions::captionsInAnotherLanguageDoNotCount()
{
    read(m_image, addCaption(m_image, "a mug"), {object("mug")});
    read(m_image, addCaption(m_image, "赤いマグ", "ja"), {object("マグ")});
    judge(m_image, "mug", State::Accepted);
    const auto all = MentionRepository(m_connection).mentions();
    QCOMPARE(all.size(), 1);
    QCOMPARE(all.at(0).captions, 1);
}

void TestMentions::openTagsAreLeftOut()
{
    read(m_image, addCaption(m_image, "a mug"), {object("mug")});
    QVERIFY(MentionRepository(m_connection).mentions().isEmpty());
    judge(m_image, "mug", State::Unsure);
    QVERIFY(MentionRepository(m_connection).mentions().isEmpty());
}

QTEST_GUILESS_MAIN(TestMentions)
#include "tst_mentions.moc"
