#pragma once

#include "app/jobs/AblationJob.h"
#include "app/pages/Workspace.h"

#include <QDialog>
#include <QSet>

class QComboBox;
class QLabel;
class QPushButton;
class QTableWidget;

namespace tagalign::widgets {
class LinePlot;
}

namespace tagalign::app {

/// What contributes how much: trains what is missing of a study, one run after the other, and shows
/// the figures as they come. What was measured stays in the project.
class AblationDialog : public QDialog
{
    Q_OBJECT

public:
    /// @param base settings that are varied.
    AblationDialog(Workspace& workspace, const model::pipeline::TrainSettings& base,
                   QWidget* parent = nullptr);

public Q_SLOTS:
    void start();

private:
    void reload();
    void onJobEnded(int id);
    void showRows(const QList<AblationRow>& rows);
    [[nodiscard]] AblationStudy study() const;

    Workspace& m_workspace;
    model::pipeline::TrainSettings m_base;
    QList<AblationRow> m_rows;
    QSet<int> m_queued; ///< ids of this dialog's jobs that are not over
    QComboBox* m_study;
    QLabel* m_explanation;
    QTableWidget* m_table;
    widgets::LinePlot* m_plot;
    QPushButton* m_start;
};

} // namespace tagalign::app
