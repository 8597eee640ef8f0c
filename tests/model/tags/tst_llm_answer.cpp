#include "model/tags/Grounding.h"
#include "model/tags/LlmAnswer.h"

#include <nlohmann/json.hpp>

#include <QTest>

#include <functional>

using namespace tagalign::model::tags;

namespace {

const WordNet& wordNet()
{
    static const WordNet net;
    return net;
}

/// "cat@2+3 black>cat@.. animal?": each tag with its owner and span; '?' marks inferred ones.
std::string told(const LlmReading& reading)
{
    if (!reading.parsed) {
        return "problem: " + reading.problem;
    }
    std::string text;
    for (const ParsedTag& tag : reading.parsed->tags) {
        text += (text.empty() ? "" : " ") + tag.lemma;
        if (tag.owner) {
            text += '>' + reading.parsed->tags[*tag.owner].lemma;
        }
        if (tag.span.length > 0) {
            text += '@' + std::to_string(tag.span.start) + '+' + std::to_string(tag.span.length);
        }
        text += tag.inferred ? "?" : "";
    }
    return text;
}

std::string toldOf(const std::string& objects, const std::string& caption)
{
    const std::string answer = R"({"captions":[{"id":1,"objects":)" + objects + "}]}";
    return told(readLlmAnswer(answer, {caption}, wordNet()).front());
}

} // namespace

/// What a language model writes is read, grounded in the caption, or refused by name.
class TestLlmAnswer : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void schemaIsStrict();
    void tagsAreGroundedInTheWords_data();
    void tagsAreGroundedInTheWords();
    void malformedAnswersAreNamed_data();
    void malformedAnswersAreNamed();
    void wrappingsArePassedOver_data();
    void wrappingsArePassedOver();
    void captionsAreToldApartByTheirNumbers();
    void oneBadPartLeavesTheOthers();
    void keptPartIsReadAgainTheSame();
    void confidenceOfInferredTagsIsLower();
    void hugeListsAreRefused();
    void placesAreWholeWords();
};

/// Every object lists all of its properties as required and allows no others.
void TestLlmAnswer::schemaIsStrict()
{
    const std::function<void(const nlohmann::json&)> check = [&check](const nlohmann::json& node) {
        if (node.value("type", "") == "object") {
            QCOMPARE(node["additionalProperties"].get<bool>(), false);
            QCOMPARE(node["required"].size(), node["properties"].size());
            for (const auto& property : node["properties"]) {
                check(property);
            }
        } else if (node.value("type", "") == "array") {
            check(node["items"]);
        }
    };
    check(nlohmann::json::parse(llmAnswerSchema()));
}

void TestLlmAnswer::tagsAreGroundedInTheWords_data()
{
    QTest::addColumn<QString>("caption");
    QTest::addColumn<QString>("objects");
    QTest::addColumn<QString>("expected");
    const auto row = [](const char* name, const char* caption, const char* objects,
                        const char* expected) {
        QTest::newRow(name) << QString(caption) << QString(objects) << QString(expected);
    };
    row("plain", "a black cat", R"([{"name":"cat","words":"cat","attributes":
        [{"name":"black","words":"black"}]}])",
        "black>cat@2+5 cat@8+3");
    row("plural and capitals", "Two MEN", R"([{"name":"Man","words":"MEN","attributes":
        [{"name":"two","words":"Two"}]}])",
        "two>man@0+3 man@4+3");
    row("name left in the plural", "red apples",
        R"([{"name":"apples","words":"apples","attributes":[]}])", "apple@4+6");
    row("two of a kind", "a black cat and a white cat",
        R"([{"name":"cat","words":"cat","attributes":[{"name":"black","words":"black"}]},
            {"name":"cat","words":"cat","attributes":[{"name":"white","words":"white"}]}])",
        "black>cat@2+5 cat@8+3 white>cat@18+5 cat@24+3");
    row("one word for two attributes: the nearest", "a red ball and a red box",
        R"([{"name":"ball","words":"ball","attributes":[{"name":"red","words":"red"}]},
            {"name":"box","words":"box","attributes":[{"name":"red","words":"red"}]}])",
        "red>ball@2+3 ball@6+4 red>box@17+3 box@21+3");
    row("not in the caption", "a cat", R"([{"name":"zebra","words":"","attributes":[]}])",
        "zebra?");
    row("words that are not in the caption", "a cat",
        R"([{"name":"zebra","words":"striped zebra","attributes":[]}])", "zebra?");
    row("words that say something else", "a cat",
        R"([{"name":"zebra","words":"cat","attributes":[]}])", "zebra@2+3?");
    row("a more general name", "a puppy", R"([{"name":"dog","words":"puppy","attributes":[]}])",
        "dog@2+5?");
    row("wrong words, but the name is there", "a big dog",
        R"([{"name":"dog","words":"hound","attributes":[]}])", "dog@6+3");
    row("inside another word", "a carpet", R"([{"name":"car","words":"car","attributes":[]}])",
        "car?");
    row("several words", "a wooden dining table", R"([{"name":"dining tables",
        "words":"dining table","attributes":[{"name":"wooden","words":"wooden"}]}])",
        "wooden>dining table@2+6 dining table@9+12");
    row("half of the name is there", "a table",
        R"([{"name":"dining table","words":"table","attributes":[]}])", "dining table@2+5?");
    row("Japanese", "赤いりんご", R"([{"name":"りんご","words":"りんご","attributes":
        [{"name":"赤い","words":"赤い"}]}])",
        "赤い>りんご@0+6 りんご@6+9");
    row("the same twice", "a cat", R"([{"name":"cat","words":"cat","attributes":[]},
        {"name":"cat","words":"cat","attributes":[]}])",
        "cat@2+3");
    row("nothing", "hello", "[]", "");
}

void TestLlmAnswer::tagsAreGroundedInTheWords()
{
    QFETCH(QString, caption);
    QFETCH(QString, objects);
    QFETCH(QString, expected);
    QCOMPARE(QString::fromStdString(toldOf(objects.toStdString(), caption.toStdString())),
             expected);
}

void TestLlmAnswer::malformedAnswersAreNamed_data()
{
    QTest::addColumn<QByteArray>("answer");
    QTest::addColumn<QString>("problem");
    const auto row = [](const char* name, const QByteArray& answer, const char* problem) {
        QTest::newRow(name) << answer << QString(problem);
    };
    row("empty", "", "no whole JSON object");
    row("prose", "I see a cat.", "no whole JSON object");
    row("cut off", R"({"captions":[{"id":1,"objects":[{"name":"ca)", "no whole JSON object");
    row("cut off after a brace", R"({"captions":[{"id":1,"objects":[{"name":"cat"},{"na)",
        "no JSON (it breaks off");
    row("single quotes", "{'captions': []}", "no JSON");
    row("not UTF-8", "{\"captions\":[{\"id\":1,\"objects\":[{\"name\":\"c\xFFt\"}]}]}", "no JSON");
    row("another field", R"({"tags":["cat"]})", "\"captions\" is missing");
    row("no list", R"({"captions":{"id":1}})", "\"captions\" is no list");
    row("list of texts", R"({"captions":["cat"]})", "something else than objects");
    row("left out", R"({"captions":[]})", "leaves the caption out");
    row("other number", R"({"captions":[{"id":2,"objects":[]}]})", "leaves the caption out");
    row("number as text", R"({"captions":[{"id":"1","objects":[]}]})", "\"id\" is no number");
    row("negative number", R"({"captions":[{"id":-1,"objects":[]}]})", "\"id\" is no number");
    row("no objects", R"({"captions":[{"id":1}]})", "\"objects\" is missing");
    row("objects as texts", R"({"captions":[{"id":1,"objects":["cat"]}]})", "something else");
    row("no name", R"({"captions":[{"id":1,"objects":[{"words":"cat","attributes":[]}]}]})",
        "\"name\" is missing");
    row("name is null",
        R"({"captions":[{"id":1,"objects":[{"name":null,"words":"","attributes":[]}]}]})",
        "\"name\" is no text");
    row("empty name",
        R"({"captions":[{"id":1,"objects":[{"name":" ","words":"","attributes":[]}]}]})",
        "empty or longer");
    row("endless name",
        R"({"captions":[{"id":1,"objects":[{"name":")" + QByteArray(200, 'a') +
            R"(","words":"","attributes":[]}]}]})",
        "empty or longer");
    row("no attributes", R"({"captions":[{"id":1,"objects":[{"name":"cat","words":"cat"}]}]})",
        "\"attributes\" is missing");
}

void TestLlmAnswer::malformedAnswersAreNamed()
{
    QFETCH(QByteArray, answer);
    QFETCH(QString, problem);
    const auto readings = readLlmAnswer(answer.toStdString(), {"a cat"}, wordNet());
    QCOMPARE(readings.size(), std::size_t(1));
    QVERIFY(!readings.front().parsed);
    QVERIFY2(QString::fromStdString(readings.front().problem).contains(problem),
             readings.front().problem.c_str());
}

void TestLlmAnswer::wrappingsArePassedOver_data()
{
    QTest::addColumn<QString>("before");
    QTest::addColumn<QString>("after");
    QTest::newRow("nothing") << ""
                             << "";
    QTest::newRow("fences") << "```json\n"
                            << "\n```";
    QTest::newRow("prose") << "Here you are:\n"
                           << "\nAnything else?";
    QTest::newRow("thoughts") << "<think>{\"captions\": maybe}</think>\n"
                              << "";
    QTest::newRow("byte order mark") << QString(QChar(0xFEFF)) << "";
}

void TestLlmAnswer::wrappingsArePassedOver()
{
    QFETCH(QString, before);
    QFETCH(QString, after);
    const QString answer =
        before +
        R"({"captions":[{"id":1,"objects":[{"name":"cat","words":"cat","attributes":[]}]}]})" +
        after;
    QCOMPARE(told(readLlmAnswer(answer.toStdString(), {"a cat"}, wordNet()).front()),
             std::string("cat@2+3"));
}

void TestLlmAnswer::captionsAreToldApartByTheirNumbers()
{
    const auto readings = readLlmAnswer(
        R"({"captions":[{"id":2,"objects":[{"name":"dog","words":"dog","attributes":[]}]},
            {"id":1,"objects":[{"name":"cat","words":"cat","attributes":[]}]}]})",
        {"a cat", "the dog"}, wordNet());
    QCOMPARE(told(readings[0]), std::string("cat@2+3"));
    QCOMPARE(told(readings[1]), std::string("dog@4+3"));
}

void TestLlmAnswer::oneBadPartLeavesTheOthers()
{
    const auto readings = readLlmAnswer(
        R"({"captions":[{"id":1,"objects":[{"name":7}]},{"id":3,"objects":[]},
            {"id":4,"objects":[{"name":"cat","words":"cat","attributes":[]}]}]})",
        {"a", "b", "c", "a cat"}, wordNet());
    QVERIFY(!readings[0].parsed && !readings[1].parsed);
    QVERIFY(readings[2].parsed && readings[2].parsed->tags.empty());
    QCOMPARE(told(readings[3]), std::string("cat@2+3"));
}

void TestLlmAnswer::keptPartIsReadAgainTheSame()
{
    const LlmReading first = readLlmAnswer(
        R"({"captions":[{"id":1,"objects":[{"name":"cat","words":"cat","attributes":
            [{"name":"wild","words":""}]}]}]})",
        {"a cat"}, wordNet())[0];
    QCOMPARE(told(first), std::string("wild>cat? cat@2+3"));
    QCOMPARE(told(readLlmPart(first.text, "a cat", wordNet())), told(first));
    QVERIFY(!readLlmPart("{", "a cat", wordNet()).parsed);
    QVERIFY(!readLlmPart("[]", "a cat", wordNet()).parsed);
}

void TestLlmAnswer::confidenceOfInferredTagsIsLower()
{
    const LlmReading reading = readLlmAnswer(
        R"({"captions":[{"id":1,"objects":[{"name":"cat","words":"cat","attributes":
            [{"name":"wild","words":""}]}]}]})",
        {"a cat"}, wordNet())[0];
    const ParsedTag& wild = reading.parsed->tags[0];
    const ParsedTag& cat = reading.parsed->tags[1];
    QVERIFY(wild.inferred && !cat.inferred && wild.confidence < cat.confidence);
    QVERIFY(wild.confidence > 0.0F && cat.confidence <= 1.0F);
}

void TestLlmAnswer::hugeListsAreRefused()
{
    std::string objects = "[";
    for (int i = 0; i < 5000; ++i) {
        objects += (i > 0 ? "," : "") + (R"({"name":"thing )" + std::to_string(i)) +
                   R"(","words":"","attributes":[]})";
    }
    const std::string said = toldOf(objects + "]", "a cat");
    QVERIFY2(said.find("more than") != std::string::npos, said.c_str());
    const std::string deep(200'000, '[');
    QVERIFY(toldOf(deep, "a cat").starts_with("problem: "));
}

void TestLlmAnswer::placesAreWholeWords()
{
    QCOMPARE(placesOf("cat", "Cat, cat. concat cats CAT").size(), std::size_t(3));
    QVERIFY(placesOf("", "a cat").empty());
    QVERIFY(placesOf("...", "a cat...").empty());
    QCOMPARE(placesOf(" cat. ", "a cat").front().length, std::size_t(3));
    QCOMPARE(placesOf("りんご", "赤いりんごと青いりんご").size(), std::size_t(2));
}

QTEST_GUILESS_MAIN(TestLlmAnswer)
#include "tst_llm_answer.moc"
