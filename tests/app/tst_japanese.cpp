#include "app/Project.h"
#include "app/jobs/PilotSnapshot.h"
#include "app/jobs/TagJob.h"
#include "app/jobs/TranslateJob.h"
#include "db/ImageRepository.h"
#include "db/TagRepository.h"
#include "model/Error.h"

#include <QTemporaryDir>
#include <QTest>

using namespace tagalign;
using namespace tagalign::app;

/// Japanese captions in a project: language, tags, English equivalents for the model.
class TestJapanese : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void captionsOfEarlierImportsAreMended();
    void eachLanguageHasItsParser();
    void modelsAreAskedInEnglish();
    void personsEnglishWins();
    void equivalentsAreMarkedAndAskedFor();
    void withoutDictionaryTagsStayUntranslated();
    void unknownTagIsRefused();

private:
    void addCaption(const QString& text, const QString& language);
    [[nodiscard]] QStringList tagsOf(db::TagKind kind) const;

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Project> m_project;
    std::unique_ptr<db::Database> m_database;
};

namespace {

class SilentContext : public JobContext
{
public:
    void report(const JobProgress&) override {}

    [[nodiscard]] bool isCancelled() const override { return false; }
};

} // namespace

void TestJapanese::init()
{
    m_database.reset();
    m_folder = std::make_unique<QTemporaryDir>();
    m_project = std::make_unique<Project>(Project::openOrCreate(m_folder->filePath("a.tagalign")));
    m_database = std::make_unique<db::Database>(m_project->databaseFile());
}

void TestJapanese::addCaption(const QString& text, const QString& language)
{
    db::ImageRepository images(m_database->connection());
    const db::ImageId image =
        images.add({.path = text + ".jpg", .sha256 = text, .width = 4, .height = 3});
    QVERIFY(images.addCaption(image, text, language));
}

QStringList TestJapanese::tagsOf(db::TagKind kind) const
{
    QStringList lemmas;
    for (const db::Tag& tag : db::TagRepository(m_database->connection()).tags()) {
        if (tag.kind == kind && tag.images > 0) {
            lemmas.append(tag.lemma);
        }
    }
    lemmas.sort();
    return lemmas;
}

/// Stored and read as English, as the program did before it knew Japanese.
void TestJapanese::captionsOfEarlierImportsAreMended()
{
    addCaption("赤いりんごと木の箱", "en");
    db::ImageRepository images(m_database->connection());
    const db::Image image = images.images().first();
    const db::Caption caption = images.captionsOf(image.id).first();
    db::TagRepository(m_database->connection())
        .addParses({{.caption = caption.id,
                     .image = image.id,
                     .parser = "rules",
                     .parserVersion = "1",
                     .candidates = {{.lemma = "赤いりんごと木の箱", .display = "x"}}}});
    QVERIFY(hasUnreadCaptions(*m_database));
    SilentContext context;
    QCOMPARE(extractTags(*m_project, context).captions, 1);
    QCOMPARE(images.captionsOf(image.id).first().language, QString("ja"));
    QCOMPARE(tagsOf(db::TagKind::Object), QStringList({"りんご", "箱"}));
    QCOMPARE(tagsOf(db::TagKind::Attribute), QStringList({"木", "赤い"}));
    QVERIFY(!hasUnreadCaptions(*m_database));
}

void TestJapanese::eachLanguageHasItsParser()
{
    addCaption("割れたコップ", "ja");
    addCaption("a red apple", "en");
    SilentContext context;
    QCOMPARE(extractTags(*m_project, context).captions, 2);
    QCOMPARE(tagsOf(db::TagKind::Object), QStringList({"apple", "コップ"}));
    QCOMPARE(tagsOf(db::TagKind::Attribute), QStringList({"red", "割れる"}));
    QCOMPARE(extractTags(*m_project, context).captions, 0);
}

void TestJapanese::modelsAreAskedInEnglish()
{
    addCaption("赤いりんご", "ja");
    addCaption("a wooden box", "en");
    SilentContext context;
    QVERIFY(extractTags(*m_project, context).problems.isEmpty());
    QStringList texts;
    for (const auto& tag : takeSnapshot(*m_project, *m_database).data.tags) {
        texts.append(QString::fromStdString(tag.text));
    }
    texts.sort();
    QCOMPARE(texts, QStringList({"apple", "box", "red", "wooden"}));
}

void TestJapanese::personsEnglishWins()
{
    addCaption("赤いりんご", "ja");
    SilentContext context;
    (void)extractTags(*m_project, context);
    editEnglish(*m_database, "りんご", " red  apple ");
    editEnglish(*m_database, "赤い", "");
    QCOMPARE(translateTags(*m_database).translated, 0);
    for (const db::Tag& tag : db::TagRepository(m_database->connection()).tags()) {
        QCOMPARE(tag.english, tag.lemma == "りんご" ? QString("red apple") : QString());
        QCOMPARE(tag.englishSource, db::EnglishSource::Edited);
    }
}

void TestJapanese::equivalentsAreMarkedAndAskedFor()
{
    db::Candidate candidate{.display = "赤い", .owner = "りんご"};
    QCOMPARE(englishNote(candidate), QString());
    QCOMPARE(promptOf(candidate), QString("赤い りんご"));
    candidate.english = "red";
    candidate.ownerEnglish = "apple";
    QCOMPARE(englishNote(candidate), QString("English, translated by dictionary: red"));
    QCOMPARE(promptOf(candidate), QString("red apple"));
    candidate.englishSource = db::EnglishSource::Edited;
    QCOMPARE(englishNote(candidate), QString("English, edited: red"));
    candidate.owner = candidate.ownerEnglish = QString();
    QCOMPARE(promptOf(candidate), QString("red"));
}

void TestJapanese::withoutDictionaryTagsStayUntranslated()
{
    addCaption("赤いりんご", "ja");
    SilentContext context;
    (void)extractTags(*m_project, context);
    db::TagRepository tags(m_database->connection());
    for (const db::Tag& tag : tags.tags()) {
        tags.setEnglish({{tag.id, ""}}, db::EnglishSource::Translated);
    }
    const TranslateSummary summary = translateTags(*m_database, "/no/such/edict");
    QVERIFY(summary.sentence().contains("stay untranslated: /no/such/edict"));
    QVERIFY(summary.sentence().contains("install the package edict"));
    QCOMPARE(QString::fromStdString(takeSnapshot(*m_project, *m_database).data.tags[0].text),
             QString("りんご"));
    QCOMPARE(translateTags(*m_database).translated, 2);
}

void TestJapanese::unknownTagIsRefused()
{
    QVERIFY_EXCEPTION_THROWN(editEnglish(*m_database, "犬", "dog"), model::Error);
}

QTEST_GUILESS_MAIN(TestJapanese)
#include "tst_japanese.moc"
