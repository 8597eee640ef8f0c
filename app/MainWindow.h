#pragma once

#include "app/ModelDownloads.h"
#include "app/pages/Workspace.h"

#include <QMainWindow>
#include <QPointer>
#include <QTimer>

#include <memory>

class QDialog;
class QStackedWidget;

namespace tagalign::widgets {
class Banner;
class JobTray;
class NavigationRail;
} // namespace tagalign::widgets

namespace tagalign::app {

struct DemoPilot;
class ImportPage;
class LlmDialog;
class ModelsDialog;
class ParserRunsDialog;
class TrainPage;
class VocabularyDialog;

/// The window: pages at the left, jobs at the bottom, one project.
class MainWindow : public QMainWindow
{
    Q_OBJECT

public:
    enum Page { kImport, kVerify, kTrain, kCompare, kReport };

    explicit MainWindow(QWidget* parent = nullptr);
    ~MainWindow() override;

    enum class Missing { Make, Refuse };

    /// Closes the open project (its jobs are cancelled) and opens another, or makes it.
    /// @return false if that failed; the window says why.
    bool openProject(const QString& folder, Missing missing = Missing::Make);

    /// Opens a demo pilot's project, which is made at the first time.
    void openDemo(const DemoPilot& pilot);

    [[nodiscard]] Workspace* workspace() const { return m_workspace.get(); }

    /// The models: which there are, which one the project uses.
    void showModels();

    /// Reading tags with a language model, for the open project.
    void showLanguageModel();

    /// What parsers have read of the open project: to compare, revert and run again.
    void showParserRuns();

    /// The open project's tags: merging, rolling up, classes, prompts.
    void showVocabulary();

    [[nodiscard]] QWidget* page(Page page) const;
    void showPage(Page page);

protected:
    void closeEvent(QCloseEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    void makeMenus();
    void makePages();
    void makeViewMenu();
    void showEmpty();
    void makeDemo(const DemoPilot& pilot);
    void openDropped(const QString& path);
    void chooseProject();
    void offerModel(const QString& folder);
    void runLanguageModelAgain(db::ParserRunId run);
    void showProblem(const QString& sentence);
    void tellSkipped(const LlmSummary& summary);
    static void bringUp(QDialog* dialog);
    void showJobs();
    [[nodiscard]] QList<JobQueue*> queues(); ///< the project's and the downloads'
    void showUsedModel();
    void setTheme(widgets::ColorScheme scheme);

    widgets::NavigationRail* m_rail;
    QStackedWidget* m_pages;
    widgets::JobTray* m_tray;
    widgets::Banner* m_note;    ///< which model is in use, if it is the demo's
    widgets::Banner* m_problem; ///< the last problem
    ImportPage* m_importPage = nullptr;
    TrainPage* m_trainPage = nullptr;
    QPointer<ModelsDialog> m_models;
    QPointer<LlmDialog> m_languageModel;
    QPointer<ParserRunsDialog> m_parserRuns;
    QPointer<VocabularyDialog> m_vocabulary;
    QString m_usedModel; ///< the open project's checkpoint, a folder
    QTimer m_clock;
    ModelDownloads m_downloads;
    std::unique_ptr<Workspace> m_workspace;
};

} // namespace tagalign::app
