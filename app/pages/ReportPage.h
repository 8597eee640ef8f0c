#pragma once

#include "app/jobs/FairnessReport.h"
#include "app/pages/Workspace.h"

#include <QFileDialog>
#include <QWidget>

class QAction;
class QComboBox;
class QLabel;
class QPushButton;
class QTableWidget;
class QTabWidget;

namespace tagalign::app {

class FairnessSection;

/// Go or no-go? A run's figures and the way to its report; another run's figures beside them.
class ReportPage : public QWidget
{
    Q_OBJECT

public:
    explicit ReportPage(Workspace& workspace, QWidget* parent = nullptr);

private:
    /// What the page shows of one run.
    struct Content
    {
        db::Run run;
        QList<db::Metric> metrics; ///< without those of single tags
        QString decision;
        QStringList cautions;
        FairnessReport fairness;
        QString file;
        bool hasFile = false;
    };

    [[nodiscard]] static QList<Content> contents(const Project& project,
                                                 const db::Database& database);
    [[nodiscard]] const Content* chosen(const QComboBox* box) const;
    void reload();
    void fill(QComboBox* box, const QString& first);
    void showRun();
    void showRetention(const QString& source);
    void chooseRetention(QFileDialog::FileMode mode);
    /// Makes the pictures the project's retention set and measures the newest run anew.
    void measureOn(const QString& source);
    void addFigure(const db::Metric& metric, double reach, const db::Metric* beside);

    Workspace& m_workspace;
    QList<Content> m_contents; ///< evaluated runs, newest first
    QLabel* m_heading;
    std::optional<db::RunId> m_newest; ///< of the present model
    QComboBox* m_run;
    QComboBox* m_beside;
    QLabel* m_decision;
    QLabel* m_cautions; ///< what to mind about the figures
    QLabel* m_remark;   ///< what to mind when comparing
    QTabWidget* m_tabs;
    QTableWidget* m_figures;
    FairnessSection* m_fairness;
    QPushButton* m_open;
    QPushButton* m_retention;
    QAction* m_noRetention = nullptr;
};

} // namespace tagalign::app
