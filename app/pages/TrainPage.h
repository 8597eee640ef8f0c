#pragma once

#include "app/pages/Workspace.h"
#include "model/pipeline/Training.h"

#include <QWidget>

#include <optional>

class QComboBox;
class QDoubleSpinBox;
class QPushButton;
class QSpinBox;
class QTableWidget;

namespace tagalign::widgets {
class LinePlot;
}

namespace tagalign::app {

/// Make it better: settings, live curves, and every run that was.
class TrainPage : public QWidget
{
    Q_OBJECT

public:
    explicit TrainPage(Workspace& workspace, QWidget* parent = nullptr);

public Q_SLOTS:
    void start();

private:
    [[nodiscard]] model::pipeline::TrainSettings settings() const;
    void showEpoch(const model::pipeline::TrainEvent::EpochEnd& end, int epoch);
    void clearCurves();
    void showRuns();

    Workspace& m_workspace;
    QComboBox* m_head;
    QSpinBox* m_epochs;
    QDoubleSpinBox* m_rate;
    QDoubleSpinBox* m_confidence;
    QPushButton* m_start;
    widgets::LinePlot* m_losses;
    widgets::LinePlot* m_scores;
    QTableWidget* m_runs;
    QList<db::Run> m_shownRuns;
    QVector<double> m_trainLoss;
    QVector<double> m_validationLoss;
    QVector<double> m_tagMap;
    int m_best = 0;
};

} // namespace tagalign::app
