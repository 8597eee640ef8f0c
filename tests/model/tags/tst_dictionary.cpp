#include "model/Error.h"
#include "model/tags/Dictionary.h"
#include "model/tags/Gloss.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace tagalign::model;
using tags::Dictionary;
using tags::TagKind;

/// English for Japanese tags: glosses as EDICT writes them, and what is made of them. The entries
/// of the test are its own, in EDICT's form; the installed dictionary is asked for a few words.
class TestDictionary : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void shortestPlainSenseIsChosen_data();
    void shortestPlainSenseIsChosen();
    void verbsBecomeParticiples_data();
    void verbsBecomeParticiples();
    void commonEntryIsPreferred();
    void attributesAreAdjectives_data();
    void attributesAreAdjectives();
    void missingFileNamesThePackage();
    void foreignFileIsRefused();
    void installedDictionaryKnowsTheDemo_data();
    void installedDictionaryKnowsTheDemo();

private:
    [[nodiscard]] Dictionary dictionaryOf(const QByteArray& eucJp) const;

    QTemporaryDir m_folder;
};

namespace {

// EUC-JP, as the file is: 木 tree, 木製 wooden; 箱 [はこ]; 割れる; 塗る; 破損
constexpr const char* kEntries =
    "\xCC\xDA [\xA4\xAD] /(n) (1) tree/(n) (2) timber/(P)/\n"
    "\xCC\xDA\xC0\xBD [\xA4\xE2\xA4\xAF\xA4\xBB\xA4\xA4] /(n,adj-no) wooden/made of wood/(P)/\n"
    "\xB3\xE4\xA4\xEC\xA4\xEB [\xA4\xEF\xA4\xEC\xA4\xEB] /(v1,vi) to break/(P)/\n"
    "\xC5\xC9\xA4\xEB [\xA4\xCC\xA4\xEB] /(v5r,vt) to paint/to plaster/(P)/\n"
    "\xC7\xCB\xC2\xBB [\xA4\xCF\xA4\xBD\xA4\xF3] /(n,vs) damage/(P)/\n"
    "\xC8\xA2 [\xA4\xCF\xA4\xB3] /(n) (1) box/case/(n) (2) car (of a train, etc.)/(P)/\n"
    "\xC8\xA2 [\xA4\xD0\xA4\xB3] /(n) casket/\n";

} // namespace

Dictionary TestDictionary::dictionaryOf(const QByteArray& eucJp) const
{
    QFile file(m_folder.filePath("edict"));
    if (!file.open(QIODevice::WriteOnly) || file.write(eucJp) != eucJp.size()) {
        throw Error("the test's dictionary cannot be written");
    }
    file.close();
    return Dictionary(file.fileName().toStdString());
}

void TestDictionary::shortestPlainSenseIsChosen_data()
{
    QTest::addColumn<QString>("gloss");
    QTest::newRow("/(adj-i) (1) red/crimson/(P)/") << "red";
    QTest::newRow("(n) (1) cat (esp. the domestic cat)/(n) (2) geisha/(P)/") << "cat";
    QTest::newRow("(n) (1) (arch) footman/varlet/(n) (2) servant/") << "servant";
    QTest::newRow("(ok) (n) hollow/") << "";
    QTest::newRow("(n) (1) (sl) cop/(n) (2) glass/") << "glass";
    QTest::newRow("(suf,ctr) counter for books/(n) book/") << "book";
    QTest::newRow("(n) a very long way of saying it/short way/") << "short way";
    QTest::newRow("(v1,vi) to break/(P)/") << "to break";
    QTest::newRow("(n) (arch) footman/") << "";
    QTest::newRow("") << "";
    QTest::newRow("(((") << "";
}

void TestDictionary::shortestPlainSenseIsChosen()
{
    QFETCH(QString, gloss);
    QCOMPARE(QString::fromStdString(tags::shortGloss(QTest::currentDataTag())), gloss);
}

void TestDictionary::verbsBecomeParticiples_data()
{
    QTest::addColumn<QString>("participle");
    QTest::newRow("to break") << "broken";
    QTest::newRow("to become rusty") << "rusty";
    QTest::newRow("to sit") << "sitting";
    QTest::newRow("to run") << "running";
    QTest::newRow("to lie") << "lying";
    QTest::newRow("crack") << "cracked";
    QTest::newRow("to close") << "closed";
    QTest::newRow("to dry") << "dried";
    QTest::newRow("to chip") << "chipped";
    QTest::newRow("to pile up") << "piled up";
}

void TestDictionary::verbsBecomeParticiples()
{
    QFETCH(QString, participle);
    QCOMPARE(QString::fromStdString(tags::participle(QTest::currentDataTag())), participle);
}

void TestDictionary::commonEntryIsPreferred()
{
    const Dictionary dictionary = dictionaryOf(kEntries);
    QCOMPARE(dictionary.english("箱", TagKind::Object), "box");
    QCOMPARE(dictionary.english("はこ", TagKind::Object), "box");
    QCOMPARE(dictionary.english("ハコ", TagKind::Object), "box");
    QCOMPARE(dictionary.english("ばこ", TagKind::Object), "casket");
    QCOMPARE(dictionary.english("木", TagKind::Object), "tree");
    QVERIFY(!dictionary.english("犬", TagKind::Object));
    QVERIFY(!dictionary.english("", TagKind::Object));
}

void TestDictionary::attributesAreAdjectives_data()
{
    QTest::addColumn<QString>("english");
    QTest::newRow("木") << "wooden";
    QTest::newRow("割れる") << "broken";
    QTest::newRow("塗られる") << "painted";
    QTest::newRow("破損する") << "damaged";
    QTest::newRow("傷のある") << "scratched";
    QTest::newRow("上") << "top";
    QTest::newRow("2") << "two";
    QTest::newRow("12") << "12";
    QTest::newRow("犬") << "";
}

void TestDictionary::attributesAreAdjectives()
{
    QFETCH(QString, english);
    const auto found = dictionaryOf(kEntries).english(QTest::currentDataTag(), TagKind::Attribute);
    QCOMPARE(QString::fromStdString(found.value_or("")), english);
}

void TestDictionary::missingFileNamesThePackage()
{
    QString message;
    try {
        const Dictionary dictionary(m_folder.filePath("none").toStdString());
    } catch (const Error& error) {
        message = error.what();
    }
    QVERIFY(message.contains("none"));
    QVERIFY(message.contains("install the package edict"));
}

void TestDictionary::foreignFileIsRefused()
{
    QVERIFY_EXCEPTION_THROWN((void)dictionaryOf("no dictionary\n\xFF\xFE\x80"), Error);
    QVERIFY_EXCEPTION_THROWN((void)dictionaryOf("x /(\ny []/(n/\n["), Error);
}

void TestDictionary::installedDictionaryKnowsTheDemo_data()
{
    QTest::addColumn<int>("kind");
    QTest::addColumn<QString>("english");
    const auto row = [](const char* lemma, TagKind kind, const char* english) {
        QTest::newRow(lemma) << int(kind) << QString::fromLatin1(english);
    };
    row("りんご", TagKind::Object, "apple");
    row("リンゴ", TagKind::Object, "apple");
    row("南京錠", TagKind::Object, "padlock");
    row("Tシャツ", TagKind::Object, "T-shirt");
    row("ティーポット", TagKind::Object, "teapot");
    row("赤い", TagKind::Attribute, "red");
    row("紫", TagKind::Attribute, "purple");
    row("縞模様", TagKind::Attribute, "striped");
    row("革", TagKind::Attribute, "leather");
    row("静か", TagKind::Attribute, "quiet");
    row("折れる", TagKind::Attribute, "broken");
    row("積み上げられる", TagKind::Attribute, "piled up");
}

void TestDictionary::installedDictionaryKnowsTheDemo()
{
    QFETCH(int, kind);
    QFETCH(QString, english);
    static const Dictionary dictionary;
    const auto found = dictionary.english(QTest::currentDataTag(), TagKind(kind));
    QCOMPARE(QString::fromStdString(found.value_or("")), english);
}

QTEST_GUILESS_MAIN(TestDictionary)
#include "tst_dictionary.moc"
