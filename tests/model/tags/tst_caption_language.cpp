#include "model/tags/CaptionLanguage.h"

#include <QTest>

using namespace tagalign::model;

/// In which language a caption is written.
class TestCaptionLanguage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void captionsAreToldApart_data();
    void captionsAreToldApart();
    void invalidBytesAreSkipped();
};

void TestCaptionLanguage::captionsAreToldApart_data()
{
    QTest::addColumn<QString>("caption");
    QTest::addColumn<QString>("language");
    const auto row = [](const char* caption, const char* language) {
        QTest::newRow(caption) << QString::fromUtf8(caption) << QString::fromLatin1(language);
    };
    row("", "en");
    row("12 %", "en");
    row("a red apple", "en");
    row("un café crème", "en");
    row("赤いりんご", "ja");
    row("木製机", "ja");
    row("ﾃﾞｼﾞﾀﾙｶﾒﾗ", "ja");
    row("コーヒー", "ja");
    row("Nikon D750 デジタル一眼レフカメラ", "ja");
    row("a bowl of ramen under a sign that says ラーメン", "en");
    row("🍎 apple", "en");
    row("🍎 りんご", "ja");
}

void TestCaptionLanguage::captionsAreToldApart()
{
    QFETCH(QString, caption);
    QFETCH(QString, language);
    QCOMPARE(QString::fromLatin1(tags::captionLanguage(caption.toStdString())), language);
}

void TestCaptionLanguage::invalidBytesAreSkipped()
{
    QCOMPARE(tags::captionLanguage("\xFF\xE8"), "en");
    QCOMPARE(tags::captionLanguage("\xFF\xE8\xB5\xA4"), "ja"); // 赤
}

QTEST_GUILESS_MAIN(TestCaptionLanguage)
#include "tst_caption_language.moc"
