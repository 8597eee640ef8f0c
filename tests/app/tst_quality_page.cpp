#include "app/MainWindow.h"
#include "app/jobs/QualityJob.h"
#include "app/pages/VerifyPage.h"
#include "db/TagRepository.h"
#include "tests/app/support/ReviewedPilot.h"
#include "widgets/QualityBar.h"
#include "widgets/TagChipBar.h"
#include "widgets/plot/LinePlot.h"

#include <QAction>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QMenu>
#include <QSettings>
#include <QSignalSpy>
#include <QSlider>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

using namespace tagalign;
using namespace tagalign::app;

namespace {

constexpr int kPatience = 60'000; ///< ms; machines are shared

} // namespace

/// The quality bar of the Verify page, by keys and clicks.
class TestQualityPage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void emptyBarSaysSo();
    void unknownPrecisionIsSaid();
    void tagsOfAnOpenedProjectAreChecked();
    void queueBeginsWithTheMostDoubtful();
    void nextImageHasAnOpenTag();
    void orderIsRemembered();
    void sliderSetsTheThresholdOfTheTraining();
    void plotOpensAndIsRemembered();
    void secondLookGoesToTheTag();
    void verdictsMoveTheFigures();
    void cleanupTestCase();

private:
    void openWindow()
    {
        m_window.reset();
        m_window = std::make_unique<MainWindow>();
        m_window->show();
        QVERIFY(m_window->openProject(m_project));
        m_window->showPage(MainWindow::kVerify);
    }

    [[nodiscard]] VerifyPage* verify() const
    {
        return static_cast<VerifyPage*>(m_window->page(MainWindow::kVerify));
    }

    [[nodiscard]] widgets::QualityBar* bar() const
    {
        return verify()->findChild<widgets::QualityBar*>();
    }

    /// What the project file says; the window's own thread may wait for it here.
    template <class Read>
    auto read(Read work) const
    {
        const db::Database database(m_project + "/project.sqlite");
        return work(database);
    }

    [[nodiscard]] QList<db::ImageId> pending() const
    {
        return read([](const db::Database& database) {
            return db::TagRepository(database.connection()).pendingByDoubt();
        });
    }

    QTemporaryDir m_folder;
    QString m_project;
    std::unique_ptr<MainWindow> m_window;
};

void TestQualityPage::initTestCase()
{
    QStandardPaths::setTestModeEnabled(true);
    QCoreApplication::setOrganizationName("TagAlignTest");
    QCoreApplication::setApplicationName(QFileInfo(m_folder.path()).fileName());
    QSettings().clear();
    m_project = m_folder.filePath("demo.tagalign");
    try {
        (void)tests::reviewedPilot(m_project, 40);
    } catch (const std::exception& error) {
        QSKIP(error.what());
    }
}

void TestQualityPage::emptyBarSaysSo()
{
    widgets::QualityBar empty;
    QCOMPARE(empty.text(), QString("No tags yet"));
    QVERIFY(!empty.findChild<QSlider*>()->isEnabled());
    for (const auto* button : empty.findChildren<QToolButton*>()) {
        QVERIFY(button->text() != QString("Second look (0)") || !button->isEnabled());
    }
}

void TestQualityPage::unknownPrecisionIsSaid()
{
    widgets::QualityBar some;
    QList<widgets::QualityRow> rows(101, {.precision = -1.0, .coverage = 0.5, .kept = 7});
    rows[50] = {.precision = 0.8, .low = 0.6, .high = 0.9, .coverage = 0.5, .reach = 0.7};
    some.setRows(rows, "from nothing");
    QVERIFY(some.text().contains("not known yet"));
    some.setThreshold(0.5);
    QVERIFY(some.text().contains("precision 0.80 (0.60 to 0.90)"));
    QVERIFY(some.text().contains("nothing known of 30 %"));
    QVERIFY(!some.grab().isNull()); // a plot with gaps is drawn
    some.togglePlot();
    QVERIFY(!some.grab().isNull());
}

/// The project was encoded, but its tags never compared with their pictures: that is made up for.
void TestQualityPage::tagsOfAnOpenedProjectAreChecked()
{
    openWindow();
    QTRY_VERIFY_WITH_TIMEOUT(read([this](const db::Database& database) {
                                 return !isUnchecked(Project::open(m_project), database);
                             }),
                             kPatience);
    QTRY_VERIFY_WITH_TIMEOUT(bar()->text().contains("precision 0."), kPatience);
    QVERIFY(bar()->text().contains("keeps"));
}

void TestQualityPage::queueBeginsWithTheMostDoubtful()
{
    QTRY_VERIFY_WITH_TIMEOUT(verify()->shownImage(), kPatience);
    QVERIFY(!bar()->isDoubtfulFirst());
    const auto order = pending();
    QVERIFY(order.size() > 3);
    QTest::keyClick(verify(), Qt::Key_O);
    QVERIFY(bar()->isDoubtfulFirst());
    QTRY_COMPARE_WITH_TIMEOUT(verify()->shownImage(), std::optional(order.first()), kPatience);
    const auto candidates = read([&order](const db::Database& database) {
        return db::TagRepository(database.connection())
            .candidatesOf(order.first(), db::Order::MostDoubtful);
    });
    const auto& chips = verify()->chips()->chips();
    QCOMPARE(chips.size(), candidates.size());
    for (qsizetype i = 0; i < chips.size(); ++i) {
        QCOMPARE(chips.at(i).text, candidates.at(i).display);
    }
    QVERIFY(chips.first().toolTip.contains("probability"));
    QTest::keyClick(verify(), Qt::Key_Right); // arrows follow the order
    QTRY_COMPARE_WITH_TIMEOUT(verify()->shownImage(), std::optional(order.at(1)), kPatience);
    QTest::keyClick(verify(), Qt::Key_Left);
    QTRY_COMPARE_WITH_TIMEOUT(verify()->shownImage(), std::optional(order.first()), kPatience);
}

void TestQualityPage::nextImageHasAnOpenTag()
{
    const auto image = verify()->shownImage();
    while (verify()->shownImage() == image) {
        QTest::keyClick(verify(), Qt::Key_Space);
        QTest::qWait(20);
    }
    QTRY_VERIFY_WITH_TIMEOUT(verify()->shownImage(), kPatience);
    QVERIFY(!pending().contains(*image));
    QVERIFY(pending().contains(*verify()->shownImage()));
}

void TestQualityPage::orderIsRemembered()
{
    openWindow();
    QVERIFY(bar()->isDoubtfulFirst());
    QTRY_COMPARE_WITH_TIMEOUT(verify()->shownImage(), std::optional(pending().first()), kPatience);
    QTest::keyClick(verify(), Qt::Key_O);
    QVERIFY(!bar()->isDoubtfulFirst());
    QTRY_VERIFY_WITH_TIMEOUT(verify()->shownImage(), kPatience);
}

void TestQualityPage::sliderSetsTheThresholdOfTheTraining()
{
    QTRY_VERIFY_WITH_TIMEOUT(bar()->text().contains("≥ 0.50"), kPatience);
    const QString before = bar()->text();
    auto* slider = bar()->findChild<QSlider*>();
    QTest::mouseClick(slider, Qt::LeftButton, {}, {slider->width() - 2, slider->height() / 2});
    const double threshold = bar()->threshold();
    QVERIFY(threshold > 0.5);
    QVERIFY(bar()->text() != before);
    const auto stored = [this] {
        return read([](const db::Database& database) { return confidenceThreshold(database); });
    };
    QTRY_COMPARE_WITH_TIMEOUT(stored(), threshold, kPatience);
    auto* spin = m_window->page(MainWindow::kTrain)->findChildren<QDoubleSpinBox*>().last();
    QTRY_COMPARE_WITH_TIMEOUT(spin->value(), threshold, kPatience);
    spin->setValue(0.7);
    QTRY_COMPARE_WITH_TIMEOUT(bar()->threshold(), 0.7, kPatience);
    QTRY_COMPARE_WITH_TIMEOUT(stored(), 0.7, kPatience);
}

void TestQualityPage::plotOpensAndIsRemembered()
{
    auto* plot = bar()->findChild<widgets::LinePlot*>();
    QVERIFY(!plot->isVisible());
    QTest::keyClick(verify(), Qt::Key_P);
    QVERIFY(plot->isVisible());
    openWindow();
    QVERIFY(bar()->findChild<widgets::LinePlot*>()->isVisible());
    QTest::keyClick(verify(), Qt::Key_P);
    QVERIFY(!bar()->findChild<widgets::LinePlot*>()->isVisible());
}

void TestQualityPage::secondLookGoesToTheTag()
{
    const auto suspects = read([this](const db::Database& database) {
        const TagQualityState state = tagQuality(Project::open(m_project), database);
        QList<db::PairEvidence> pairs;
        for (const auto& suspect :
             model::tags::secondLook(state.pairs, state.check.probabilities, 20)) {
            pairs.append(state.evidence.at(qsizetype(suspect.pair)));
        }
        return pairs;
    });
    QVERIFY(!suspects.isEmpty()); // one of ten verdicts is a slip
    const auto menu = [this] { return bar()->findChild<QMenu*>(); };
    QTRY_COMPARE_WITH_TIMEOUT(menu()->actions().size(), suspects.size(), kPatience);
    QVERIFY(menu()->actions().last()->text().contains("% likely"));
    menu()->actions().last()->trigger();
    const db::PairEvidence& wanted = suspects.last();
    QTRY_COMPARE_WITH_TIMEOUT(verify()->shownImage(), std::optional(wanted.image), kPatience);
    const auto& chip = verify()->chips()->chips().at(verify()->chips()->current());
    QCOMPARE(chip.text, wanted.lemma);
    QVERIFY(chip.state != widgets::TagState::Pending);
}

void TestQualityPage::verdictsMoveTheFigures()
{
    const auto verdicts = [this] {
        return read([this](const db::Database& database) {
            const auto check = tagQuality(Project::open(m_project), database).check;
            return check.accepted + check.rejected;
        });
    };
    QSignalSpy spy(bar(), &widgets::QualityBar::thresholdChanged);
    const auto before = verdicts();
    const QString tip = [this] { // of the label with the figures
        for (const auto* label : bar()->findChildren<QWidget*>()) {
            if (label->toolTip().contains("verdicts, each")) {
                return label->toolTip();
            }
        }
        return QString();
    }();
    QVERIFY(tip.contains(QString::number(before)));
    openWindow();
    QTRY_VERIFY_WITH_TIMEOUT(verify()->shownImage() && verify()->chips()->current() >= 0,
                             kPatience);
    QTest::keyClick(verify(), Qt::Key_X);
    QTRY_COMPARE_WITH_TIMEOUT(verdicts(), before + 1, kPatience);
    const auto isTold = [this, before] {
        for (const auto* label : bar()->findChildren<QWidget*>()) {
            if (label->toolTip().contains(QString("From %1 verdicts").arg(before + 1))) {
                return true;
            }
        }
        return false;
    };
    QTRY_VERIFY_WITH_TIMEOUT(isTold(), kPatience);
    QCOMPARE(spy.count(), 0); // a refit moves no threshold
}

void TestQualityPage::cleanupTestCase()
{
    m_window.reset();
    QSettings().clear();
}

QTEST_MAIN(TestQualityPage)
#include "tst_quality_page.moc"
