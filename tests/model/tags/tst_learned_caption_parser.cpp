#include "model/Error.h"
#include "model/tags/ParsedJson.h"
#include "model/tags/learned/LearnedCaptionParser.h"
#include "model/tags/learned/TagDecoder.h"
#include "tests/model/MessageOf.h"
#include "tests/model/tags/ParserChecks.h"

#include <nlohmann/json.hpp>

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <map>
#include <set>
#include <thread>

using namespace tagalign::model;
using tagalign::test::messageOf;
using tags::LearnedCaptionParser;
using tags::ParsedCaption;
using tags::TagKind;

namespace {

const QString kWeights = QStringLiteral(TAGALIGN_RESOURCES "/parser/parser.safetensors");

QByteArray contentOf(const QString& name)
{
    QFile file(name);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

/// "cat, box | red>cat | -dog": objects, attributes with their object, absences; each sorted.
QString summary(const ParsedCaption& parsed)
{
    QStringList objects;
    QStringList attributes;
    QStringList absences;
    for (const auto& tag : parsed.tags) {
        const QString name = QString::fromStdString(tag.lemma);
        if (tag.kind == TagKind::Object) {
            objects.append(name);
        } else {
            attributes.append(name + ">" +
                              QString::fromStdString(parsed.tags.at(tag.owner.value()).lemma));
        }
    }
    for (const auto& absence : parsed.absences) {
        absences.append("-" + QString::fromStdString(absence.lemma));
    }
    for (QStringList* part : {&objects, &attributes, &absences}) {
        part->sort();
        part->removeDuplicates();
    }
    return objects.join(", ") + " | " + attributes.join(", ") + " | " + absences.join(", ");
}

std::string lowerCase(const std::string& text)
{
    return QString::fromStdString(text).toLower().toStdString();
}

/// The last word, as the parser would write it: "stained glass windows" -> "window".
std::string headOf(const tags::WordNet& wordNet, const std::string& phrase)
{
    const std::size_t last = phrase.rfind(' ') + 1; // npos + 1 is 0
    return tags::objectLemma(lowerCase(phrase.substr(last)), wordNet);
}

struct Tally
{
    int right = 0;
    int found = 0;
    int wanted = 0;

    void add(const std::set<std::string>& predicted, const std::set<std::string>& annotated)
    {
        for (const std::string& item : predicted) {
            right += annotated.contains(item) ? 1 : 0;
        }
        found += int(predicted.size());
        wanted += int(annotated.size());
    }

    [[nodiscard]] double f1() const { return 2.0 * right / std::max(1, found + wanted); }
};

} // namespace

/// The learned parser as it is shipped: kinds of text by example, the annotated captions, and what
/// it must survive or refuse.
class TestLearnedCaptionParser : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void captionsGiveTheseTags_data();
    void captionsGiveTheseTags();
    void annotatedCaptionsAreRead();
    void batchesGiveWhatSingleCaptionsGive();
    void spansPointAtTheWords();
    void anyBytesAreSurvived();
    void longCaptionsAreRead();
    void threadsMayShareAParser();
    void jsonLineSaysWhatIsAbsent();
    void brokenWeightsAreRefused_data();
    void brokenWeightsAreRefused();

private:
    const LearnedCaptionParser m_parser{kWeights.toStdString(), tags::WordNet()};
};

void TestLearnedCaptionParser::captionsGiveTheseTags_data()
{
    QTest::addColumn<QString>("caption");
    QTest::addColumn<QString>("expected");
    const auto row = [](const char* kind, const char* caption, const char* expected) {
        QTest::addRow("%s: %s", kind, caption)
            << QString::fromUtf8(caption) << QString::fromUtf8(expected);
    };
    row("empty", "", " |  | ");
    row("empty", " \t ... !", " |  | ");
    row("single", "hedgehog", "hedgehog |  | ");
    row("single", "Teapot", "teapot |  | ");
    row("photo caption", "A man in a blue jacket rides a brown horse along a sandy beach.",
        "beach, horse, jacket, man | blue>jacket, brown>horse, sandy>beach | ");
    row("photo caption",
        "A little girl in a red coat feeds two white ducks while her mother watches from a bench.",
        "bench, coat, duck, girl, mother | 2>duck, little>girl, red>coat, white>duck | ");
    row("title", "Women's floral cotton dress",
        "dress | cotton>dress, floral>dress, women's>dress | ");
    row("title", "Stainless Steel Water Bottle", "water bottle | stainless steel>water bottle | ");
    row("description", "A soft wool blanket with a blue border.",
        "blanket, border | blue>border, soft>blanket, wool>blanket | ");
    row("note", "hairline crack near left screw", "crack, screw | hairline>crack, left>screw | ");
    row("note", "deep scratch on the rear panel", "panel, scratch | deep>scratch, rear>panel | ");
    row("negation", "no cars on the wet road", "road | wet>road | -car");
    row("negation", "a man without a hat", "man |  | -hat");
    row("coordination", "a black and white cat", "cat | black>cat, white>cat | ");
    row("coordination", "red and blue balls", "ball | blue>ball, red>ball | ");
    row("predicate", "the cat on the left is black", "cat | black>cat, left>cat | ");
    row("predicate", "the windows are broken", "window | broken>window | ");
    row("participle", "a parked car", "car | parked>car | ");
    row("number", "three small dogs", "dog | 3>dog, small>dog | ");
    row("size", "orange juice 500 ml", "orange juice | 500 ml>orange juice | ");
    row("position", "two blue cups on the left", "cup | 2>cup, blue>cup, left>cup | ");
    row("position", "a bird behind the chimney", "bird, chimney |  | ");
    row("brand", "Nike white running shoes",
        "running shoe | nike>running shoe, white>running shoe | ");
    row("capitals", "A RED TRUCK IN FRONT OF A GREY BUILDING",
        "building, truck | grey>building, red>truck | ");
    row("typo", "a yelow umbrella on a bench", "bench, umbrella | yellow>umbrella | ");
    row("emoji", "\xF0\x9F\x8D\x95 a large pizza \xF0\x9F\x8D\x84", "pizza | large>pizza | ");
    row("markup", "<p>A <b>green</b>&nbsp;bottle</p>", "bottle | green>bottle | ");
    row("demo", "two striped red mugs on the left and a large blue hat",
        "hat, mug | 2>mug, blue>hat, large>hat, left>mug, red>mug, striped>mug | ");
    row("demo", "product photo: a cracked green cup, free shipping",
        "cup | cracked>cup, green>cup | ");
    row("demo", "close-up of a rusty blue key next to a yellow banana, item no. 4471",
        "banana, key | blue>key, rusty>key, yellow>banana | ");
}

void TestLearnedCaptionParser::captionsGiveTheseTags()
{
    QFETCH(QString, caption);
    QFETCH(QString, expected);
    QCOMPARE(summary(m_parser.parse(caption.toStdString())), expected);
}

void TestLearnedCaptionParser::annotatedCaptionsAreRead()
{
    const tags::WordNet wordNet;
    std::map<std::string, Tally> tallies;
    const auto lines =
        contentOf(QFINDTESTDATA("../../data/tags/english_captions.jsonl")).trimmed().split('\n');
    QVERIFY(lines.size() >= 300);
    for (const QByteArray& line : lines) {
        const auto wanted = nlohmann::json::parse(line.toStdString());
        const ParsedCaption parsed = m_parser.parse(wanted["caption"].get<std::string>());
        std::set<std::string> objects;
        std::set<std::string> pairs;
        std::set<std::string> absences;
        for (const auto& tag : parsed.tags) {
            const std::string head =
                headOf(wordNet, parsed.tags.at(tag.owner.value_or(0)).lemma) + " " + tag.lemma;
            tag.owner ? pairs.insert(head) : objects.insert(headOf(wordNet, tag.lemma));
        }
        for (const auto& absence : parsed.absences) {
            absences.insert(headOf(wordNet, absence.lemma));
        }
        std::set<std::string> wantedObjects;
        std::set<std::string> wantedPairs;
        std::set<std::string> wantedAbsences;
        for (const auto& object : wanted["objects"]) {
            wantedObjects.insert(headOf(wordNet, object.get<std::string>()));
        }
        for (const auto& pair : wanted["attributes"]) {
            wantedPairs.insert(headOf(wordNet, pair[0].get<std::string>()) + " " +
                               lowerCase(pair[1].get<std::string>()));
        }
        for (const auto& absence : wanted["absent"]) {
            wantedAbsences.insert(headOf(wordNet, absence.get<std::string>()));
        }
        tallies["objects"].add(objects, wantedObjects);
        tallies["pairs"].add(pairs, wantedPairs);
        tallies["absences"].add(absences, wantedAbsences);
    }
    for (const auto& [name, tally] : tallies) {
        qInfo("%s: F1 %.3f", name.c_str(), tally.f1());
    }
    QVERIFY(tallies["objects"].f1() >= 0.94);
    QVERIFY(tallies["pairs"].f1() >= 0.88);
    QVERIFY(tallies["absences"].f1() >= 0.85);
}

void TestLearnedCaptionParser::batchesGiveWhatSingleCaptionsGive()
{
    const std::vector<std::string> captions{
        "a red car", "", "two dogs near a wooden bench and a boy with a long green scarf", "cat",
        "no boats on the calm lake"};
    const std::vector<ParsedCaption> together = m_parser.parseAll(captions);
    QCOMPARE(together.size(), captions.size());
    for (std::size_t i = 0; i < captions.size(); ++i) {
        const ParsedCaption alone = m_parser.parse(captions[i]);
        QCOMPARE(summary(together[i]), summary(alone));
        for (std::size_t tag = 0; tag < alone.tags.size(); ++tag) {
            // Products of other shapes round otherwise.
            QVERIFY(std::abs(together[i].tags[tag].confidence - alone.tags[tag].confidence) < 1e-4);
        }
    }
    QVERIFY(m_parser.parseAll({}).empty());
}

void TestLearnedCaptionParser::spansPointAtTheWords()
{
    QCOMPARE(tagalign::test::faultOfSpans(m_parser), QString());
}

void TestLearnedCaptionParser::anyBytesAreSurvived()
{
    const std::vector<std::string> captions = tagalign::test::anyBytes();
    const auto parsed = m_parser.parseAll(captions);
    for (std::size_t i = 0; i < captions.size(); ++i) {
        for (const auto& tag : parsed[i].tags) {
            QVERIFY(tag.span.start + tag.span.length <= captions[i].size());
            QVERIFY(!QString::fromStdString(tag.lemma).contains(QChar::ReplacementCharacter));
        }
        QVERIFY(nlohmann::json::accept(tags::parsedToJson(captions[i], parsed[i])));
    }
}

void TestLearnedCaptionParser::longCaptionsAreRead()
{
    std::string words;
    for (int i = 0; i < 5000; ++i) {
        words += "a red ball, ";
    }
    const ParsedCaption parsed = m_parser.parse(words);
    QVERIFY(parsed.tags.size() > 500); // of the first 2,000 words
    QCOMPARE(parsed.tags.front().lemma, std::string("red"));
}

void TestLearnedCaptionParser::threadsMayShareAParser()
{
    const std::string caption = "a black and white cat on a wooden chair";
    const QString expected = summary(m_parser.parse(caption));
    std::vector<QString> found(4);
    std::vector<std::thread> threads;
    for (QString& result : found) {
        threads.emplace_back([&] { result = summary(m_parser.parse(caption)); });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    for (const QString& result : found) {
        QCOMPARE(result, expected);
    }
}

void TestLearnedCaptionParser::jsonLineSaysWhatIsAbsent()
{
    const std::string caption = "no cars on the wet road";
    const auto line = nlohmann::json::parse(tags::parsedToJson(caption, m_parser.parse(caption)));
    QCOMPARE(line["absent"].dump(), std::string(R"(["car"])"));
    QCOMPARE(line["objects"].dump(), std::string(R"(["road"])"));
}

void TestLearnedCaptionParser::brokenWeightsAreRefused_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("reason");
    const QByteArray whole = contentOf(kWeights);
    QVERIFY(whole.size() > 100'000);
    QByteArray otherFormat = whole;
    otherFormat.replace("tagalign-parser-1", "tagalign-parser-9");
    QByteArray noVocabulary = whole;
    noVocabulary.replace("\"attribute_calibration\"", "\"attribute_calibratioX\"");
    QByteArray otherName = whole;
    otherName.replace("\"biaffine\"", "\"biaffinX\"");
    QTest::newRow("empty") << QByteArray() << "";
    QTest::newRow("no safetensors") << QByteArray("parser") << "";
    QTest::newRow("cut") << whole.left(whole.size() / 2) << "";
    QTest::newRow("cut by a byte") << whole.left(whole.size() - 1) << "";
    QTest::newRow("another form") << otherFormat << "tagalign-parser-1";
    QTest::newRow("broken vocabulary") << noVocabulary << "vocabulary";
    QTest::newRow("a tensor missing") << otherName << "biaffine";
}

void TestLearnedCaptionParser::brokenWeightsAreRefused()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QString, reason);
    const QTemporaryDir folder;
    const QString name = folder.filePath("parser.safetensors");
    QFile file(name);
    QVERIFY(file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size());
    file.close();
    const QString message =
        messageOf([&] { const LearnedCaptionParser parser(name.toStdString(), tags::WordNet()); });
    QVERIFY2(message.contains("parser.safetensors"), qPrintable(message));
    QVERIFY2(message.contains(reason), qPrintable(message));
}

QTEST_GUILESS_MAIN(TestLearnedCaptionParser)
#include "tst_learned_caption_parser.moc"
