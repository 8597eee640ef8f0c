#include "model/tags/learned/CaptionAligner.h"
#include "model/tags/learned/CaptionGenerator.h"
#include "model/tags/learned/LearnedCaptionParser.h"
#include "model/tags/learned/ParserTraining.h"
#include "tests/model/MessageOf.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace tagalign::model;
using tagalign::test::messageOf;
using tags::AnnotatedCaption;
using tags::LabelledCaption;
using tags::ParserVocabulary;
using tags::WordLabel;

namespace {

/// "a O:red>car": each labelled word with its label and, for attributes, its owner's word.
QString summary(const LabelledCaption& caption)
{
    static const QStringList marks{"", "O:", "o:", "A:", "a:", "X:", "x:"};
    QStringList words;
    for (std::size_t i = 0; i < caption.words.size(); ++i) {
        QString word =
            marks[int(caption.labels[i])] + QString::fromStdString(caption.words[i].text);
        if (caption.owners[i]) {
            word += ">" + QString::fromStdString(caption.words[*caption.owners[i]].text);
        }
        words.append(word);
    }
    return words.join(' ');
}

QString write(const QTemporaryDir& folder, const QString& name, const QByteArray& content)
{
    QFile file(folder.filePath(name));
    return file.open(QIODevice::WriteOnly) && file.write(content) == content.size()
               ? file.fileName()
               : QString();
}

QByteArray contentOf(const QString& name)
{
    QFile file(name);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace

/// What the learned parser is trained on, and that training learns.
class TestParserTraining : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void annotationsFindTheirWords_data();
    void annotationsFindTheirWords();
    void formsOfAnnotatorsAreLearned();
    void brokenAnnotationsAreRefused();
    void grammarTiesAttributesToTheirObjects_data();
    void grammarTiesAttributesToTheirObjects();
    void shippedGrammarIsWhole();
    void brokenGrammarIsRefused();
    void joinedCaptionsKeepTheirOwners();
    void misspeltWordsFindTheirNearest_data();
    void misspeltWordsFindTheirNearest();
    void vocabularySurvivesItsText();
    void calibrationMovesProbabilities();
    void trainingLearnsAndRepeats();
    void cancelledTrainingWritesNothing();

private:
    const tags::WordNet m_wordNet;
};

void TestParserTraining::annotationsFindTheirWords_data()
{
    QTest::addColumn<QString>("caption");
    QTest::addColumn<QStringList>("objects");
    QTest::addColumn<QStringList>("attributes"); ///< "red>car"
    QTest::addColumn<QString>("expected");
    QTest::newRow("plain") << "a red car" << QStringList{"car"} << QStringList{"red>car"}
                           << "a A:red>car O:car";
    QTest::newRow("compound before its word")
        << "tree trunk near a tree" << QStringList{"tree", "tree trunk"} << QStringList{}
        << "O:tree o:trunk near a O:tree";
    QTest::newRow("number") << "two dogs" << QStringList{"dogs"} << QStringList{"2>dogs"}
                            << "A:two>dogs O:dogs";
    QTest::newRow("apart") << "a cell phone" << QStringList{"cellphone"} << QStringList{}
                           << "a O:cell o:phone";
    QTest::newRow("misspelt") << "a raquet" << QStringList{"racket"} << QStringList{}
                              << "a O:raquet";
    QTest::newRow("nearest of two")
        << "white cat and white dog" << QStringList{"cat", "dog"}
        << QStringList{"white>dog", "white>cat"} << "A:white>cat O:cat and A:white>dog O:dog";
    QTest::newRow("place") << "lamp on the left" << QStringList{"lamp"}
                           << QStringList{"on the left>lamp"} << "O:lamp on the A:left>lamp";
    QTest::newRow("denied") << "sky without clouds" << QStringList{"sky"} << QStringList{}
                            << "O:sky without X:clouds";
    QTest::newRow("not there") << "a car" << QStringList{"zebra"} << QStringList{"red>zebra"}
                               << "a car";
}

void TestParserTraining::annotationsFindTheirWords()
{
    QFETCH(QString, caption);
    QFETCH(QStringList, objects);
    QFETCH(QStringList, attributes);
    QFETCH(QString, expected);
    AnnotatedCaption annotated{caption.toStdString(), {}, {}};
    for (const QString& object : objects) {
        annotated.objects.push_back(object.toStdString());
    }
    for (const QString& attribute : attributes) {
        const QStringList parts = attribute.split('>');
        annotated.attributes.emplace_back(parts[1].toStdString(), parts[0].toStdString());
    }
    const tags::CaptionAligner aligner({annotated}, m_wordNet);
    QCOMPARE(summary(aligner.align(annotated)), expected);
}

void TestParserTraining::formsOfAnnotatorsAreLearned()
{
    std::vector<AnnotatedCaption> captions;
    for (int i = 0; i < 8; ++i) {
        captions.push_back(
            {"a guy with two cell phones", {"person", "cellphones"}, {{"cellphones", "2"}}});
    }
    const tags::CaptionAligner aligner(captions, m_wordNet);
    QCOMPARE(aligner.objectForms().at("cell phones"), std::string("cellphones"));
    QCOMPARE(aligner.objectForms().at("guy"), std::string("person"));
    QCOMPARE(aligner.attributeForms().at("two"), std::string("2"));
    QCOMPARE(summary(aligner.align(captions.front())),
             QString("a O:guy with A:two>phones O:cell o:phones"));
}

void TestParserTraining::brokenAnnotationsAreRefused()
{
    const QTemporaryDir folder;
    const auto reasonOf = [&](const QByteArray& content) {
        const auto file = write(folder, "captions.jsonl", content).toStdString();
        return messageOf([&] { (void)tags::readAnnotatedCaptions(file); });
    };
    const QByteArray good = R"({"caption": "a", "objects": [], "attributes": []})";
    QVERIFY(reasonOf(good + "\n").isEmpty());
    QVERIFY(reasonOf(good + "\n{").contains("line 2"));
    QVERIFY(reasonOf(R"({"caption": "a", "objects": "b", "attributes": []})").contains("line 1"));
    QVERIFY(reasonOf("").contains("no captions"));
    QVERIFY(messageOf([&] {
                (void)tags::readAnnotatedCaptions(folder.filePath("none").toStdString());
            }).contains("none"));
}

void TestParserTraining::grammarTiesAttributesToTheirObjects_data()
{
    QTest::addColumn<QByteArray>("rules");
    QTest::addColumn<QString>("expected");
    QTest::newRow("own object") << QByteArray(R"("start": ["a red/A car/O"])")
                                << "a A:red>car O:car";
    QTest::newRow("of a rule") << QByteArray(R"("start": ["{x} is wet/A"], "x": ["the car/O"])")
                               << "the O:car is A:wet>car";
    QTest::newRow("compound") << QByteArray(R"("start": ["{x}/O"], "x": ["tea pot"])")
                              << "O:tea o:pot";
    QTest::newRow("plural") << QByteArray(R"("start": ["no {x+s}/X"], "x": ["box"])")
                            << "no X:boxes";
    QTest::newRow("two phrases") << QByteArray(R"("start": ["{x} , {x}"], "x": ["red/A car/O"])")
                                 << "A:red>car O:car , A:red>car O:car";
    QTest::newRow("apostrophe") << QByteArray(R"("start": ["men's/A hat/O"])")
                                << "A:men>hat a:'s>hat O:hat";
}

void TestParserTraining::grammarTiesAttributesToTheirObjects()
{
    QFETCH(QByteArray, rules);
    QFETCH(QString, expected);
    const QTemporaryDir folder;
    const auto file = write(folder, "grammar.json", "{" + rules + "}").toStdString();
    QCOMPARE(summary(tags::CaptionGenerator(file, m_wordNet, 1).next()), expected);
}

void TestParserTraining::shippedGrammarIsWhole()
{
    const std::string file = TAGALIGN_RESOURCES "/parser/grammar.json";
    tags::CaptionGenerator first(file, m_wordNet, 3);
    tags::CaptionGenerator second(file, m_wordNet, 3);
    int labelled = 0;
    for (int i = 0; i < 500; ++i) {
        const LabelledCaption caption = first.next();
        QCOMPARE(summary(second.next()), summary(caption));
        QCOMPARE(caption.labels.size(), caption.words.size());
        for (std::size_t word = 0; word < caption.words.size(); ++word) {
            labelled += caption.labels[word] == WordLabel::None ? 0 : 1;
            if (caption.owners[word]) {
                const WordLabel owner = caption.labels[*caption.owners[word]];
                QVERIFY(owner == WordLabel::ObjectBegin || owner == WordLabel::ObjectInside);
            }
        }
    }
    QVERIFY(labelled > 1000);
}

void TestParserTraining::brokenGrammarIsRefused()
{
    const QTemporaryDir folder;
    const auto reasonOf = [&](const QByteArray& content) {
        const auto file = write(folder, "grammar.json", content).toStdString();
        return messageOf([&] { const tags::CaptionGrammar grammar(file, m_wordNet); });
    };
    QVERIFY(reasonOf("[").contains("grammar.json"));
    QVERIFY(reasonOf(R"({"other": ["a"]})").contains("start"));
    QVERIFY(reasonOf(R"({"start": ["{missing}"]})").contains("missing"));
    QVERIFY(reasonOf(R"({"start": []})").contains("empty"));
    QVERIFY(reasonOf(R"({"start": "a"})").contains("grammar.json"));
}

void TestParserTraining::joinedCaptionsKeepTheirOwners()
{
    const AnnotatedCaption car{"a red car", {"car"}, {{"car", "red"}}};
    const tags::CaptionAligner aligner({car}, m_wordNet);
    LabelledCaption joined = aligner.align(car);
    append(joined, aligner.align(car), ", and ");
    QCOMPARE(joined.text, std::string("a red car, and a red car"));
    QCOMPARE(summary(joined), QString("a A:red>car O:car , and a A:red>car O:car"));
    QCOMPARE(joined.owners[6].value(), std::size_t(7));
    QCOMPARE(joined.text.substr(joined.words[7].span.start, joined.words[7].span.length),
             std::string("car"));
}

void TestParserTraining::misspeltWordsFindTheirNearest_data()
{
    QTest::addColumn<QString>("word");
    QTest::addColumn<QString>("nearest");
    QTest::newRow("letter missing") << "yelow"
                                    << "yellow";
    QTest::newRow("letter too many") << "yelllow"
                                     << "yellow";
    QTest::newRow("other letter") << "yollow"
                                  << "yellow";
    QTest::newRow("exchanged") << "wodoen"
                               << "wooden";
    QTest::newRow("the more frequent") << "houzse"
                                       << "house";
    QTest::newRow("other first letter") << "bellow"
                                        << "";
    QTest::newRow("two edits") << "yolow"
                               << "";
    QTest::newRow("short") << "rad"
                           << "";
    QTest::newRow("empty") << ""
                           << "";
}

void TestParserTraining::misspeltWordsFindTheirNearest()
{
    QFETCH(QString, word);
    QFETCH(QString, nearest);
    const ParserVocabulary vocabulary({"house", "yellow", "wooden", "red", "houze"}, {}, {});
    QCOMPARE(QString::fromStdString(std::string(vocabulary.nearest(word.toStdString()))), nearest);
}

void TestParserTraining::vocabularySurvivesItsText()
{
    ParserVocabulary vocabulary({"cat", "dog"}, {{"guy", "person"}}, {{"two", "2"}});
    vocabulary.objectCalibration = {0.5, -0.25};
    const ParserVocabulary read = ParserVocabulary::fromText(vocabulary.toText());
    QCOMPARE(read.size(), 4);
    QCOMPARE(read.idOf("dog"), ParserVocabulary::kFirstWord + 1);
    QCOMPARE(read.idOf("zebra"), ParserVocabulary::kUnknown);
    QCOMPARE(*read.objectForm("guy"), std::string("person"));
    QVERIFY(read.attributeForm("three") == nullptr);
    QCOMPARE(read.objectCalibration.scale, 0.5);
    QCOMPARE(read.objectCalibration.shift, -0.25);
    QVERIFY(!messageOf([] { (void)ParserVocabulary::fromText("{}"); }).isEmpty());
}

void TestParserTraining::calibrationMovesProbabilities()
{
    QCOMPARE(tags::Calibration{}.probability(0.8), 0.8F);
    // logit(0.8) = ln 4; halved: ln 2, the logit of 2/3.
    QVERIFY(std::abs((tags::Calibration{0.5, 0.0}.probability(0.8)) - 2.0F / 3.0F) < 1e-6F);
    QVERIFY(tags::Calibration{}.probability(0.0) > 0.0F);
}

void TestParserTraining::trainingLearnsAndRepeats()
{
    const QTemporaryDir folder;
    QByteArray lines;
    for (const char* color : {"red", "blue", "green", "old"}) {
        for (const char* noun : {"car", "house", "hat", "chair", "dog", "boat", "tree", "cup"}) {
            const QByteArray text = QByteArray("a ") + color + " " + noun;
            lines += R"({"caption": ")" + text + R"(", "objects": [")" + noun +
                     R"("], "attributes": [[")" + noun + R"(", ")" + color + "\"]]}\n";
        }
    }
    tags::ParserTrainingSettings settings;
    settings.captions = write(folder, "captions.jsonl", lines).toStdString();
    settings.grammar =
        write(folder, "grammar.json", R"({"start": ["a small/A dog/O"]})").toStdString();
    settings.epochs = 12;
    settings.batchSize = 4;
    settings.generated = 8;
    settings.heldOutShare = 0.1;
    std::vector<double> losses;
    const auto remember = [&losses](const tags::ParserEpoch& epoch) {
        losses.push_back(epoch.loss);
        return Next::Continue;
    };
    const QString first = folder.filePath("first.safetensors");
    const QString second = folder.filePath("second.safetensors");
    const tags::ParserFigures figures = tags::trainParser(settings, first.toStdString(), remember);
    QCOMPARE(losses.size(), std::size_t(12));
    QVERIFY(losses.back() < 0.5 * losses.front());
    QVERIFY(figures.objects > 0.7);
    (void)tags::trainParser(settings, second.toStdString(), remember);
    QVERIFY(contentOf(first) == contentOf(second)); // one thread, one seed
    const tags::LearnedCaptionParser parser(first.toStdString(), tags::WordNet());
    const auto parsed = parser.parse("a green chair");
    QCOMPARE(parsed.tags.size(), std::size_t(2));
    QCOMPARE(parsed.tags[0].lemma, std::string("green"));
    QCOMPARE(parsed.tags[0].owner.value(), std::size_t(1));
}

void TestParserTraining::cancelledTrainingWritesNothing()
{
    const QTemporaryDir folder;
    tags::ParserTrainingSettings settings;
    settings.captions =
        write(folder, "captions.jsonl",
              QByteArray(R"({"caption": "a cat", "objects": ["cat"], "attributes": []})"
                         "\n")
                  .repeated(40))
            .toStdString();
    settings.grammar = write(folder, "grammar.json", R"({"start": ["dog/O"]})").toStdString();
    settings.generated = 4;
    const QString out = folder.filePath("out.safetensors");
    const QString message = messageOf([&] {
        (void)tags::trainParser(settings, out.toStdString(),
                                [](const tags::ParserEpoch&) { return Next::Stop; });
    });
    QVERIFY(!message.isEmpty());
    QVERIFY(!QFile::exists(out));
}

QTEST_GUILESS_MAIN(TestParserTraining)
#include "tst_parser_training.moc"
