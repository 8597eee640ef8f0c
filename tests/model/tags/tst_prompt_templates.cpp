#include "model/Error.h"
#include "model/tags/PromptTemplates.h"
#include "tests/model/MessageOf.h"

#include <QTest>

using namespace tagalign::model;
using namespace tagalign::model::tags;

/// Templates by class: what is put in, what is refused, what is stored.
class TestPromptTemplates : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void tagsAreFilledIn_data();
    void tagsAreFilledIn();
    void standardOnesAreGood();
    void classesHaveTheirOwn();
    void badTemplatesAreRefused_data();
    void badTemplatesAreRefused();
    void unknownGroupsAreRefused();
    void storedOnesComeBack();
    void brokenFilesAreRefused_data();
    void brokenFilesAreRefused();
};

void TestPromptTemplates::tagsAreFilledIn_data()
{
    QTest::addColumn<QString>("pattern");
    QTest::addColumn<QString>("tag");
    QTest::addColumn<QString>("text");
    QTest::newRow("plain") << "a photo of a {} thing"
                           << "red"
                           << "a photo of a red thing";
    QTest::newRow("vowel") << "a photo of a {}."
                           << "apple"
                           << "a photo of an apple.";
    QTest::newRow("at the start") << "a {} object."
                                  << "old"
                                  << "an old object.";
    QTest::newRow("capital") << "A {}"
                             << "old"
                             << "An old";
    QTest::newRow("no article") << "banana {}"
                                << "apple"
                                << "banana apple";
    QTest::newRow("alone") << "{}"
                           << "apple"
                           << "apple";
    QTest::newRow("braces in a tag") << "a {}!"
                                     << "{}"
                                     << "a {}!";
    QTest::newRow("Japanese") << "a photo of {}" << QString::fromUtf8("箱")
                              << QString::fromUtf8("a photo of 箱");
    QTest::newRow("empty tag") << "a {}."
                               << ""
                               << "a .";
}

void TestPromptTemplates::tagsAreFilledIn()
{
    QFETCH(QString, pattern);
    QFETCH(QString, tag);
    QFETCH(QString, text);
    QCOMPARE(
        QString::fromStdString(PromptTemplates::filled(pattern.toStdString(), tag.toStdString())),
        text);
}

void TestPromptTemplates::standardOnesAreGood()
{
    for (const TagKind kind : {TagKind::Object, TagKind::Attribute}) {
        PromptTemplates::check(PromptTemplates::standard(kind));
    }
}

void TestPromptTemplates::classesHaveTheirOwn()
{
    PromptTemplates templates;
    templates.set("colour", {"a {} coloured thing"});
    QCOMPARE(templates.of("colour"), PromptTemplates::List{"a {} coloured thing"});
    QVERIFY(!templates.isStandard("colour"));
    QCOMPARE(templates.of("material"), PromptTemplates::standard(TagKind::Attribute));
    QCOMPARE(templates.of(""), PromptTemplates::standard(TagKind::Attribute));
    QCOMPARE(templates.of("object"), PromptTemplates::standard(TagKind::Object));
    templates.set("colour", {});
    QVERIFY(templates.isStandard("colour"));
    templates.set("object", PromptTemplates::standard(TagKind::Object));
    QVERIFY(templates.isStandard("object"));
}

void TestPromptTemplates::badTemplatesAreRefused_data()
{
    QTest::addColumn<PromptTemplates::List>("list");
    QTest::addColumn<QString>("reason");
    QTest::newRow("no place") << PromptTemplates::List{"a {}", "a thing"}
                              << "\"a thing\" has no {}";
    QTest::newRow("two places") << PromptTemplates::List{"a {} {}"} << "has 2 {}";
    QTest::newRow("empty") << PromptTemplates::List{""} << "has no {}";
    QTest::newRow("none") << PromptTemplates::List{} << "1 to 16 templates";
    QTest::newRow("many") << PromptTemplates::List(17, "a {}") << "1 to 16 templates, not 17";
    QTest::newRow("long") << PromptTemplates::List{std::string(300, 'x') + "{}"} << "is longer";
}

void TestPromptTemplates::badTemplatesAreRefused()
{
    QFETCH(PromptTemplates::List, list);
    QFETCH(QString, reason);
    const QString message = tagalign::test::messageOf([&list] { PromptTemplates::check(list); });
    QVERIFY2(message.contains(reason), qPrintable(message));
}

void TestPromptTemplates::unknownGroupsAreRefused()
{
    PromptTemplates templates;
    QVERIFY_EXCEPTION_THROWN(templates.set("mood", {"a {}"}), RangeError);
    QVERIFY_EXCEPTION_THROWN(templates.set("", {"a {}"}), RangeError);
    QVERIFY_EXCEPTION_THROWN(templates.set("colour", {"a thing"}), RangeError);
    QVERIFY(templates.isStandard("colour"));
}

void TestPromptTemplates::storedOnesComeBack()
{
    PromptTemplates templates;
    QCOMPARE(templates.toJson(), std::string("{}"));
    templates.set("material", {"made of {}", "a \"{}\" \xE7\xAE\xB1"});
    const auto again = PromptTemplates::fromJson(templates.toJson());
    QCOMPARE(again.of("material"), templates.of("material"));
    QVERIFY(again.isStandard("colour"));
}

void TestPromptTemplates::brokenFilesAreRefused_data()
{
    QTest::addColumn<QString>("json");
    QTest::newRow("no JSON") << "{";
    QTest::newRow("a list") << "[]";
    QTest::newRow("numbers") << "{\"colour\": [1]}";
    QTest::newRow("no list") << "{\"colour\": 1}";
    QTest::newRow("bad template") << "{\"colour\": [\"a thing\"]}";
    QTest::newRow("unknown class") << "{\"mood\": [\"a {}\"]}";
}

void TestPromptTemplates::brokenFilesAreRefused()
{
    QFETCH(QString, json);
    QVERIFY_EXCEPTION_THROWN((void)PromptTemplates::fromJson(json.toStdString()), Error);
}

QTEST_GUILESS_MAIN(TestPromptTemplates)
#include "tst_prompt_templates.moc"
