#include "app/pages/TrainPage.h"

#include "app/jobs/EvaluateJob.h"
#include "app/jobs/ReportJob.h"
#include "app/jobs/TrainJob.h"
#include "db/RunRepository.h"
#include "widgets/plot/LinePlot.h"

#include <QComboBox>
#include <QCoreApplication>
#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QPointer>
#include <QPushButton>
#include <QSpinBox>
#include <QTableWidget>
#include <QVBoxLayout>

namespace tagalign::app {

namespace {

struct RunRow
{
    db::Run run;
    std::optional<db::Metric> attributes; ///< tag mAP
};

QList<RunRow> readRuns(db::Database& database)
{
    const db::RunRepository runs(database.connection());
    QList<RunRow> rows;
    for (const db::Run& run : runs.runs()) {
        RunRow row{run, std::nullopt};
        for (const db::Metric& metric : runs.metricsOf(run.id)) {
            if (metric.name == QLatin1String("tag mAP") &&
                metric.kind == QLatin1String("attributes") && !metric.tag) {
                row.attributes = metric;
            }
        }
        rows.append(row);
    }
    return rows;
}

} // namespace

TrainPage::TrainPage(Workspace& workspace, QWidget* parent)
    : QWidget(parent),
      m_workspace(workspace),
      m_head(new QComboBox(this)),
      m_epochs(new QSpinBox(this)),
      m_rate(new QDoubleSpinBox(this)),
      m_confidence(new QDoubleSpinBox(this)),
      m_start(new QPushButton(tr("Start training"), this)),
      m_losses(new widgets::LinePlot(this)),
      m_scores(new widgets::LinePlot(this)),
      m_runs(new QTableWidget(0, 5, this))
{
    const model::pipeline::TrainSettings defaults;
    m_head->addItem(tr("Adapter (small, quick)"), int(model::pipeline::HeadKind::Adapter));
    m_head->addItem(tr("Gated convolution (the paper's)"),
                    int(model::pipeline::HeadKind::GatedConv));
    m_epochs->setRange(1, 1000);
    m_epochs->setValue(defaults.epochs);
    m_rate->setDecimals(5);
    m_rate->setRange(0.00001, 1.0);
    m_rate->setSingleStep(0.001);
    m_rate->setValue(defaults.learningRate);
    m_rate->setToolTip(tr("Step size of the AdamW optimiser"));
    m_confidence->setRange(0.0, 1.0);
    m_confidence->setSingleStep(0.05);
    m_confidence->setValue(defaults.confidenceThreshold);
    m_confidence->setToolTip(tr("Tags nobody verified count only from this confidence on"));
    m_losses->setTitle(tr("Loss (lower is better)"));
    m_scores->setTitle(tr("Tag mAP on validation images (higher is better)"));
    m_runs->setHorizontalHeaderLabels(
        {tr("Run"), tr("Head"), tr("State"), tr("Attributes: tag mAP"), tr("Remark")});
    m_runs->horizontalHeader()->setStretchLastSection(true);
    m_runs->verticalHeader()->hide();
    m_runs->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_runs->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_runs->setSelectionMode(QAbstractItemView::SingleSelection);
    m_runs->setToolTip(tr("The selected run is the “after” on the Compare page"));

    auto* form = new QFormLayout;
    form->addRow(tr("Head"), m_head);
    form->addRow(tr("Epochs"), m_epochs);
    form->addRow(tr("Learning rate"), m_rate);
    form->addRow(tr("Least confidence"), m_confidence);
    form->addRow(m_start);
    auto* top = new QHBoxLayout;
    top->addLayout(form);
    top->addWidget(m_losses, 1);
    top->addWidget(m_scores, 1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(3 * widgets::kGrid, 3 * widgets::kGrid, 3 * widgets::kGrid,
                               3 * widgets::kGrid);
    layout->setSpacing(2 * widgets::kGrid);
    layout->addLayout(top, 1);
    layout->addWidget(m_runs, 1);
    connect(m_start, &QPushButton::clicked, this, &TrainPage::start);
    connect(&workspace, &Workspace::runsChanged, this, &TrainPage::showRuns);
    connect(m_runs, &QTableWidget::itemSelectionChanged, this, [this] {
        const int row = m_runs->currentRow();
        if (row >= 0 && m_shownRuns.at(row).status == db::RunStatus::Done) {
            m_workspace.useHead(m_shownRuns.at(row));
        }
    });
    showRuns();
}

model::pipeline::TrainSettings TrainPage::settings() const
{
    model::pipeline::TrainSettings settings;
    settings.head = model::pipeline::HeadKind(m_head->currentData().toInt());
    settings.epochs = m_epochs->value();
    settings.learningRate = m_rate->value();
    settings.confidenceThreshold = m_confidence->value();
    return settings;
}

void TrainPage::clearCurves()
{
    m_trainLoss.clear();
    m_validationLoss.clear();
    m_tagMap.clear();
    m_best = 0;
    m_losses->setSeries({});
    m_scores->setSeries({});
}

void TrainPage::start()
{
    clearCurves();
    const Project project = m_workspace.project();
    // The job's thread may outlive the page; the epochs come over as plain values.
    const auto onEpoch = [page =
                              QPointer<TrainPage>(this)](const model::pipeline::TrainEvent& event) {
        QMetaObject::invokeMethod(
            QCoreApplication::instance(),
            [page, end = *event.epochEnded, epoch = event.epoch] {
                if (page) {
                    page->showEpoch(end, epoch);
                }
            },
            Qt::QueuedConnection);
    };
    m_workspace.jobs.add(
        tr("Training"),
        [project, settings = settings(), onEpoch](JobContext& context) {
            const db::Run run = trainProject(project, settings, std::nullopt, context, onEpoch);
            const EvaluationSummary summary = evaluateRun(project, run, context);
            writeReport(project, run, summary.cautions, context);
        },
        [this] {
            m_workspace.useNewestHead();
            Q_EMIT m_workspace.runsChanged();
        });
}

void TrainPage::showEpoch(const model::pipeline::TrainEvent::EpochEnd& end, int epoch)
{
    m_trainLoss.append(end.train.total);
    m_validationLoss.append(end.validation.total);
    m_tagMap.append(end.validationTagMap);
    m_best = end.isBest ? epoch : m_best;
    m_losses->setSeries(
        {{tr("training"), m_trainLoss, false}, {tr("validation"), m_validationLoss, true}});
    m_scores->setSeries({{tr("tag mAP"), m_tagMap, false}});
    m_losses->setMarker(m_best);
    m_scores->setMarker(m_best);
}

void TrainPage::showRuns()
{
    m_workspace.session.ask(this, readRuns, [this](const QList<RunRow>& rows) {
        m_shownRuns.clear();
        m_runs->setRowCount(int(rows.size()));
        for (int i = 0; i < rows.size(); ++i) {
            const RunRow& row = rows.at(i);
            m_shownRuns.append(row.run);
            const QString score = row.attributes ? tr("%1 → %2")
                                                       .arg(row.attributes->before, 0, 'f', 3)
                                                       .arg(row.attributes->after, 0, 'f', 3)
                                                 : QString();
            const QStringList cells{row.run.folder, row.run.name, db::statusName(row.run.status),
                                    score, row.run.message};
            for (int column = 0; column < cells.size(); ++column) {
                m_runs->setItem(i, column, new QTableWidgetItem(cells.at(column)));
            }
        }
        m_runs->resizeColumnsToContents();
        m_runs->horizontalHeader()->setStretchLastSection(true);
    });
}

} // namespace tagalign::app
