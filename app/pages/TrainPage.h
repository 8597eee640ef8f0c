#pragma once

#include "app/jobs/Runs.h"
#include "app/pages/Workspace.h"
#include "model/pipeline/Training.h"

#include <QWidget>

#include <functional>
#include <optional>

class QComboBox;
class QDoubleSpinBox;
class QFormLayout;
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
    void resume(); ///< goes on with the chosen run
    void showAblation();

private:
    using OnEpoch = std::function<void(const model::pipeline::TrainEvent&)>;
    using Train = std::function<db::Run(JobContext&, const OnEpoch&)>;

    /// A run and what the table says of it.
    struct Row
    {
        db::Run run;
        std::optional<db::Metric> attributes; ///< tag mAP
    };

    [[nodiscard]] static QList<Row> rowsOf(const db::Database& database);
    [[nodiscard]] QFormLayout* makeForm();
    void makeTable();
    void usePreset();
    void showThreshold(double threshold);
    [[nodiscard]] model::pipeline::TrainSettings presetSettings() const;
    [[nodiscard]] model::pipeline::TrainSettings settings() const;
    void queue(const Train& train);
    void reload();
    void showRuns(const QList<Row>& rows);
    [[nodiscard]] const db::Run* chosenRun() const;
    void onRunChosen();
    void showCurves(const db::Run& run);

    Workspace& m_workspace;
    QComboBox* m_preset;
    QComboBox* m_head;
    QSpinBox* m_epochs;
    QDoubleSpinBox* m_rate;
    QDoubleSpinBox* m_confidence;
    QPushButton* m_start;
    QPushButton* m_resume;
    widgets::LinePlot* m_losses;
    widgets::LinePlot* m_scores;
    QTableWidget* m_runs;
    QList<Row> m_rows;
};

} // namespace tagalign::app
