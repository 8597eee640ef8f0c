#include "app/pages/ReportPage.h"

#include "app/jobs/ReportJob.h"
#include "app/jobs/Runs.h"
#include "db/RunRepository.h"
#include "widgets/plot/IntervalDelegate.h"

#include <QDesktopServices>
#include <QFile>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QTableWidget>
#include <QUrl>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace tagalign::app {

namespace {

struct Content
{
    std::optional<db::Run> run;
    QList<db::Metric> metrics;
    QString decision;
    QString file;
    bool hasFile = false;
};

constexpr int kIntervalColumn = 5;

/// Figures of one name share an axis: counts live on another scale than shares.
double reachOf(const QList<db::Metric>& metrics, const QString& name)
{
    double reach = 0.01;
    for (const db::Metric& metric : metrics) {
        if (metric.name == name && !metric.tag) {
            reach = std::max({reach, std::abs(metric.low), std::abs(metric.high)});
        }
    }
    return reach;
}

} // namespace

ReportPage::ReportPage(Workspace& workspace, QWidget* parent)
    : QWidget(parent),
      m_workspace(workspace),
      m_heading(new QLabel(this)),
      m_decision(new QLabel(this)),
      m_figures(new QTableWidget(0, 6, this)),
      m_open(new QPushButton(tr("Open the report"), this))
{
    m_heading->setFont(widgets::headingFont(this));
    m_heading->setWordWrap(true);
    m_decision->setWordWrap(true);
    m_figures->setAccessibleName(tr("Figures"));
    m_figures->setTabKeyNavigation(false);
    m_figures->setHorizontalHeaderLabels({tr("Figure"), tr("Of"), tr("Before"), tr("After"),
                                          tr("Change"), tr("95 % interval of the change")});
    m_figures->horizontalHeader()->setStretchLastSection(true);
    m_figures->setItemDelegateForColumn(kIntervalColumn, new widgets::IntervalDelegate(this));
    m_figures->setSelectionMode(QAbstractItemView::NoSelection);
    m_figures->verticalHeader()->hide();
    m_figures->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_open->setToolTip(tr("One page with heatmaps, for the browser and for printing"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(3 * widgets::kGrid, 3 * widgets::kGrid, 3 * widgets::kGrid,
                               3 * widgets::kGrid);
    layout->setSpacing(2 * widgets::kGrid);
    layout->addWidget(m_heading);
    layout->addWidget(m_decision);
    layout->addWidget(m_figures, 1);
    layout->addWidget(m_open, 0, Qt::AlignLeft);
    connect(m_open, &QPushButton::clicked, this,
            [this] { QDesktopServices::openUrl(QUrl::fromLocalFile(m_file)); });
    connect(&workspace, &Workspace::runsChanged, this, &ReportPage::reload);
    connect(&workspace, &Workspace::modelChanged, this, &ReportPage::reload);
    reload();
}

void ReportPage::reload()
{
    m_workspace.session.ask(
        this,
        [project = m_workspace.project()](db::Database& database) {
            Content content{.run = newestRun(project, database)};
            if (!content.run) {
                return content;
            }
            content.metrics = db::RunRepository(database.connection()).metricsOf(content.run->id);
            content.file =
                project.reportFolder(content.run->folder) + QStringLiteral("/report.html");
            content.hasFile = QFile::exists(content.file);
            try {
                content.decision = decisionOn(content.metrics).sentence;
            } catch (const model::Error& error) {
                content.decision = QString::fromUtf8(error.what());
            }
            return content;
        },
        [this](const Content& content) {
            m_figures->setRowCount(0);
            m_open->setEnabled(content.hasFile);
            m_file = content.file;
            m_decision->setVisible(content.run.has_value());
            m_figures->setVisible(content.run.has_value());
            if (!content.run) {
                m_heading->setText(tr("No finished run yet. Train a head first."));
                return;
            }
            m_heading->setText(
                tr("Run %1, on test images the training never saw").arg(content.run->folder));
            m_decision->setText(content.decision);
            for (const db::Metric& metric : content.metrics) {
                if (!metric.tag) {
                    addFigure(metric, reachOf(content.metrics, metric.name));
                }
            }
            m_figures->resizeColumnsToContents();
        });
}

void ReportPage::addFigure(const db::Metric& metric, double reach)
{
    const auto number = [](double value) { return QString::number(value, 'f', 3); };
    const double change = metric.after - metric.before;
    const QStringList cells{
        metric.name,           metric.kind,
        number(metric.before), number(metric.after),
        number(change),        tr("%1 to %2").arg(number(metric.low), number(metric.high))};
    const int row = m_figures->rowCount();
    m_figures->insertRow(row);
    for (int column = 0; column < cells.size(); ++column) {
        auto* item = new QTableWidgetItem(cells.at(column));
        item->setTextAlignment((column < 2 ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
        m_figures->setItem(row, column, item);
    }
    const bool isBetterUp = !metric.name.startsWith(QLatin1String("false alerts"));
    m_figures->item(row, kIntervalColumn)
        ->setData(widgets::IntervalDelegate::kRole,
                  QVariant::fromValue(widgets::IntervalDelegate::Interval{
                      change, metric.low, metric.high, reach, isBetterUp}));
}

} // namespace tagalign::app
