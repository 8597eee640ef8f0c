#include "model/Error.h"
#include "model/tags/japanese/JapaneseCaptionParser.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

using namespace tagalign::model;
using tags::ParsedCaption;
using tags::TagKind;

/// The rules for Japanese, by captions that were annotated by hand, and what they must survive.
class TestJapaneseCaptionParser : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void annotatedCaptionsGiveTheseTags_data();
    void annotatedCaptionsGiveTheseTags();
    void lemmasAreDictionaryForms_data();
    void lemmasAreDictionaryForms();
    void spansPointAtTheWords_data();
    void spansPointAtTheWords();
    void anyBytesAreSurvived();
    void longCaptionsAreRead();
    void threadsMayShareAParser();
    void missingDictionaryNamesThePackage();

private:
    const tags::JapaneseCaptionParser m_parser{tags::MorphemeReader()};
};

namespace {

QString text(const std::string& utf8)
{
    return QString::fromStdString(utf8);
}

/// "猫, 箱 | 赤い>猫": objects, then attributes as they stand before their object; each sorted, as
/// an annotation has no order.
QString summary(const ParsedCaption& parsed)
{
    QStringList objects;
    QStringList attributes;
    for (const auto& tag : parsed.tags) {
        if (tag.kind == TagKind::Object) {
            objects.append(text(tag.lemma));
        } else {
            attributes.append(text(tag.display) + ">" +
                              text(parsed.tags.at(tag.owner.value()).lemma));
        }
    }
    objects.sort();
    attributes.sort();
    return objects.join(", ") + " | " + attributes.join(", ");
}

QString sorted(const QString& list)
{
    QStringList words = list.split(", ", Qt::SkipEmptyParts);
    words.sort();
    return words.join(", ");
}

} // namespace

void TestJapaneseCaptionParser::annotatedCaptionsGiveTheseTags_data()
{
    QTest::addColumn<QString>("expected");
    QTest::addColumn<QString>("problem");
    QFile file(TAGALIGN_SOURCE_DIR "/tests/data/tags/japanese_captions.tsv");
    QVERIFY(file.open(QIODevice::ReadOnly));
    while (!file.atEnd()) {
        QString line = QString::fromUtf8(file.readLine());
        line.chop(1);
        const QStringList fields = line.split('\t');
        QCOMPARE(fields.size(), 4);
        QTest::newRow(fields[0].toUtf8().constData())
            << sorted(fields[1]) + " | " + sorted(fields[2]) << fields[3];
    }
}

void TestJapaneseCaptionParser::annotatedCaptionsGiveTheseTags()
{
    QFETCH(QString, expected);
    QFETCH(QString, problem);
    if (!problem.isEmpty()) {
        QEXPECT_FAIL("", problem.toUtf8().constData(), Abort);
    }
    QCOMPARE(summary(m_parser.parse(QTest::currentDataTag())), expected);
}

void TestJapaneseCaptionParser::lemmasAreDictionaryForms_data()
{
    QTest::addColumn<QString>("lemma");
    const auto row = [](const char* caption, const char* lemma) {
        QTest::newRow(caption) << QString::fromUtf8(lemma);
    };
    row("赤かった車", "赤い");
    row("車は赤です", "赤い");
    row("赤色の車", "赤い");
    row("紫色の車", "紫");
    row("大きな箱", "大きい");
    row("割れたコップ", "割れる");
    row("割れているコップ", "割れる");
    row("コップが割れています", "割れる");
    row("塗られた壁", "塗られる");
    row("破損した箱", "破損する");
    row("静かな部屋", "静か");
    row("木の箱", "木");
    row("二つの箱", "2");
    row("十二本の鉛筆", "12");
    row("左の箱", "左");
    row("ひびの入った皿", "ひびのある");
}

void TestJapaneseCaptionParser::lemmasAreDictionaryForms()
{
    QFETCH(QString, lemma);
    const ParsedCaption parsed = m_parser.parse(QTest::currentDataTag());
    const auto attribute =
        std::find_if(parsed.tags.begin(), parsed.tags.end(),
                     [](const tags::ParsedTag& tag) { return tag.kind == TagKind::Attribute; });
    QVERIFY(attribute != parsed.tags.end());
    QCOMPARE(text(attribute->lemma), lemma);
}

void TestJapaneseCaptionParser::spansPointAtTheWords_data()
{
    QTest::addColumn<QString>("words");
    QTest::newRow("赤い木の箱") << "赤い|木|箱";
    QTest::newRow("🍎 <b>割れている</b>ﾃﾞｼﾞﾀﾙｶﾒﾗ") << "割れている|ﾃﾞｼﾞﾀﾙｶﾒﾗ";
    QTest::newRow("ＡＢＣカメラ　二つの皿") << "ＡＢＣカメラ|二つ|皿";
    QTest::newRow("木の下の猫") << "木|猫";
    QTest::newRow("傷のある皿") << "傷のある|皿";
}

void TestJapaneseCaptionParser::spansPointAtTheWords()
{
    QFETCH(QString, words);
    const std::string caption = QTest::currentDataTag();
    QStringList found;
    for (const auto& tag : m_parser.parse(caption).tags) {
        QVERIFY(tag.span.start + tag.span.length <= caption.size());
        found.append(text(caption.substr(tag.span.start, tag.span.length)));
        QVERIFY(tag.confidence > 0.0F && tag.confidence <= 1.0F);
    }
    QCOMPARE(found.join('|'), words);
}

void TestJapaneseCaptionParser::anyBytesAreSurvived()
{
    const std::string alphabet = "赤いりんごと木の箱が割れていない二つ、<b>";
    unsigned state = 1;
    for (int round = 0; round < 600; ++round) {
        std::string bytes;
        for (int i = 0; i < round; ++i) {
            state = state * 1664525U + 1013904223U;
            bytes +=
                round % 2 == 0 ? char(state >> 24U) : alphabet[(state >> 16U) % alphabet.size()];
        }
        const ParsedCaption parsed = m_parser.parse(bytes);
        for (const auto& tag : parsed.tags) {
            QVERIFY(tag.span.start + tag.span.length <= bytes.size());
            QVERIFY(!tag.lemma.empty());
            QCOMPARE(tag.owner.has_value(), tag.kind == TagKind::Attribute);
            QVERIFY(!tag.owner || parsed.tags.at(*tag.owner).kind == TagKind::Object);
        }
    }
}

void TestJapaneseCaptionParser::longCaptionsAreRead()
{
    std::string caption;
    for (int i = 0; i < 5000; ++i) {
        caption += "赤い玉と";
    }
    const ParsedCaption parsed = m_parser.parse(caption);
    QVERIFY(parsed.tags.size() > 1000);
    QCOMPARE(text(parsed.tags.front().lemma), QString::fromUtf8("赤い"));
}

void TestJapaneseCaptionParser::threadsMayShareAParser()
{
    const QString alone = summary(m_parser.parse("赤いりんごと木の箱"));
    std::vector<std::thread> threads;
    threads.reserve(4);
    std::atomic<int> wrong = 0;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&] {
            for (int i = 0; i < 200; ++i) {
                wrong += summary(m_parser.parse("赤いりんごと木の箱")) == alone ? 0 : 1;
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    QCOMPARE(wrong.load(), 0);
}

void TestJapaneseCaptionParser::missingDictionaryNamesThePackage()
{
    const QTemporaryDir folder;
    QString message;
    try {
        const tags::MorphemeReader reader(folder.path().toStdString());
    } catch (const Error& error) {
        message = error.what();
    }
    QVERIFY(message.contains(folder.path()));
    QVERIFY(message.contains("mecab-ipadic-utf8"));
}

QTEST_GUILESS_MAIN(TestJapaneseCaptionParser)
#include "tst_japanese_caption_parser.moc"
