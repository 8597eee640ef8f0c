#include "app/jobs/EvaluationFile.h"
#include "app/jobs/FairnessFindings.h"
#include "app/jobs/FairnessHtml.h"
#include "app/jobs/FigureAxis.h"
#include "app/pages/FairnessSection.h"
#include "db/ImageRepository.h"
#include "db/TagRepository.h"
#include "db/VerdictRepository.h"
#include "tests/app/support/Find.h"
#include "widgets/Theme.h"
#include "widgets/plot/IntervalDelegate.h"

#include <QGuiApplication>
#include <QImage>
#include <QPainter>
#include <QStandardItemModel>
#include <QTableWidget>
#include <QTemporaryDir>
#include <QTest>

#include <cmath>

using namespace tagalign;
using namespace tagalign::app;

namespace {

FairnessReport::Gap gap(const QString& found, double inside, double high)
{
    return {.groupKind = "attribute",
            .group = "red",
            .attributeClass = "colour",
            .found = found,
            .insideBefore = 0.9,
            .outsideBefore = 0.9,
            .insideAfter = inside,
            .outsideAfter = 0.92,
            .before = {-0.1, 0.1},
            .after = {-0.5, high},
            .change = {-0.5, 0.1},
            .inside = 18,
            .outside = 40,
            .tags = 3};
}

/// Two of its five findings are sure: red shirts, and apples taken for granted.
FairnessReport report()
{
    FairnessReport made{.isThere = true, .isMeasured = true, .rareGroups = 7, .rareSingles = 31};
    made.groups = {gap({}, 0.8, 0.02)};
    made.singles = {gap("shirt", 0.61, -0.12), gap("hat", 0.9, 0.3)};
    made.associations = {{"red", "apple", 12, 1.5, 0.4, {0.5, 2.5}}};
    made.rareAssociations = 3;
    made.shifts = {
        {"red", "apple", 20, 0.25, 0.25, 0.4, 0.02, 0.17, {-0.1, 0.1}, {0.05, 0.25}, {0.01, 0.3}}};
    made.amplification = {
        {"objects given attributes", 0.01, 0.02, {-0.01, 0.03}, {-0.01, 0.05}, {-0.02, 0.04}, 30}};
    return made;
}

/// Words of findings that are on screen.
QStringList shown(const QWidget& section)
{
    const auto* table = section.findChild<QTableWidget*>();
    QStringList words;
    for (int row = 0; row < table->rowCount(); ++row) {
        words.append(table->item(row, 0)->text());
    }
    return words;
}

/// One picture: its captions as the rules would read them, and what a person says of its tags.
class Pictures
{
public:
    explicit Pictures(db::Database& database)
        : m_database(database)
    {
    }

    /// @param captions the tags that each says. @param accepted by a person.
    void add(const QList<QStringList>& captions, const QStringList& accepted)
    {
        db::ImageRepository images(m_database.connection());
        const QString name = QString::number(++m_count);
        const db::ImageId image =
            images.add({.path = name, .sha256 = name, .width = 4, .height = 3});
        for (qsizetype i = 0; i < captions.size(); ++i) {
            images.addCaption(image, QString("caption %1").arg(i), "en");
            db::NewParse parse{.caption = images.captionsOf(image).last().id,
                               .image = image,
                               .parser = "rules",
                               .parserVersion = "1"};
            for (const QString& tag : captions.at(i)) {
                parse.candidates.append({.lemma = tag, .display = tag});
            }
            db::TagRepository(m_database.connection()).addParses({parse});
        }
        for (const auto& candidate :
             db::TagRepository(m_database.connection()).candidatesOf(image)) {
            if (accepted.contains(candidate.lemma)) {
                db::VerdictRepository(m_database.connection())
                    .decide({{candidate.id, db::State::Accepted, 1}}, "me");
            }
        }
    }

private:
    db::Database& m_database;
    int m_count = 0;
};

} // namespace

/// Fairness figures from storage to the sentences and pictures of the Report page.
class TestFairnessPage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void reportComesBackFromItsJson();
    void earlierRunsOpen();
    void sureFindingsComeFirst();
    void sentencesSayWhoIsFoundLess();
    void captionsThatLeaveOutAreFound();
    void oneCaptionTellsNothing();
    void pageShowsWhatIsSure();
    void pageSaysWhyThereIsNothing();
    void htmlHidesWhatIsNotSure();
    void whatMayBeChanceIsGrey_data();
    void whatMayBeChanceIsGrey();
};

void TestFairnessPage::reportComesBackFromItsJson()
{
    FairnessReport made = report();
    made.omissions = {{"objects", {}, 40, 0.3, {0.2, 0.4}}};
    made.unsaid = {{"attributes", "old", 9, 0.5, {0.3, 0.7}}};
    const QTemporaryDir folder;
    const Project project = Project::openOrCreate(folder.filePath("p.tagalign"));
    const db::Run run{.folder = "0001"};
    saveEvaluation(project, run, {{}, {}, made});
    const FairnessReport back = loadEvaluation(project, run).fairness;
    QVERIFY(back.isThere && back.isMeasured);
    QCOMPARE(toJson(back), toJson(made));
    QCOMPARE(back.singles.at(0).found, QString("shirt"));
    QCOMPARE(back.singles.at(0).after.high, -0.12);
    QCOMPARE(back.shifts.at(0).change.low, 0.01);
    QCOMPARE(back.unsaid.at(0).tag, QString("old"));
    QCOMPARE(back.rareSingles, 31);
}

void TestFairnessPage::earlierRunsOpen()
{
    const FairnessReport none = fairnessOf({});
    QVERIFY(!none.isThere);
    QVERIFY(toJson(none).isEmpty());
    QVERIFY(fairnessFindings(none).isEmpty());
    QVERIFY(fairnessRemarks(none).join(' ').contains("Evaluate it anew"));
}

void TestFairnessPage::sureFindingsComeFirst()
{
    const auto findings = fairnessFindings(report());
    QCOMPARE(findings.size(), 5);
    QVERIFY(findings.at(0).isSure);
    QVERIFY(findings.at(0).sentence.contains("shirt"));
    QVERIFY(!findings.at(1).isSure);
    QVERIFY(findings.at(3).isSure);
    QVERIFY(findings.at(3).sentence.contains("apple"));
    QVERIFY(std::abs(findings.at(0).last().value + 0.31) < 1e-12);
}

void TestFairnessPage::sentencesSayWhoIsFoundLess()
{
    const auto findings = fairnessFindings(report());
    QCOMPARE(findings.at(0).sentence,
             QString("“shirt” is found in 61 % of the pictures where it is "
                     "“red”, in 92 % of those where it is of another "
                     "colour."));
    QCOMPARE(
        findings.at(3).sentence,
        QString("On pictures with “red” the model says “apple” of 40 %, and it is there on 25 %: "
                "against the truth 17 points more than on other pictures. Fine-tuning made it "
                "worse."));
    QVERIFY(findings.at(3).isWorry(-0.1) && findings.at(3).isWorry(0.1)); // too rarely, too often
    QVERIFY(findings.at(0).isWorry(-0.1) && !findings.at(0).isWorry(0.1));
    FairnessReport language;
    language.groups = {{.groupKind = "language", .group = "ja", .insideAfter = 0.5}};
    QVERIFY(fairnessFindings(language).at(0).sentence.contains("captions in “ja”"));
    FairnessReport tag = report();
    tag.singles[0].group = "%3"; // a person may call a tag so
    QVERIFY(fairnessFindings(tag).at(0).sentence.contains("where it is “%3”, in 92 %"));
    const QString text = fairnessText(report());
    QVERIFY(text.contains("“shirt” is found in 61 %"));
    QVERIFY(!text.contains("“hat”"));
    QVERIFY(text.contains("7 groups and 31 single tags"));
}

/// Cats are said by both captions of 30 pictures; dogs, which are there too, by one alone.
void TestFairnessPage::captionsThatLeaveOutAreFound()
{
    db::Database database(":memory:");
    Pictures pictures(database);
    for (int i = 0; i < 30; ++i) {
        pictures.add({{"cat", "dog"}, {"cat"}}, {"cat", "dog"});
    }
    FairnessReport made{.isThere = true, .isMeasured = true};
    addReportingBias(made, database);
    QVERIFY(made.unsaid.isEmpty()); // nothing was proposed but by words
    QCOMPARE(made.omissions.size(), 3);
    const auto& objects = made.omissions.at(0);
    QVERIFY(objects.tag.isEmpty());
    QCOMPARE(objects.kind, QString("objects"));
    QCOMPARE(objects.pictures, 30);
    QCOMPARE(objects.share, 30.0 / 90.0); // cats: 2 chances a picture; dogs: 1
    QCOMPARE(made.omissions.at(1).tag, QString("dog"));
    QCOMPARE(made.omissions.at(1).share, 1.0);
    QCOMPARE(made.omissions.at(2).share, 0.0);
    const auto findings = fairnessFindings(made);
    QVERIFY(findings.at(0).sentence.contains("leaves out 33 % of the objects"));
    QVERIFY(findings.at(1).isSure); // dogs more than objects at large
    QVERIFY(!findings.at(2).isSure);
    QVERIFY(!findings.at(0).after);
    QVERIFY(fairnessRemarks(made).last().contains("false alert"));
}

void TestFairnessPage::oneCaptionTellsNothing()
{
    db::Database database(":memory:");
    Pictures pictures(database);
    for (int i = 0; i < 30; ++i) {
        pictures.add({{"cat", "dog"}}, {"cat", "dog"});
    }
    FairnessReport made{.isThere = true};
    addReportingBias(made, database);
    QVERIFY(made.omissions.isEmpty() && made.unsaid.isEmpty());
    QCOMPARE(made.rareOmissions, 0);
    QVERIFY(fairnessRemarks(made).last().contains("Import several captions a picture"));
}

void TestFairnessPage::pageShowsWhatIsSure()
{
    FairnessSection section;
    section.setReport(report());
    section.resize(900, 400);
    section.QWidget::show();
    QCOMPARE(section.title().remove('&'), QString("Fairness (2)"));
    QCOMPARE(shown(section).size(), 2);
    QVERIFY(shown(section).at(0).contains("shirt"));
    const auto* table = section.findChild<QTableWidget*>();
    const auto after = table->item(0, 2)
                           ->data(widgets::IntervalDelegate::kRole)
                           .value<widgets::IntervalDelegate::Interval>();
    QCOMPARE(after.high, -0.12);
    QVERIFY(after.isBetterRight);
    auto* all = tests::button(&section, "Show all: 3");
    QTest::mouseClick(all, Qt::LeftButton);
    QCOMPARE(shown(section).size(), 5);
    QTest::mouseClick(all, Qt::LeftButton);
    QCOMPARE(shown(section).size(), 2);
    QVERIFY(!section.grab().isNull());
}

void TestFairnessPage::pageSaysWhyThereIsNothing()
{
    FairnessSection section;
    section.setReport({});
    section.QWidget::show();
    QCOMPARE(section.title().remove('&'), QString("Fairness"));
    QVERIFY(!section.findChild<QTableWidget*>()->isVisible());
    QVERIFY(tests::texts(&section).contains("not measured"));
    section.setReport({.isThere = true, .isMeasured = false});
    QVERIFY(tests::texts(&section).contains("no validation image"));
    section.setReport({.isThere = true, .isMeasured = true, .rareGroups = 12});
    QVERIFY(tests::texts(&section).contains("none of the 12"));
}

void TestFairnessPage::htmlHidesWhatIsNotSure()
{
    FairnessReport made = report();
    made.singles[0].found = "<script>";
    const QString html = fairnessSection(made);
    QVERIFY(!html.contains("<script"));
    const qsizetype fold = html.indexOf("<details>");
    QVERIFY(html.indexOf("&lt;script&gt;") < fold);
    QVERIFY(html.indexOf("“hat”") > fold);
    QVERIFY(html.contains("PMI"));
    QVERIFY(fairnessSection({}).contains("Evaluate it anew"));
}

void TestFairnessPage::whatMayBeChanceIsGrey_data()
{
    QTest::addColumn<double>("low");
    QTest::addColumn<bool>("isWorse");
    QTest::addColumn<QString>("colour");
    QTest::newRow("may be chance") << -0.1 << false << "--quiet";
    QTest::newRow("may be chance, worse") << -0.1 << true << "--quiet";
    QTest::newRow("better") << 0.1 << false << "--accent";
    QTest::newRow("worse") << 0.1 << true << "--loss";
}

/// On screen and on paper: a value of 0.5 of at most 1, up to 0.9.
void TestFairnessPage::whatMayBeChanceIsGrey()
{
    QFETCH(double, low);
    QFETCH(bool, isWorse);
    QFETCH(QString, colour);
    const QString svg = intervalSvg(0.5, {low, 0.9}, 1.0, isWorse, 160);
    QVERIFY2(svg.contains("fill=\"var(" + colour + ")\""), qPrintable(svg));

    QStandardItemModel model(1, 1);
    model.setData(model.index(0, 0),
                  QVariant::fromValue(
                      widgets::IntervalDelegate::Interval{0.5, low, 0.9, 1.0, !isWorse, false}),
                  widgets::IntervalDelegate::kRole);
    QImage image(400, 31, QImage::Format_RGB32);
    image.fill(Qt::white);
    QStyleOptionViewItem option;
    option.rect = image.rect();
    option.palette = QGuiApplication::palette();
    option.palette.setColor(QPalette::PlaceholderText, QColor(91, 100, 112)); // not transparent
    QPainter painter(&image);
    widgets::IntervalDelegate delegate;
    delegate.paint(&painter, option, model.index(0, 0));
    painter.end();
    const QColor expected = colour == "--quiet" ? widgets::quietColor(option.palette)
                            : isWorse
                                ? widgets::stateColor(widgets::TagState::Rejected, option.palette)
                                : widgets::stateColor(widgets::TagState::Accepted, option.palette);
    // On the line left of the point: the axis begins at 8 and is 192 long.
    QCOMPARE(image.pixelColor(8 + 96 + 60, 15), expected);
}

QTEST_MAIN(TestFairnessPage)
#include "tst_fairness_page.moc"
