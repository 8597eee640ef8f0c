#include "app/MainWindow.h"
#include "app/jobs/TagJob.h"
#include "app/vocabulary/VocabularyActions.h"
#include "app/vocabulary/VocabularyDialog.h"
#include "app/vocabulary/VocabularyModel.h"
#include "db/ImageRepository.h"
#include "db/VocabularyRepository.h"
#include "tests/app/support/Find.h"
#include "tests/app/support/TestContext.h"
#include "widgets/Banner.h"

#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMenuBar>
#include <QPlainTextEdit>
#include <QPointer>
#include <QPushButton>
#include <QSettings>
#include <QSpinBox>
#include <QStandardPaths>
#include <QTabWidget>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>

using namespace tagalign;
using namespace tagalign::app;

namespace {

constexpr int kPatience = 60'000; ///< ms; machines are shared

} // namespace

/// A person's way through the vocabulary, by keys and clicks.
class TestVocabularyDialog : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();
    void shortcutOpensItForAProjectAlone();
    void tableShowsAndFiltersTheTags();
    void suggestionLeadsToAMergeAndUndo();
    void rollUpOffersHypernyms();
    void splitOffersTheWords();
    void renameOfATakenNameIsRefused();
    void cellsAreEditedInPlace();
    void badPriorityIsTold();
    void cellBeingEditedOutlivesChangesElsewhere();
    void minimumIsPreviewedAndApplied();
    void nothingCanBeAppliedWithoutTags();
    void templatesAreCheckedAndSaved();
    void tableGoesOutAndIn();
    void emptyProjectSaysSo();
    void otherProjectClosesIt();
    void sizeIsRemembered();

private:
    [[nodiscard]] QPushButton* button(const QString& text) const;
    [[nodiscard]] bool shows(const QString& text) const;
    [[nodiscard]] int row(const QString& tag) const;
    [[nodiscard]] QString cell(const QString& tag, int column) const;
    void select(const QStringList& tags);
    [[nodiscard]] QComboBox* field(const QString& accessibleName) const;
    void type(const QString& accessibleName, const QString& text) const;
    void edit(const QString& tag, int column, const QString& text);
    void applyWhenReady();
    void openDialog();

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<MainWindow> m_window;
    VocabularyDialog* m_dialog = nullptr;
    QTableView* m_table = nullptr;
};

void TestVocabularyDialog::initTestCase()
{
    QStandardPaths::setTestModeEnabled(true);
    QCoreApplication::setOrganizationName("TagAlignTest");
    QCoreApplication::setApplicationName("tst_vocabulary_dialog");
    QSettings().clear();
    qputenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
}

void TestVocabularyDialog::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    const Project project = Project::openOrCreate(m_folder->filePath("pilot.tagalign"));
    {
        const db::Database database(project.databaseFile());
        db::ImageRepository images(database.connection());
        int number = 0;
        for (const char* caption :
             {"a yellow cab", "a red taxi and a cab", "two cabs", "a poodle", "a wooden table"}) {
            const auto image = images.add({.path = QString("%1.jpg").arg(++number),
                                           .sha256 = QString("hash %1").arg(number),
                                           .width = 4,
                                           .height = 3});
            images.addCaption(image, caption, "en");
        }
    }
    tests::TestContext context;
    (void)extractTags(project, context);
    m_window = std::make_unique<MainWindow>();
    m_window->show();
    QVERIFY(m_window->openProject(project.folder()));
    openDialog();
}

void TestVocabularyDialog::cleanup()
{
    m_window.reset();
}

void TestVocabularyDialog::openDialog()
{
    m_window->showVocabulary();
    m_dialog = m_window->findChild<VocabularyDialog*>();
    m_table = m_dialog->findChild<QTableView*>();
    QTRY_VERIFY_WITH_TIMEOUT(shows("in use") && row("cab") >= 0, kPatience);
}

QPushButton* TestVocabularyDialog::button(const QString& text) const
{
    return tests::button(m_dialog, text);
}

bool TestVocabularyDialog::shows(const QString& text) const
{
    const auto labels = m_dialog->findChildren<QLabel*>();
    return std::any_of(labels.begin(), labels.end(), [&text](const QLabel* label) {
        return label->isVisible() && label->text().contains(text);
    });
}

int TestVocabularyDialog::row(const QString& tag) const
{
    for (int each = 0; each < m_table->model()->rowCount(); ++each) {
        if (m_table->model()->index(each, 0).data().toString() == tag) {
            return each;
        }
    }
    return -1;
}

QString TestVocabularyDialog::cell(const QString& tag, int column) const
{
    return m_table->model()->index(row(tag), column).data().toString();
}

void TestVocabularyDialog::select(const QStringList& tags)
{
    m_table->clearSelection();
    for (const QString& tag : tags) {
        const QModelIndex index = m_table->model()->index(row(tag), 0);
        m_table->scrollTo(index);
        QTest::mouseClick(m_table->viewport(), Qt::LeftButton,
                          tag == tags.first() ? Qt::NoModifier : Qt::ControlModifier,
                          m_table->visualRect(index).center());
    }
}

/// Into the field of that name, over what stands there.
QComboBox* TestVocabularyDialog::field(const QString& accessibleName) const
{
    for (QComboBox* found : m_dialog->findChildren<QComboBox*>()) {
        if (found->accessibleName() == accessibleName && found->isVisible()) {
            return found;
        }
    }
    qFatal("no field %s", qPrintable(accessibleName));
}

void TestVocabularyDialog::type(const QString& accessibleName, const QString& text) const
{
    QLineEdit* edit = field(accessibleName)->lineEdit();
    edit->selectAll();
    QTest::keyClicks(edit, text);
}

void TestVocabularyDialog::edit(const QString& tag, int column, const QString& text)
{
    const QModelIndex index = m_table->model()->index(row(tag), column);
    m_table->setCurrentIndex(index);
    m_table->setFocus();
    QTest::keyClick(m_table, Qt::Key_F2);
    if (auto* list = m_table->viewport()->findChild<QComboBox*>()) {
        QTest::keyClicks(list, text);
        QTest::keyClick(list, Qt::Key_Return);
        return;
    }
    auto* field = m_table->viewport()->findChild<QLineEdit*>();
    QWidget* editor = field != nullptr ? static_cast<QWidget*>(field)
                                       : m_table->viewport()->findChild<QAbstractSpinBox*>();
    QVERIFY(editor != nullptr);
    QTest::keyClick(editor, Qt::Key_A, Qt::ControlModifier);
    QTest::keyClicks(editor, text);
    QTest::keyClick(editor, Qt::Key_Return);
}

void TestVocabularyDialog::applyWhenReady()
{
    QTRY_VERIFY_WITH_TIMEOUT(button("Apply")->isEnabled(), kPatience);
    QTest::mouseClick(button("Apply"), Qt::LeftButton);
}

void TestVocabularyDialog::shortcutOpensItForAProjectAlone()
{
    MainWindow empty;
    empty.show();
    QAction* action = nullptr;
    for (QAction* found : empty.menuBar()->actions().first()->menu()->actions()) {
        action = found->text().contains("ocabulary") ? found : action;
    }
    QVERIFY(action != nullptr);
    QCOMPARE(action->shortcut(), QKeySequence(Qt::CTRL | Qt::Key_T));
    action->trigger();
    QVERIFY(empty.findChild<VocabularyDialog*>() == nullptr);
    QVERIFY(!m_dialog->isModal());
}

void TestVocabularyDialog::tableShowsAndFiltersTheTags()
{
    QCOMPARE(cell("cab", VocabularyModel::kImages), QString("3"));
    QCOMPARE(m_table->model()->index(0, 0).data().toString(), QString("cab")); // most images first
    QCOMPARE(cell("red", VocabularyModel::kClass), QString("colour"));
    const auto fields = m_dialog->findChildren<QLineEdit*>();
    auto* filter = *std::find_if(fields.begin(), fields.end(), [](const QLineEdit* field) {
        return field->accessibleName() == "Filter";
    });
    QTest::keyClicks(filter, "COLOUR");
    QCOMPARE(m_table->model()->rowCount(), 2);
    QTest::keyClicks(filter, "x");
    QCOMPARE(m_table->model()->rowCount(), 0);
    filter->clear();
    m_table->sortByColumn(VocabularyModel::kImages, Qt::AscendingOrder);
    const int last = m_table->model()->rowCount() - 1;
    QCOMPARE(m_table->model()->index(last, 0).data().toString(), QString("cab"));
}

void TestVocabularyDialog::suggestionLeadsToAMergeAndUndo()
{
    auto* suggestions = m_dialog->findChild<QListWidget*>();
    QTRY_VERIFY_WITH_TIMEOUT(suggestions->count() > 0 && suggestions->item(0)->text() ==
                                                             "cab, taxi: same meaning, 3 images",
                             kPatience);
    suggestions->setCurrentRow(0);
    QTest::keyClick(suggestions, Qt::Key_Return);
    QTRY_VERIFY_WITH_TIMEOUT(shows("2 tags become 1 on 3 images."), kPatience);
    QVERIFY(row("taxi") >= 0); // nothing changed yet
    applyWhenReady();
    QTRY_VERIFY_WITH_TIMEOUT(row("taxi") < 0, kPatience);
    QVERIFY(shows("taxi merged into \"cab\""));
    QTRY_VERIFY_WITH_TIMEOUT(button("Undo")->isEnabled(), kPatience);
    QVERIFY(button("Undo")->toolTip().contains("taxi merged"));
    QTest::mouseClick(button("Undo"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(row("taxi") >= 0 && !button("Undo")->isEnabled(), kPatience);
}

void TestVocabularyDialog::rollUpOffersHypernyms()
{
    select({"poodle"});
    QTest::mouseClick(button("Roll up"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(shows("1 images count as \"dog\" too, 0 of them"), kPatience);
    applyWhenReady();
    QTRY_VERIFY_WITH_TIMEOUT(row("dog") >= 0, kPatience);
    QCOMPARE(cell("poodle", VocabularyModel::kParent), QString("dog"));
    QCOMPARE(cell("dog", VocabularyModel::kImages), QString("1"));
}

void TestVocabularyDialog::splitOffersTheWords()
{
    select({"cab"});
    QTest::mouseClick(button("Split"), Qt::LeftButton);
    QVERIFY(shows("Say by which words."));
    type("Words", "cabs");
    type("to the tag", "fleet");
    QTRY_VERIFY_WITH_TIMEOUT(shows("1 of 3 images go to the new tag."), kPatience);
    applyWhenReady();
    QTRY_VERIFY_WITH_TIMEOUT(row("fleet") >= 0, kPatience);
    QCOMPARE(cell("cab", VocabularyModel::kImages), QString("2"));
}

void TestVocabularyDialog::renameOfATakenNameIsRefused()
{
    select({"cab"});
    QTest::mouseClick(button("Rename"), Qt::LeftButton);
    type("to", "taxi");
    applyWhenReady();
    QTRY_VERIFY_WITH_TIMEOUT(shows("merge &quot;cab&quot; into it instead"), kPatience);
    QVERIFY(row("cab") >= 0);
    type("to", "car");
    QTest::qWait(500); // the list is read anew meanwhile: what was typed stays
    QTRY_VERIFY_WITH_TIMEOUT(button("Apply")->isEnabled(), kPatience);
    QCOMPARE(field("to")->currentText(), QString("car"));
    applyWhenReady();
    QTRY_VERIFY_WITH_TIMEOUT(row("car") >= 0 && row("cab") < 0, kPatience);
    QVERIFY(!shows("into it instead"));
}

void TestVocabularyDialog::cellsAreEditedInPlace()
{
    edit("red", VocabularyModel::kClass, "state");
    QTRY_COMPARE_WITH_TIMEOUT(cell("red", VocabularyModel::kClass), QString("state"), kPatience);
    edit("cab", VocabularyModel::kUse, "off");
    QTRY_COMPARE_WITH_TIMEOUT(cell("cab", VocabularyModel::kUse), QString("no, by hand"),
                              kPatience);
    edit("cab", VocabularyModel::kEnglish, "taxicab");
    QTRY_COMPARE_WITH_TIMEOUT(cell("cab", VocabularyModel::kEnglish), QString("taxicab"),
                              kPatience);
    edit("cab", VocabularyModel::kTag, "Cab");
    QTRY_VERIFY_WITH_TIMEOUT(row("Cab") >= 0, kPatience);
    const int attributes = VocabularyModel::kClass;
    QVERIFY(!(m_table->model()->index(row("Cab"), attributes).flags() & Qt::ItemIsEditable));
}

void TestVocabularyDialog::badPriorityIsTold()
{
    edit("cab", VocabularyModel::kPriority, "0");
    QTRY_VERIFY_WITH_TIMEOUT(shows("must be above 0"), kPatience);
    QCOMPARE(cell("cab", VocabularyModel::kPriority), QString("1"));
    edit("cab", VocabularyModel::kPriority, "4");
    QTRY_COMPARE_WITH_TIMEOUT(cell("cab", VocabularyModel::kPriority), QString("4"), kPatience);
}

void TestVocabularyDialog::cellBeingEditedOutlivesChangesElsewhere()
{
    edit("taxi", VocabularyModel::kEnglish, "hackney");
    QTRY_COMPARE_WITH_TIMEOUT(cell("taxi", VocabularyModel::kEnglish), QString("hackney"),
                              kPatience);
    QTRY_VERIFY_WITH_TIMEOUT(button("Undo")->isEnabled(), kPatience);
    m_table->setCurrentIndex(m_table->model()->index(row("cab"), VocabularyModel::kPriority));
    m_table->setFocus();
    QTest::keyClick(m_table, Qt::Key_F2);
    const QPointer<QAbstractSpinBox> editor = m_table->viewport()->findChild<QAbstractSpinBox*>();
    QVERIFY(editor);
    button("Undo")->click(); // without taking the focus
    QTRY_VERIFY_WITH_TIMEOUT(shows("Taken back"), kPatience);
    QTest::qWait(1000); // longer than the list takes to be read anew
    QVERIFY(editor);
    QTest::keyClick(editor, Qt::Key_A, Qt::ControlModifier);
    QTest::keyClicks(editor, "7");
    QTest::keyClick(editor, Qt::Key_Return);
    QTRY_COMPARE_WITH_TIMEOUT(cell("cab", VocabularyModel::kPriority), QString("7"), kPatience);
}

void TestVocabularyDialog::minimumIsPreviewedAndApplied()
{
    QTest::mouseClick(button("Minimum"), Qt::LeftButton);
    auto* minimum = m_dialog->findChild<VocabularyActions*>()->findChild<QSpinBox*>();
    QCOMPARE(minimum->value(), 1);
    minimum->setValue(2);
    QTRY_VERIFY_WITH_TIMEOUT(shows("1 tags would be in use"), kPatience);
    applyWhenReady();
    QTRY_VERIFY_WITH_TIMEOUT(shows("tags, 1 in use"), kPatience);
    QCOMPARE(cell("taxi", VocabularyModel::kUse), QString("no"));
}

void TestVocabularyDialog::nothingCanBeAppliedWithoutTags()
{
    m_table->clearSelection();
    for (const char* action : {"Merge", "Roll up", "Split", "Rename"}) {
        QTest::mouseClick(button(action), Qt::LeftButton);
        QVERIFY2(shows("Choose"), action);
        QTest::qWait(300); // longer than the preview takes to come
        QVERIFY2(!button("Apply")->isEnabled(), action);
    }
    select({"cab"});
    QTest::mouseClick(button("Merge"), Qt::LeftButton);
    QVERIFY(shows("Choose two tags or more."));
}

void TestVocabularyDialog::templatesAreCheckedAndSaved()
{
    QTabWidget* tabs = m_dialog->findChild<QTabWidget*>();
    tabs->setCurrentIndex(1);
    auto* group = tabs->currentWidget()->findChild<QComboBox*>();
    group->setCurrentIndex(group->findData("colour"));
    auto* text = tabs->currentWidget()->findChild<QPlainTextEdit*>();
    QVERIFY(text->toPlainText().contains("a photo of something {}."));
    QVERIFY(!button("Save")->isEnabled());
    text->setPlainText("a photo of a thing");
    QVERIFY(shows("has no {}") && !button("Save")->isEnabled());
    text->setPlainText("a photo of a {} thing");
    QTest::mouseClick(button("Save"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(button("Undo")->toolTip().contains("templates"), kPatience);
    QTest::mouseClick(button("Undo"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(text->toPlainText().contains("a photo of something {}."), kPatience);
}

void TestVocabularyDialog::tableGoesOutAndIn()
{
    const QString file = m_folder->filePath("tags.csv");
    m_dialog->exportTo(file);
    QTRY_VERIFY_WITH_TIMEOUT(shows("Written"), kPatience);
    QFile table(file);
    QVERIFY(table.open(QIODevice::ReadWrite));
    QByteArray bytes = table.readAll();
    QVERIFY(bytes.contains("object,cab,cab,,1,auto"));
    bytes.replace("object,cab,cab,,1,auto", "object,cab,Cab,,zwei,auto");
    bytes.replace("object,taxi,taxi,,1,auto", "object,taxi,Taxi,,1,auto");
    QVERIFY(table.resize(0) && table.seek(0));
    table.write(bytes);
    table.close();
    m_dialog->importFrom(file);
    QTRY_VERIFY_WITH_TIMEOUT(row("Taxi") >= 0, kPatience);
    QVERIFY(shows("1 tags changed. 1 rows were refused. Line 2: \"zwei\" is no priority"));
    QVERIFY(row("cab") >= 0);
    m_dialog->importFrom("/nowhere.csv");
    QTRY_VERIFY_WITH_TIMEOUT(shows("cannot be read"), kPatience);
}

void TestVocabularyDialog::emptyProjectSaysSo()
{
    QVERIFY(m_window->openProject(m_folder->filePath("other.tagalign")));
    m_window->showVocabulary();
    m_dialog = m_window->findChild<VocabularyDialog*>();
    QTRY_VERIFY_WITH_TIMEOUT(shows("No tags yet"), kPatience);
}

void TestVocabularyDialog::otherProjectClosesIt()
{
    QVERIFY(m_window->openProject(m_folder->filePath("other.tagalign")));
    QVERIFY(m_window->findChild<VocabularyDialog*>() == nullptr);
}

void TestVocabularyDialog::sizeIsRemembered()
{
    m_dialog->resize(1001, 601);
    QTest::mouseClick(button("Close"), Qt::LeftButton);
    QTRY_VERIFY(m_window->findChild<VocabularyDialog*>() == nullptr);
    openDialog();
    QCOMPARE(m_dialog->size(), QSize(1001, 601));
}

QTEST_MAIN(TestVocabularyDialog)
#include "tst_vocabulary_dialog.moc"
