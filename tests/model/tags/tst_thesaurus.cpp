#include "model/Error.h"
#include "model/tags/VocabularySuggestions.h"
#include "tests/model/MessageOf.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace tagalign::model;
using namespace tagalign::model::tags;

/// Synonyms, hypernyms and classes of attributes, out of the installed WordNet.
class TestThesaurus : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void sensesComeMostFrequentFirst();
    void termsOfScienceAreNotCommon();
    void compoundsAreFoundHoweverTheyAreWritten();
    void firstAndLastWordsOfTheIndexAreFound();
    void unknownWordsHaveNoSense_data();
    void unknownWordsHaveNoSense();
    void chainGoesUpToTheRoot();
    void missingFileNamesThePackage();
    void brokenFileIsRefused();
    void classesAreGuessed_data();
    void classesAreGuessed();
    void classNamesComeBack();
    void badListsAreRefused();
    void synonymsAreOffered();
    void otherMeaningsAreNoSynonyms();
    void hypernymsGatherTheirTags();
    void attributesRollUpWithinTheirClass();
    void generalWordsAreNotOffered();
    void whatCountsAlreadyIsNotOffered();
    void hypernymsOfOneWord();
    void nothingIsOfferedOfNothing();

private:
    [[nodiscard]] std::optional<RollUpSuggestion>
    rollUpTo(const QString& parent, const std::vector<VocabularyEntry>& tags) const;

    std::unique_ptr<Thesaurus> m_thesaurus;
    std::unique_ptr<AttributeClassifier> m_classes;
};

namespace {

VocabularyEntry object(const std::string& lemma, const std::vector<std::int64_t>& images)
{
    return {.lemma = lemma, .kind = TagKind::Object, .images = images};
}

VocabularyEntry attribute(const std::string& lemma, const std::vector<std::int64_t>& images)
{
    return {.lemma = lemma, .kind = TagKind::Attribute, .images = images};
}

} // namespace

void TestThesaurus::initTestCase()
{
    m_thesaurus = std::make_unique<Thesaurus>();
    QFile list(TAGALIGN_SOURCE_DIR "/resources/vocabularies/attribute_classes.txt");
    QVERIFY(list.open(QIODevice::ReadOnly));
    m_classes = std::make_unique<AttributeClassifier>(
        readAttributeClasses(list.readAll().toStdString()), *m_thesaurus);
}

void TestThesaurus::sensesComeMostFrequentFirst()
{
    const auto senses = m_thesaurus->senses("cab", PartOfSpeech::Noun);
    QCOMPARE(senses.size(), std::size_t(3));
    const auto third = m_thesaurus->synset(senses[2]);
    QCOMPARE(third.words, (std::vector<std::string>{"cab", "hack", "taxi", "taxicab"}));
    QCOMPARE(third.lexicographerFile, 6);
    QCOMPARE(third.gloss, std::string("a car driven by a person whose job is to take passengers "
                                      "where they want to go in exchange for money"));
}

void TestThesaurus::termsOfScienceAreNotCommon()
{
    QVERIFY(m_thesaurus->isCommon("dog", PartOfSpeech::Noun));
    QVERIFY(!m_thesaurus->isCommon("placental", PartOfSpeech::Noun));
    QVERIFY(!m_thesaurus->isCommon("xyzzy", PartOfSpeech::Noun));
}

void TestThesaurus::compoundsAreFoundHoweverTheyAreWritten()
{
    const auto noun = PartOfSpeech::Noun;
    QVERIFY(!m_thesaurus->senses("tennis racket", noun).empty());
    QCOMPARE(m_thesaurus->senses("t shirt", noun).size(),
             m_thesaurus->senses("t-shirt", noun).size());
    QVERIFY(!m_thesaurus->senses("tennis-racket", noun).empty());
}

void TestThesaurus::firstAndLastWordsOfTheIndexAreFound()
{
    for (const char* word : {"'hood", "zyrian", "a"}) {
        QVERIFY2(!m_thesaurus->senses(word, PartOfSpeech::Noun).empty(), word);
    }
    for (const char* word : {".22-caliber", "zygotic"}) {
        QVERIFY2(!m_thesaurus->senses(word, PartOfSpeech::Adjective).empty(), word);
    }
}

void TestThesaurus::unknownWordsHaveNoSense_data()
{
    QTest::addColumn<QString>("word");
    QTest::newRow("empty") << "";
    QTest::newRow("before all") << "!";
    QTest::newRow("after all") << "zzzz";
    QTest::newRow("part of one") << "catt";
    QTest::newRow("the licence's") << "This";
    QTest::newRow("blank") << " ";
    QTest::newRow("Japanese") << QString::fromUtf8("りんご");
}

void TestThesaurus::unknownWordsHaveNoSense()
{
    QFETCH(QString, word);
    QVERIFY(m_thesaurus->senses(word.toStdString(), PartOfSpeech::Noun).empty());
    QVERIFY(m_thesaurus->senses(word.toStdString(), PartOfSpeech::Adjective).empty());
}

void TestThesaurus::chainGoesUpToTheRoot()
{
    const auto dog = m_thesaurus->senses("dog", PartOfSpeech::Noun).front();
    const auto chain = m_thesaurus->chain(dog);
    QVERIFY(chain.front() == dog);
    QCOMPARE(m_thesaurus->synset(chain.back()).words.front(), std::string("entity"));
    QCOMPARE(m_thesaurus->chain(dog, 0).size(), std::size_t(1));
    QCOMPARE(m_thesaurus->chain(dog, 1).size(), std::size_t(3)); // canine, domestic animal
    QCOMPARE(m_thesaurus->depth(chain.back()), 0);
    QVERIFY(m_thesaurus->depth(dog) > 6);
}

void TestThesaurus::missingFileNamesThePackage()
{
    const QString message = tagalign::test::messageOf([] { const Thesaurus none("/nowhere"); });
    QVERIFY(message.contains("/nowhere/index.noun"));
    QVERIFY(message.contains("wordnet-base"));
}

void TestThesaurus::brokenFileIsRefused()
{
    const QTemporaryDir folder;
    const auto write = [&folder](const char* name, const QByteArray& bytes) {
        QFile file(folder.filePath(name));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(bytes);
    };
    write("index.noun", "cat n 1 0 1 0 00000500  \ndog n 1 0 1 0 00000000  \ngnu n 1 0 x 0 y\n");
    write("data.noun", "00000000 05 n zz cat\n");
    write("index.adj", "");
    write("data.adj", "");
    const Thesaurus broken(folder.path().toStdString());
    const auto noun = PartOfSpeech::Noun;
    QVERIFY_EXCEPTION_THROWN((void)broken.synset(broken.senses("cat", noun).front()), FormatError);
    QVERIFY_EXCEPTION_THROWN((void)broken.synset(broken.senses("dog", noun).front()), FormatError);
    QVERIFY_EXCEPTION_THROWN((void)broken.senses("gnu", noun), FormatError);
}

void TestThesaurus::classesAreGuessed_data()
{
    QTest::addColumn<QString>("name");
    const std::vector<std::pair<const char*, const char*>> rows{{"red", "colour"},
                                                                {"dark green", "colour"},
                                                                {"cerulean", "colour"},
                                                                {"vermilion", "colour"},
                                                                {"black and white", "colour"},
                                                                {"reddish", "colour"},
                                                                {"wooden", "material"},
                                                                {"corduroy", "material"},
                                                                {"titanium", "material"},
                                                                {"tweed", "material"},
                                                                {"striped", "pattern"},
                                                                {"large", "size"},
                                                                {"colossal", "size"},
                                                                {"gargantuan", "size"},
                                                                {"lofty", "size"},
                                                                {"ovate", "shape"},
                                                                {"cracked", "state"},
                                                                {"unzipped", "state"},
                                                                {"soggy", "state"},
                                                                {"grimy", "state"},
                                                                {"parked", "state"},
                                                                {"left", "position"},
                                                                {"leftmost", "position"},
                                                                {"two", "other"},
                                                                {"xyzzy", "other"},
                                                                {"", "other"}};
    for (const auto& [word, name] : rows) {
        QTest::newRow(word) << QString(name);
    }
}

void TestThesaurus::classesAreGuessed()
{
    QFETCH(QString, name);
    QCOMPARE(QString::fromStdString(className(m_classes->classOf(QTest::currentDataTag()))), name);
}

void TestThesaurus::classNamesComeBack()
{
    for (std::size_t i = 0; i < kAttributeClasses; ++i) {
        QVERIFY(classNamed(className(AttributeClass(i))) == AttributeClass(i));
    }
    QVERIFY(!classNamed("mood") && !classNamed(""));
}

void TestThesaurus::badListsAreRefused()
{
    const auto words = readAttributeClasses("# nothing\n\nsize: big, small # both\r\nstate:\n");
    QCOMPARE(words.size(), std::size_t(2));
    QVERIFY(words.at("small") == AttributeClass::Size);
    for (const char* bad : {"size: big\nmood: sad", "size big", "\nwet"}) {
        const QString message =
            tagalign::test::messageOf([bad] { (void)readAttributeClasses(bad); });
        QVERIFY2(message.startsWith("line"), bad);
    }
}

void TestThesaurus::synonymsAreOffered()
{
    const auto found =
        suggestMerges({object("cab", {1, 2}), object("taxi", {2, 3, 4}), object("dog", {9}),
                       attribute("grey", {1}), attribute("gray", {5})},
                      *m_thesaurus);
    QCOMPARE(found.size(), std::size_t(2));
    QCOMPARE(found[0].tags, (std::vector<std::size_t>{1, 0})); // most images first
    QCOMPARE(found[0].images, std::size_t(4));
    QVERIFY(found[0].meaning.find("passengers") != std::string::npos);
    QCOMPARE(found[1].tags, (std::vector<std::size_t>{3, 4}));
}

void TestThesaurus::otherMeaningsAreNoSynonyms()
{
    // "car" and "machine" share a synset, but it is a rare sense of "machine"; "light" is both.
    QVERIFY(suggestMerges({object("car", {1}), object("machine", {2}), object("light", {3}),
                           attribute("light", {3}), object("dog", {1}), object("cat", {1})},
                          *m_thesaurus)
                .empty());
}

std::optional<RollUpSuggestion>
TestThesaurus::rollUpTo(const QString& parent, const std::vector<VocabularyEntry>& tags) const
{
    for (const auto& each : suggestRollUps(tags, *m_thesaurus, *m_classes)) {
        if (each.parent == parent.toStdString()) {
            return each;
        }
    }
    return std::nullopt;
}

void TestThesaurus::hypernymsGatherTheirTags()
{
    const std::vector<VocabularyEntry> tags{object("poodle", {1, 2}), object("beagle", {3}),
                                            object("dog", {1, 4}), object("table", {7}),
                                            object("chair", {8})};
    const auto dog = rollUpTo("dog", tags);
    QVERIFY(dog.has_value());
    QCOMPARE(dog->tags, (std::vector<std::size_t>{0, 1}));
    QVERIFY(dog->parentTag == std::size_t(2));
    QCOMPARE(dog->images, std::size_t(4));
    QCOMPARE(dog->gained, std::size_t(2)); // image 1 has it, 4 too
    const auto furniture = rollUpTo("furniture", tags);
    QVERIFY(furniture && !furniture->parentTag);
    QCOMPARE(furniture->gained, std::size_t(2));
}

void TestThesaurus::attributesRollUpWithinTheirClass()
{
    const std::vector<VocabularyEntry> tags{attribute("scarlet", {1}), attribute("crimson", {2}),
                                            attribute("red", {3}),     attribute("denim", {4}),
                                            attribute("velvet", {5}),  attribute("big", {6})};
    const auto red = rollUpTo("red", tags);
    QVERIFY(red.has_value());
    QVERIFY(red->parentTag == std::size_t(2));
    QCOMPARE(red->gained, std::size_t(2));
    for (const auto& each : suggestRollUps(tags, *m_thesaurus, *m_classes)) {
        QVERIFY2(each.parent.find("color") == std::string::npos, each.parent.c_str());
    }
}

void TestThesaurus::generalWordsAreNotOffered()
{
    const std::vector<VocabularyEntry> tags{object("dog", {1}), object("table", {2}),
                                            object("tree", {3}), object("car", {4}),
                                            object("man", {5})};
    for (const auto& each : suggestRollUps(tags, *m_thesaurus, *m_classes)) {
        for (const char* general : {"object", "artifact", "organism", "whole", "entity"}) {
            QVERIFY2(each.parent != general, general);
        }
    }
}

void TestThesaurus::whatCountsAlreadyIsNotOffered()
{
    std::vector<VocabularyEntry> tags{object("poodle", {1}), object("beagle", {2}),
                                      object("dog", {3})};
    tags[0].hasParent = true;
    const auto one = rollUpTo("dog", tags);
    QVERIFY(one.has_value());
    QCOMPARE(one->tags, std::vector<std::size_t>{1});
    tags[2].images = {1, 2, 3};
    QVERIFY(!rollUpTo("dog", tags)); // no image would be gained
}

void TestThesaurus::hypernymsOfOneWord()
{
    const auto of = [this](const char* word, TagKind kind) {
        return hypernymsOf(word, kind, *m_thesaurus, *m_classes);
    };
    const auto poodle = of("poodle", TagKind::Object);
    QCOMPARE(poodle.front(), std::string("dog"));
    QCOMPARE(of("scarlet", TagKind::Attribute), std::vector<std::string>{"red"});
    QVERIFY(of("xyzzy", TagKind::Object).empty());
    QVERIFY(of("", TagKind::Attribute).empty());
}

void TestThesaurus::nothingIsOfferedOfNothing()
{
    QVERIFY(suggestMerges({}, *m_thesaurus).empty());
    QVERIFY(suggestRollUps({}, *m_thesaurus, *m_classes).empty());
    QVERIFY(suggestRollUps({object("dog", {})}, *m_thesaurus, *m_classes).empty());
}

QTEST_GUILESS_MAIN(TestThesaurus)
#include "tst_thesaurus.moc"
