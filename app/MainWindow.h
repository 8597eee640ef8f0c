#pragma once

#include "app/pages/Workspace.h"

#include <QMainWindow>
#include <QTimer>

#include <memory>

class QLabel;
class QStackedWidget;

namespace tagalign::widgets {
class JobTray;
class NavigationRail;
} // namespace tagalign::widgets

namespace tagalign::app {

class ImportPage;

/// The window: pages at the left, jobs at the bottom, one project.
class MainWindow : public QMainWindow
{
    Q_OBJECT

public:
    enum Page { kImport, kVerify, kTrain, kCompare, kReport };

    explicit MainWindow(QWidget* parent = nullptr);
    ~MainWindow() override;

    /// Closes the open project (its jobs are cancelled) and opens another, or makes it.
    /// @return false if that failed; the window says why.
    bool openProject(const QString& folder);

    [[nodiscard]] Workspace* workspace() const { return m_workspace.get(); }

    [[nodiscard]] QWidget* page(Page page) const;
    void showPage(Page page);

protected:
    void closeEvent(QCloseEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    void makeMenus();
    void makePages();
    void showEmpty();
    void chooseProject();
    void chooseModel();
    void showProblem(const QString& sentence);
    void showJobs();
    void showModelNote();
    void setTheme(widgets::ColorScheme scheme);

    widgets::NavigationRail* m_rail;
    QStackedWidget* m_pages;
    widgets::JobTray* m_tray;
    QLabel* m_note;    ///< which model is in use, if it is the demo's
    QLabel* m_problem; ///< the last problem, until the next page is chosen
    ImportPage* m_importPage = nullptr;
    QTimer m_clock;
    std::unique_ptr<Workspace> m_workspace;
};

} // namespace tagalign::app
