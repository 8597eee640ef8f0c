#pragma once

#include "app/pages/Workspace.h"

#include <QWidget>

class QLabel;
class QPushButton;
class QTableWidget;

namespace tagalign::app {

/// Go or no-go? The newest run's figures and the way to its report.
class ReportPage : public QWidget
{
    Q_OBJECT

public:
    explicit ReportPage(Workspace& workspace, QWidget* parent = nullptr);

private:
    void reload();
    void addFigure(const db::Metric& metric, double reach);

    Workspace& m_workspace;
    QLabel* m_heading;
    QLabel* m_decision;
    QTableWidget* m_figures;
    QPushButton* m_open;
    QString m_file;
};

} // namespace tagalign::app
