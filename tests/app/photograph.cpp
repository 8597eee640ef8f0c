// Photographs every page of the window on a project, for the README and for looking at.
//
//     photograph PROJECT PROMPT FOLDER [light|dark]
//
// Use it with QT_QPA_PLATFORM=xcb under Xvfb, and QT_SCALE_FACTOR=2 for HiDPI.

#include "app/AblationDialog.h"
#include "app/MainWindow.h"
#include "app/ModelsDialog.h"
#include "app/ParserRunsDialog.h"
#include "app/llm/LlmDialog.h"
#include "app/pages/TrainPage.h"
#include "app/vocabulary/VocabularyDialog.h"
#include "tests/app/support/Find.h"
#include "widgets/Theme.h"

#include <QApplication>
#include <QComboBox>
#include <QLineEdit>
#include <QListWidget>
#include <QTabWidget>
#include <QTableWidget>
#include <QTest>
#include <QToolButton>

#include <cstdio>

using namespace tagalign;

namespace {

constexpr int kSettleMs = 4000; ///< pictures and heatmaps arrive one after the other

void photograph(app::MainWindow& window, app::MainWindow::Page page, const QString& file)
{
    window.showPage(page);
    QTest::qWait(kSettleMs);
    if (!window.grab().save(file)) {
        std::fprintf(stderr, "%s cannot be written\n", qUtf8Printable(file));
    }
}

/// Most doubtful tags first, with the plot of precision and coverage.
void photographQuality(app::MainWindow& window, const QString& file)
{
    QWidget* verify = window.page(app::MainWindow::kVerify);
    window.showPage(app::MainWindow::kVerify);
    QTest::keyClick(verify, Qt::Key_O);
    QTest::keyClick(verify, Qt::Key_P);
    photograph(window, app::MainWindow::kVerify, file);
    QTest::keyClick(verify, Qt::Key_P);
    QTest::keyClick(verify, Qt::Key_O);
}

/// With the usual model chosen, and its estimates measured.
void photographModels(app::MainWindow& window, const QString& file)
{
    window.showModels();
    auto* models = window.findChild<app::ModelsDialog*>();
    QTest::qWait(3 * kSettleMs);
    auto* table = models->findChild<QTableWidget*>();
    for (int row = 0; row < table->rowCount(); ++row) {
        if (table->item(row, 0)->text().contains(QLatin1String("B/16"))) {
            table->selectRow(row);
            break;
        }
    }
    QTest::qWait(kSettleMs / 4);
    if (!models->grab().save(file)) {
        std::fprintf(stderr, "%s cannot be written\n", qUtf8Printable(file));
    }
}

/// What contributes how much, as far as it was measured.
void photographAblation(app::MainWindow& window, const QString& file)
{
    QWidget* page = window.page(app::MainWindow::kTrain);
    static_cast<app::TrainPage*>(page)->showAblation();
    auto* dialog = page->findChild<app::AblationDialog*>();
    QTest::qWait(kSettleMs);
    if (!dialog->grab().save(file)) {
        std::fprintf(stderr, "%s cannot be written\n", qUtf8Printable(file));
    }
    dialog->close();
}

/// With an endpoint typed; nothing is asked.
void photographLanguageModel(app::MainWindow& window, const QString& file)
{
    window.showLanguageModel();
    auto* dialog = window.findChild<app::LlmDialog*>();
    QTest::qWait(kSettleMs / 4);
    tests::field(dialog, QStringLiteral("http"))
        ->setText(QStringLiteral("http://localhost:11434/v1"));
    tests::field(dialog, QStringLiteral("llama"))->setText(QStringLiteral("llama3.1"));
    QTest::qWait(kSettleMs / 2);
    if (!dialog->grab().save(file)) {
        std::fprintf(stderr, "%s cannot be written\n", qUtf8Printable(file));
    }
    dialog->close();
}

/// Where the tag on screen comes from, with a language model's answer unfolded.
void photographTrace(app::MainWindow& window, const QString& file)
{
    QWidget* page = window.page(app::MainWindow::kVerify);
    QTest::keyClick(page, Qt::Key_T);
    QTest::qWait(kSettleMs / 4);
    for (QToolButton* fold : page->findChildren<QToolButton*>()) {
        if (fold->isCheckable() && !fold->isChecked()) {
            fold->click();
            break;
        }
    }
    photograph(window, app::MainWindow::kVerify, file);
    QTest::keyClick(page, Qt::Key_T);
}

/// All runs of parsers; two of them are compared.
void photographParserRuns(app::MainWindow& window, const QString& file)
{
    window.showParserRuns();
    auto* dialog = window.findChild<app::ParserRunsDialog*>();
    QTest::qWait(kSettleMs / 4);
    dialog->findChild<QTableWidget*>()->selectAll();
    QTest::qWait(kSettleMs);
    if (!dialog->grab().save(file)) {
        std::fprintf(stderr, "%s cannot be written\n", qUtf8Printable(file));
    }
    dialog->close();
}

/// With the first suggestion chosen and its preview shown.
void photographVocabulary(app::MainWindow& window, const QString& file)
{
    window.showVocabulary();
    auto* dialog = window.findChild<app::VocabularyDialog*>();
    QTest::qWait(kSettleMs);
    auto* suggestions = dialog->findChild<QListWidget*>();
    suggestions->setCurrentRow(0);
    suggestions->setFocus();
    QTest::keyClick(suggestions, Qt::Key_Return);
    QTest::qWait(kSettleMs / 2);
    if (!dialog->grab().save(file)) {
        std::fprintf(stderr, "%s cannot be written\n", qUtf8Printable(file));
    }
    dialog->close();
}

/// The last of the lists offers the other runs; the first entry stands for none.
void chooseLastRun(QWidget* page)
{
    auto* runs = page->findChildren<QComboBox*>().last();
    runs->setFocus();
    QTest::keyClick(runs, Qt::Key_End);
}

} // namespace

int main(int argc, char** argv)
{
    QApplication application(argc, argv);
    QApplication::setOrganizationName(QStringLiteral("TagAlignPhotograph"));
    const QStringList arguments = QApplication::arguments();
    if (arguments.size() < 4) {
        std::fputs("usage: photograph PROJECT PROMPT FOLDER [light|dark]\n", stderr);
        return 2;
    }
    const QString scheme = arguments.value(4, QStringLiteral("light"));
    widgets::applyTheme(application, scheme == QLatin1String("dark") ? widgets::ColorScheme::Dark
                                                                     : widgets::ColorScheme::Light);
    const QString start = arguments.at(3) + QLatin1Char('/') + scheme + QLatin1Char('-');
    app::MainWindow window;
    window.resize(1280, 800);
    window.show();
    if (!window.openProject(arguments.at(1))) {
        return 1;
    }
    photograph(window, app::MainWindow::kImport, start + QStringLiteral("import.png"));
    window.showPage(app::MainWindow::kVerify);
    QTest::qWait(kSettleMs);
    QTest::keyClick(window.page(app::MainWindow::kVerify), Qt::Key_H);
    photograph(window, app::MainWindow::kVerify, start + QStringLiteral("verify.png"));
    photographTrace(window, start + QStringLiteral("trace.png"));
    photographParserRuns(window, start + QStringLiteral("parser-runs.png"));
    photographQuality(window, start + QStringLiteral("verify-quality.png"));
    photograph(window, app::MainWindow::kTrain, start + QStringLiteral("train.png"));
    window.showPage(app::MainWindow::kCompare);
    auto* prompt = window.page(app::MainWindow::kCompare)->findChild<QLineEdit*>();
    QTest::keyClicks(prompt, arguments.at(2));
    QTest::keyClick(prompt, Qt::Key_Return);
    photograph(window, app::MainWindow::kCompare, start + QStringLiteral("compare.png"));
    chooseLastRun(window.page(app::MainWindow::kCompare));
    photograph(window, app::MainWindow::kCompare, start + QStringLiteral("compare-runs.png"));
    photograph(window, app::MainWindow::kReport, start + QStringLiteral("report.png"));
    auto* tabs = window.page(app::MainWindow::kReport)->findChild<QTabWidget*>();
    tabs->setCurrentIndex(1);
    photograph(window, app::MainWindow::kReport, start + QStringLiteral("report-fairness.png"));
    tabs->setCurrentIndex(0);
    chooseLastRun(window.page(app::MainWindow::kReport));
    photograph(window, app::MainWindow::kReport, start + QStringLiteral("report-runs.png"));
    photographAblation(window, start + QStringLiteral("ablation.png"));
    photographModels(window, start + QStringLiteral("models.png"));
    photographVocabulary(window, start + QStringLiteral("vocabulary.png"));
    photographLanguageModel(window, start + QStringLiteral("language-model.png"));
    return 0;
}
