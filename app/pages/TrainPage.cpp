#include "app/pages/TrainPage.h"

#include "app/AblationDialog.h"
#include "app/jobs/EvaluateJob.h"
#include "app/jobs/PilotSnapshot.h"
#include "app/jobs/QualityJob.h"
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

#include <algorithm>

namespace tagalign::app {

namespace {

bool isUnfinished(const db::Run& run)
{
    return run.status == db::RunStatus::Cancelled || run.status == db::RunStatus::Failed;
}

QString stateText(db::RunStatus status)
{
    switch (status) {
    case db::RunStatus::Running:
        return TrainPage::tr("training");
    case db::RunStatus::Done:
        return TrainPage::tr("done");
    case db::RunStatus::Cancelled:
        return TrainPage::tr("stopped");
    case db::RunStatus::Failed:
        return TrainPage::tr("failed");
    }
    return {};
}

} // namespace

TrainPage::TrainPage(Workspace& workspace, QWidget* parent)
    : QWidget(parent),
      m_workspace(workspace),
      m_preset(new QComboBox(this)),
      m_head(new QComboBox(this)),
      m_epochs(new QSpinBox(this)),
      m_rate(new QDoubleSpinBox(this)),
      m_confidence(new QDoubleSpinBox(this)),
      m_start(new QPushButton(tr("Start training"), this)),
      m_resume(new QPushButton(tr("Go on with this run"), this)),
      m_losses(new widgets::LinePlot(this)),
      m_scores(new widgets::LinePlot(this)),
      m_runs(new QTableWidget(0, 6, this))
{
    m_losses->setTitle(tr("Loss (lower is better)"));
    m_scores->setTitle(tr("Tag mAP on validation images (higher is better)"));
    makeTable();
    auto* top = new QHBoxLayout;
    top->setSpacing(2 * widgets::kGrid);
    top->addLayout(makeForm());
    top->addWidget(m_losses, 1);
    top->addWidget(m_scores, 1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(3 * widgets::kGrid, 3 * widgets::kGrid, 3 * widgets::kGrid,
                               3 * widgets::kGrid);
    layout->setSpacing(2 * widgets::kGrid);
    layout->addLayout(top, 1);
    layout->addWidget(m_runs, 1);
    layout->addWidget(m_resume, 0, Qt::AlignLeft);
    setFocusProxy(m_start);
    connect(m_start, &QPushButton::clicked, this, &TrainPage::start);
    connect(m_resume, &QPushButton::clicked, this, &TrainPage::resume);
    connect(&workspace, &Workspace::runsChanged, this, &TrainPage::reload);
    connect(m_runs, &QTableWidget::itemSelectionChanged, this, &TrainPage::onRunChosen);
    reload();
}

QFormLayout* TrainPage::makeForm()
{
    using model::pipeline::HeadKind;
    m_preset->addItem(tr("For pilots"));
    m_preset->addItem(tr("The paper's"));
    m_preset->setToolTip(tr("Where the settings start: what suits 500 to 1,000 pairs, or the "
                            "original method (arXiv 2312.14149)"));
    m_head->addItem(tr("Adapter (small, quick)"), int(HeadKind::Adapter));
    m_head->addItem(tr("Gated convolution (the paper's)"), int(HeadKind::GatedConv));
    m_head->addItem(tr("Transformer block"), int(HeadKind::Transformer));
    m_head->addItem(tr("Projection alone (smallest)"), int(HeadKind::Projection));
    m_head->setToolTip(tr("What is trained on top of the frozen model"));
    m_epochs->setRange(1, 1000);
    m_epochs->setToolTip(tr("How often the training images are gone through; the best epoch on "
                            "validation images is kept"));
    m_rate->setDecimals(5);
    m_rate->setRange(0.00001, 1.0);
    m_rate->setSingleStep(0.001);
    m_rate->setToolTip(tr("Step size of the AdamW optimiser"));
    m_confidence->setRange(0.0, 1.0);
    m_confidence->setSingleStep(0.05);
    m_confidence->setKeyboardTracking(false); // half a number is none
    m_confidence->setValue(model::pipeline::TrainSettings().confidenceThreshold);
    m_confidence->setToolTip(tr("Tags nobody verified count only from this probability of being "
                                "right on; the same as on the Verify page"));
    connect(m_confidence, qOverload<double>(&QDoubleSpinBox::valueChanged), &m_workspace,
            &Workspace::setConfidenceThreshold);
    connect(&m_workspace, &Workspace::confidenceThresholdChanged, this, &TrainPage::showThreshold);
    m_workspace.session.ask(
        this, [](const db::Database& database) { return confidenceThreshold(database); },
        [this](double threshold) { showThreshold(threshold); });
    auto* form = new QFormLayout;
    form->addRow(tr("&Settings"), m_preset);
    form->addRow(tr("&Head"), m_head);
    form->addRow(tr("&Epochs"), m_epochs);
    form->addRow(tr("&Learning rate"), m_rate);
    form->addRow(tr("Least &probability"), m_confidence);
    form->addRow(m_start);
    auto* ablation = new QPushButton(tr("What contributes…"), this);
    ablation->setToolTip(
        tr("Train with objects or attributes alone, with fewer tags, or with surer "
           "ones, and compare"));
    form->addRow(ablation);
    connect(ablation, &QPushButton::clicked, this, &TrainPage::showAblation);
    connect(m_preset, qOverload<int>(&QComboBox::activated), this, &TrainPage::usePreset);
    usePreset();
    return form;
}

void TrainPage::usePreset()
{
    const model::pipeline::TrainSettings values = presetSettings();
    m_head->setCurrentIndex(m_head->findData(int(values.head)));
    m_epochs->setValue(values.epochs);
    m_rate->setValue(values.learningRate);
}

void TrainPage::showThreshold(double threshold)
{
    const QSignalBlocker quiet(m_confidence);
    m_confidence->setValue(threshold);
}

model::pipeline::TrainSettings TrainPage::presetSettings() const
{
    return m_preset->currentIndex() == 0 ? model::pipeline::TrainSettings()
                                         : model::pipeline::paperSettings();
}

void TrainPage::makeTable()
{
    m_runs->setHorizontalHeaderLabels(
        {tr("Run"), tr("Model"), tr("Head"), tr("State"), tr("Attributes: tag mAP"), tr("Remark")});
    m_runs->horizontalHeader()->setStretchLastSection(true);
    m_runs->verticalHeader()->hide();
    m_runs->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_runs->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_runs->setSelectionMode(QAbstractItemView::SingleSelection);
    m_runs->setAccessibleName(tr("Runs"));
    m_runs->setToolTip(
        tr("The chosen run is the “after” on the Compare page, if it is of the "
           "project's present model; runs of other models can stand beside it there"));
    m_runs->setTabKeyNavigation(false);
    m_resume->setToolTip(tr("From its last epoch, with the settings and the verdicts it began "
                            "with"));
    m_resume->setEnabled(false);
}

model::pipeline::TrainSettings TrainPage::settings() const
{
    model::pipeline::TrainSettings settings = presetSettings();
    settings.head = model::pipeline::HeadKind(m_head->currentData().toInt());
    settings.epochs = m_epochs->value();
    settings.learningRate = m_rate->value();
    settings.confidenceThreshold = m_confidence->value();
    return settings;
}

void TrainPage::showAblation()
{
    if (auto* open = findChild<AblationDialog*>()) {
        open->close(); // its settings may be others
    }
    auto* dialog = new AblationDialog(m_workspace, settings(), this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->show();
}

void TrainPage::start()
{
    queue([project = m_workspace.project(), settings = settings()](JobContext& context,
                                                                   const OnEpoch& onEpoch) {
        return trainProject(project, settings, context, onEpoch);
    });
}

void TrainPage::resume()
{
    const db::Run* run = chosenRun();
    if (run != nullptr && isUnfinished(*run)) {
        queue([project = m_workspace.project(), run = *run](JobContext& context,
                                                            const OnEpoch& onEpoch) {
            return resumeRun(project, run, context, onEpoch);
        });
    }
}

void TrainPage::queue(const Train& train)
{
    // The job's thread may outlive the page.
    const auto onEpoch = [page = QPointer<TrainPage>(this)](const model::pipeline::TrainEvent&) {
        QMetaObject::invokeMethod(
            QCoreApplication::instance(),
            [page] {
                if (page) {
                    page->reload();
                }
            },
            Qt::QueuedConnection);
    };
    m_workspace.jobs.add(
        tr("Training"),
        [project = m_workspace.project(), train, onEpoch](JobContext& context) {
            const db::Run run = train(context, onEpoch);
            const EvaluationSummary summary = evaluateRun(project, run, context);
            writeReport(project, run, summary.cautions, context);
        },
        [this] { m_workspace.useNewestHead(); });
}

QList<TrainPage::Row> TrainPage::rowsOf(const db::Database& database)
{
    const db::RunRepository runs(database.connection());
    QList<Row> rows;
    for (const db::Run& run : runs.runs()) {
        Row row{run, std::nullopt};
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

void TrainPage::reload()
{
    m_workspace.session.ask(
        this, [](const db::Database& database) { return rowsOf(database); },
        [this](const QList<Row>& rows) { showRuns(rows); });
}

/// A run that has just begun is chosen; else what was chosen stays so; else the newest.
void TrainPage::showRuns(const QList<Row>& rows)
{
    db::RunId wanted = chosenRun() != nullptr ? chosenRun()->id : db::RunId{};
    for (const Row& row : rows) {
        const bool wasRunning = std::any_of(m_rows.begin(), m_rows.end(), [&row](const Row& old) {
            return old.run.id == row.run.id && old.run.status == db::RunStatus::Running;
        });
        wanted = row.run.status == db::RunStatus::Running && !wasRunning ? row.run.id : wanted;
    }
    const QSignalBlocker quiet(m_runs);
    m_rows = rows;
    m_runs->setRowCount(int(rows.size()));
    int chosen = rows.isEmpty() ? -1 : 0;
    for (int i = 0; i < rows.size(); ++i) {
        const Row& row = rows.at(i);
        const QString score = row.attributes ? tr("%1 → %2")
                                                   .arg(row.attributes->before, 0, 'f', 3)
                                                   .arg(row.attributes->after, 0, 'f', 3)
                                             : QString();
        const QStringList cells{row.run.folder, modelOf(row.run.snapshot).title,
                                row.run.name,   stateText(row.run.status),
                                score,          row.run.message};
        for (int column = 0; column < cells.size(); ++column) {
            m_runs->setItem(i, column, new QTableWidgetItem(cells.at(column)));
        }
        chosen = wanted == row.run.id ? i : chosen;
    }
    m_runs->resizeColumnsToContents();
    m_runs->horizontalHeader()->setStretchLastSection(true);
    m_runs->selectRow(chosen);
    m_resume->setEnabled(chosenRun() != nullptr && isUnfinished(*chosenRun()));
    if (chosenRun() != nullptr) {
        showCurves(*chosenRun());
    }
}

const db::Run* TrainPage::chosenRun() const
{
    const int row = m_runs->currentRow();
    return row >= 0 && row < m_rows.size() ? &m_rows.at(row).run : nullptr;
}

void TrainPage::onRunChosen()
{
    const db::Run* run = chosenRun();
    m_resume->setEnabled(run != nullptr && isUnfinished(*run));
    if (run == nullptr) {
        return;
    }
    showCurves(*run);
    if (run->status == db::RunStatus::Done) {
        m_workspace.useRun(*run);
    }
}

void TrainPage::showCurves(const db::Run& run)
{
    m_workspace.session.ask(
        this,
        [project = m_workspace.project(), run](const db::Database&) {
            return readCurves(project, run);
        },
        [this](const RunCurves& curves) {
            m_losses->setSeries({{tr("training"), curves.trainLoss, false},
                                 {tr("validation"), curves.validationLoss, true}});
            m_scores->setSeries({{tr("objects"), curves.objectMap, false},
                                 {tr("attributes"), curves.attributeMap, true, 1}});
            m_losses->setMarker(curves.best);
            m_scores->setMarker(curves.best);
        });
}

} // namespace tagalign::app
