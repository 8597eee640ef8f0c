#include "model/Error.h"
#include "model/tags/ParsedJson.h"
#include "model/tags/RuleCaptionParser.h"
#include "tests/model/tags/ParserChecks.h"

#include <nlohmann/json.hpp>

#include <QTemporaryDir>
#include <QTest>

using namespace tagalign::model;
using tags::ParsedCaption;
using tags::TagKind;

/// The rules, by example, and what they must survive.
class TestRuleCaptionParser : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void captionsGiveTheseTags_data();
    void captionsGiveTheseTags();
    void spansPointAtTheWords();
    void anyBytesAreSurvived();
    void jsonLineHasTheAgreedForm();
    void baseFormsFollowWordNet_data();
    void baseFormsFollowWordNet();
    void missingDictionaryNamesThePackage();

private:
    const tags::RuleCaptionParser m_parser{tags::WordNet()};
};

namespace {

/// "cat, box | red>cat": objects, then attributes with their object.
QString summary(const ParsedCaption& parsed)
{
    QStringList objects;
    QStringList attributes;
    for (const auto& tag : parsed.tags) {
        const QString name = QString::fromStdString(tag.lemma);
        if (tag.kind == TagKind::Object) {
            objects.append(name);
        } else {
            attributes.append(name + ">" +
                              QString::fromStdString(parsed.tags.at(tag.owner.value()).lemma));
        }
    }
    return objects.join(", ") + " | " + attributes.join(", ");
}

} // namespace

void TestRuleCaptionParser::captionsGiveTheseTags_data()
{
    QTest::addColumn<QString>("caption");
    QTest::addColumn<QString>("expected");
    const auto row = [](const char* caption, const char* expected) {
        QTest::newRow(caption) << QString::fromUtf8(caption) << QString::fromUtf8(expected);
    };
    row("", " | ");
    row("a red car on the street", "car, street | red>car");
    row("A RED CAR ON THE STREET", "car, street | red>car");
    row("a black and white cat", "cat | black>cat, white>cat");
    row("the cat is black", "cat | black>cat");
    row("the cat on the left is black", "cat | black>cat");
    row("a parked car", "car | parked>car");
    row("two dogs near a wooden bench", "dog, bench | 2>dog, wooden>bench");
    row("a teddy bear on a chair", "teddy bear, chair | ");
    row("a trash can in the parking lot", "trash can, parking lot | ");
    row("no cars on the road", "road | ");
    row("a tall brick building", "building | tall>building, brick>building");
    row("leaves on a tree", "leaf, tree | ");
    row("<b>a green bottle</b>", "bottle | green>bottle");
    row("a rusty bolt, a cracked plate", "bolt, plate | rusty>bolt, cracked>plate");
    row("\xF0\x9F\x8D\x8E a red apple \xF0\x9F\x8D\x8E", "apple | red>apple");
}

void TestRuleCaptionParser::captionsGiveTheseTags()
{
    QFETCH(QString, caption);
    QFETCH(QString, expected);
    QCOMPARE(summary(m_parser.parse(caption.toStdString())), expected);
}

void TestRuleCaptionParser::spansPointAtTheWords()
{
    QCOMPARE(tagalign::test::faultOfSpans(m_parser), QString());
}

void TestRuleCaptionParser::anyBytesAreSurvived()
{
    for (const std::string& bytes : tagalign::test::anyBytes()) {
        for (const auto& tag : m_parser.parse(bytes).tags) {
            QVERIFY(tag.span.start + tag.span.length <= bytes.size());
        }
    }
    std::string words;
    for (int i = 0; i < 5000; ++i) {
        words += "red ball and ";
    }
    QVERIFY(!m_parser.parse(words).tags.empty());
}

void TestRuleCaptionParser::jsonLineHasTheAgreedForm()
{
    const std::string caption = "a red car";
    const auto line = nlohmann::json::parse(tags::parsedToJson(caption, m_parser.parse(caption)));
    QCOMPARE(line["caption"].get<std::string>(), caption);
    QCOMPARE(line["objects"].dump(), std::string(R"(["car"])"));
    QCOMPARE(line["attributes"].dump(), std::string(R"([["car","red"]])"));
    QCOMPARE(line["spans"].dump(), std::string("[[6,3],[2,3]]"));
    QCOMPARE(line["confidence"].size(), std::size_t(2));
    QVERIFY(nlohmann::json::accept(tags::parsedToJson("\xFF\xFE", {})));
}

void TestRuleCaptionParser::baseFormsFollowWordNet_data()
{
    QTest::addColumn<QString>("word");
    QTest::addColumn<int>("part");
    QTest::addColumn<QString>("base");
    QTest::newRow("leaves") << "leaves" << int(tags::PartOfSpeech::Noun) << "leaf";
    QTest::newRow("boxes") << "boxes" << int(tags::PartOfSpeech::Noun) << "box";
    QTest::newRow("women") << "women" << int(tags::PartOfSpeech::Noun) << "woman";
    QTest::newRow("running") << "running" << int(tags::PartOfSpeech::Verb) << "run";
    QTest::newRow("parked") << "parked" << int(tags::PartOfSpeech::Verb) << "park";
    QTest::newRow("no such word") << "qqzzx" << int(tags::PartOfSpeech::Noun) << "";
}

void TestRuleCaptionParser::baseFormsFollowWordNet()
{
    QFETCH(QString, word);
    QFETCH(int, part);
    QFETCH(QString, base);
    const tags::WordNet wordNet;
    const auto lemma = wordNet.lemma(word.toStdString(), tags::PartOfSpeech(part));
    QCOMPARE(QString::fromStdString(lemma.value_or("")), base);
}

void TestRuleCaptionParser::missingDictionaryNamesThePackage()
{
    const QTemporaryDir folder;
    QString message;
    try {
        const tags::WordNet wordNet(folder.path().toStdString());
    } catch (const Error& error) {
        message = error.what();
    }
    QVERIFY(message.contains("wordnet-base"));
}

QTEST_GUILESS_MAIN(TestRuleCaptionParser)
#include "tst_rule_caption_parser.moc"
