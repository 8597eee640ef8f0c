#include "app/AblationDialog.h"

#include "widgets/Theme.h"
#include "widgets/plot/IntervalDelegate.h"
#include "widgets/plot/LinePlot.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace tagalign::app {

namespace {

enum Column { kVariant, kObjects, kAttributes, kColumns };

QString explanationOf(AblationStudy study)
{
    switch (study) {
    case AblationStudy::Kinds:
        return AblationDialog::tr("What does each kind of tag contribute? Four heads are trained: "
                                  "on captions alone, with objects, with attributes, with both.");
    case AblationStudy::TagCount:
        return AblationDialog::tr("Where do more tags stop paying? Heads are trained on the most "
                                  "frequent tags of each kind alone and measured on all of them.");
    case AblationStudy::Confidence:
        return AblationDialog::tr("How sure must the parser be? Heads are trained with tags that "
                                  "nobody verified from different confidences on.");
    }
    Q_UNREACHABLE();
}

double reachOf(const QList<AblationRow>& rows)
{
    double reach = 0.01;
    for (const AblationRow& row : rows) {
        for (const auto& metric : {row.objects, row.attributes}) {
            if (metric) {
                reach = std::max({reach, std::abs(metric->low), std::abs(metric->high)});
            }
        }
    }
    return reach;
}

} // namespace

AblationDialog::AblationDialog(Workspace& workspace, const model::pipeline::TrainSettings& base,
                               QWidget* parent)
    : QDialog(parent),
      m_workspace(workspace),
      m_base(base),
      m_study(new QComboBox(this)),
      m_explanation(new QLabel(this)),
      m_table(new QTableWidget(0, kColumns, this)),
      m_plot(new widgets::LinePlot(this)),
      m_start(new QPushButton(tr("Train what is missing"), this))
{
    setWindowTitle(tr("What contributes how much"));
    m_study->addItem(tr("Kinds of tags"), int(AblationStudy::Kinds));
    m_study->addItem(tr("Number of tags"), int(AblationStudy::TagCount));
    m_study->addItem(tr("Confidence of the parser"), int(AblationStudy::Confidence));
    m_study->setAccessibleName(tr("Study"));
    m_explanation->setWordWrap(true);
    m_table->setHorizontalHeaderLabels(
        {tr("Trained"), tr("Objects: change of tag mAP"), tr("Attributes: change of tag mAP")});
    m_table->setItemDelegateForColumn(kObjects, new widgets::IntervalDelegate(this));
    m_table->setItemDelegateForColumn(kAttributes, new widgets::IntervalDelegate(this));
    m_table->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
    m_table->verticalHeader()->hide();
    m_table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_table->setSelectionMode(QAbstractItemView::NoSelection);
    m_table->setTabKeyNavigation(false);
    m_table->setAccessibleName(tr("Results, with 95 % intervals"));
    m_plot->setTitle(tr("Tag mAP on test images after training"));
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    buttons->addButton(m_start, QDialogButtonBox::ActionRole);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(2 * widgets::kGrid, 2 * widgets::kGrid, 2 * widgets::kGrid,
                               2 * widgets::kGrid);
    layout->addWidget(m_study);
    layout->addWidget(m_explanation);
    layout->addWidget(m_table, 1);
    layout->addWidget(m_plot, 1);
    layout->addWidget(buttons);
    resize(90 * widgets::kGrid, 75 * widgets::kGrid);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(m_start, &QPushButton::clicked, this, &AblationDialog::start);
    connect(m_study, qOverload<int>(&QComboBox::currentIndexChanged), this,
            &AblationDialog::reload);
    connect(&workspace, &Workspace::runsChanged, this, &AblationDialog::reload);
    connect(&workspace.jobs, &JobQueue::finished, this, &AblationDialog::onJobEnded);
    reload();
}

AblationStudy AblationDialog::study() const
{
    return AblationStudy(m_study->currentData().toInt());
}

void AblationDialog::start()
{
    for (const AblationRow& row : m_rows) {
        if (!row.isMeasured()) {
            m_queued.insert(m_workspace.jobs.add(
                tr("Training: %1").arg(row.variant.title),
                [project = m_workspace.project(), variant = row.variant](JobContext& context) {
                    (void)runVariant(project, variant, context);
                },
                [workspace = &m_workspace] { Q_EMIT workspace->runsChanged(); }));
        }
    }
    m_start->setEnabled(false);
}

/// Also after a job that was cancelled or failed, so that it can be tried again.
void AblationDialog::onJobEnded(int id)
{
    if (m_queued.remove(id)) {
        reload();
    }
}

void AblationDialog::reload()
{
    m_explanation->setText(explanationOf(study()));
    m_workspace.session.ask(
        this,
        [project = m_workspace.project(), study = study(), base = m_base](
            const db::Database& database) { return ablationRows(project, database, study, base); },
        [this](const QList<AblationRow>& rows) { showRows(rows); });
}

void AblationDialog::showRows(const QList<AblationRow>& rows)
{
    m_rows = rows;
    m_table->setRowCount(int(rows.size()));
    const double reach = reachOf(rows);
    widgets::LineSeries objects{tr("objects"), {}, false, 0};
    widgets::LineSeries attributes{tr("attributes"), {}, true, 1};
    QStringList names;
    for (int i = 0; i < rows.size(); ++i) {
        const AblationRow& row = rows.at(i);
        m_table->setItem(i, kVariant, new QTableWidgetItem(row.variant.title));
        const auto show = [&](Column column, const std::optional<db::Metric>& metric) {
            auto* item = new QTableWidgetItem(metric ? QString() : tr("not trained yet"));
            if (metric) {
                item->setData(
                    widgets::IntervalDelegate::kRole,
                    QVariant::fromValue(widgets::IntervalDelegate::Interval{
                        metric->after - metric->before, metric->low, metric->high, reach, true}));
            }
            m_table->setItem(i, column, item);
        };
        show(kObjects, row.objects);
        show(kAttributes, row.attributes);
        if (row.objects && row.attributes) {
            names.append(row.variant.title);
            objects.values.append(row.objects->after);
            attributes.values.append(row.attributes->after);
        }
    }
    m_plot->setSteps(names);
    m_plot->setSeries({objects, attributes});
    const bool isMissing = std::any_of(rows.begin(), rows.end(),
                                       [](const AblationRow& row) { return !row.isMeasured(); });
    m_start->setEnabled(isMissing && m_queued.isEmpty());
}

} // namespace tagalign::app
