#include "app/pages/ReportPage.h"

#include "app/jobs/EvaluateJob.h"
#include "app/jobs/EvaluationFile.h"
#include "app/jobs/FigureAxis.h"
#include "app/jobs/PilotSnapshot.h"
#include "app/jobs/ReportJob.h"
#include "app/jobs/RetentionSet.h"
#include "app/jobs/Runs.h"
#include "app/pages/FairnessSection.h"
#include "db/RunRepository.h"
#include "widgets/plot/IntervalDelegate.h"

#include <QComboBox>
#include <QDesktopServices>
#include <QFile>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QTabWidget>
#include <QTableWidget>
#include <QUrl>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace tagalign::app {

namespace {

constexpr int kIntervalColumn = 5;
constexpr int kNameWidth = 30 * widgets::kGrid; ///< of a retention set, on its button

/// The figure of the same name in another run; null if it has none.
const db::Metric* sameFigure(const QList<db::Metric>& metrics, const db::Metric& figure)
{
    const auto found =
        std::find_if(metrics.begin(), metrics.end(), [&figure](const db::Metric& metric) {
            return metric.name == figure.name && metric.kind == figure.kind;
        });
    return found == metrics.end() ? nullptr : &*found;
}

/// What to mind when two runs stand side by side.
QString remarkOn(const db::Run& run, const QList<db::Metric>& metrics, const db::Run& besideRun,
                 const QList<db::Metric>& besideMetrics)
{
    QStringList remarks;
    if (modelOf(run.snapshot).fingerprint != modelOf(besideRun.snapshot).fingerprint) {
        remarks.append(ReportPage::tr("The two runs belong to different models: compare what each "
                                      "reaches, not how much each gains."));
    }
    const db::Metric* other = sameFigure(besideMetrics, metrics.first());
    if (other != nullptr && other->count != metrics.first().count) {
        remarks.append(ReportPage::tr("Run %1 was measured on %2 test images, run %3 on %4.")
                           .arg(run.folder)
                           .arg(metrics.first().count)
                           .arg(besideRun.folder)
                           .arg(other->count));
    }
    return remarks.join(QLatin1Char(' '));
}

} // namespace

ReportPage::ReportPage(Workspace& workspace, QWidget* parent)
    : QWidget(parent),
      m_workspace(workspace),
      m_heading(new QLabel(this)),
      m_run(new QComboBox(this)),
      m_beside(new QComboBox(this)),
      m_decision(new QLabel(this)),
      m_cautions(new QLabel(this)),
      m_remark(new QLabel(this)),
      m_tabs(new QTabWidget(this)),
      m_figures(new QTableWidget(this)),
      m_fairness(new FairnessSection(this)),
      m_open(new QPushButton(tr("Open the report"), this)),
      m_retention(new QPushButton(tr("Retention set"), this))
{
    m_heading->setFont(widgets::headingFont(this));
    m_heading->setWordWrap(true);
    m_run->setAccessibleName(tr("Run"));
    m_run->setToolTip(tr("Whose figures and decision are shown"));
    m_beside->setAccessibleName(tr("Beside it"));
    m_beside->setToolTip(tr("Another run's figures beside these, be it of another model"));
    m_decision->setWordWrap(true);
    m_cautions->setWordWrap(true);
    m_cautions->setAccessibleName(tr("What to mind"));
    m_remark->setWordWrap(true);
    m_remark->setForegroundRole(QPalette::PlaceholderText);
    m_figures->setAccessibleName(tr("Figures"));
    m_figures->setTabKeyNavigation(false);
    auto* intervals = new widgets::IntervalDelegate(this);
    intervals->setAxisShare(0.6);
    m_figures->setItemDelegateForColumn(kIntervalColumn, intervals);
    m_figures->setSelectionMode(QAbstractItemView::NoSelection);
    m_figures->verticalHeader()->hide();
    m_figures->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_tabs->addTab(m_figures, tr("&Figures"));
    m_tabs->addTab(m_fairness, QString());
    m_open->setToolTip(tr("One page with heatmaps, for the browser and for printing"));
    auto* menu = new QMenu(m_retention);
    menu->addAction(tr("Choose a folder…"), this,
                    [this] { chooseRetention(QFileDialog::Directory); });
    menu->addAction(tr("Choose a file…"), this,
                    [this] { chooseRetention(QFileDialog::ExistingFile); });
    m_noRetention = menu->addAction(tr("Use none"), this, [this] { measureOn({}); });
    m_retention->setMenu(menu);
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(m_open);
    buttons->addWidget(m_retention);
    buttons->addStretch(1);
    auto* choice = new QHBoxLayout;
    choice->addWidget(m_run);
    choice->addWidget(m_beside);
    choice->addStretch(1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(3 * widgets::kGrid, 3 * widgets::kGrid, 3 * widgets::kGrid,
                               3 * widgets::kGrid);
    layout->setSpacing(2 * widgets::kGrid);
    layout->addWidget(m_heading);
    layout->addLayout(choice);
    layout->addWidget(m_decision);
    layout->addWidget(m_cautions);
    layout->addWidget(m_remark);
    layout->addWidget(m_tabs, 1);
    layout->addLayout(buttons);
    connect(m_open, &QPushButton::clicked, this, [this] {
        if (const Content* content = chosen(m_run)) {
            QDesktopServices::openUrl(QUrl::fromLocalFile(content->file));
        }
    });
    connect(m_run, qOverload<int>(&QComboBox::activated), this, &ReportPage::showRun);
    connect(m_beside, qOverload<int>(&QComboBox::activated), this, &ReportPage::showRun);
    connect(&workspace, &Workspace::runsChanged, this, &ReportPage::reload);
    connect(&workspace, &Workspace::modelChanged, this, &ReportPage::reload);
    reload();
}

QList<ReportPage::Content> ReportPage::contents(const Project& project,
                                                const db::Database& database)
{
    const db::RunRepository runs(database.connection());
    const model::eval::GoNoGoSettings settings = decisionSettings(database);
    QList<Content> contents;
    for (const db::Run& run : runs.runs()) {
        Content content{.run = run};
        for (const db::Metric& metric : runs.metricsOf(run.id)) {
            if (!metric.tag) {
                content.metrics.append(metric);
            }
        }
        if (run.status != db::RunStatus::Done || content.metrics.isEmpty()) {
            continue;
        }
        content.file = project.reportFolder(run.folder) + QStringLiteral("/report.html");
        content.hasFile = QFile::exists(content.file);
        EvaluationDetails details = loadEvaluation(project, run);
        content.cautions = std::move(details.cautions);
        content.fairness = std::move(details.fairness);
        try {
            content.decision = decisionOn(content.metrics, settings).sentence;
        } catch (const model::Error& error) {
            content.decision = QString::fromUtf8(error.what());
        }
        contents.append(content);
    }
    return contents;
}

/// The newest run of the present model comes first where nothing was chosen.
void ReportPage::reload()
{
    struct Answer
    {
        QList<Content> contents;
        std::optional<db::Run> newest;
        QString retention;
    };

    m_workspace.session.ask(
        this,
        [project = m_workspace.project()](const db::Database& database) {
            return Answer{contents(project, database), newestRun(project, database),
                          retentionSource(database)};
        },
        [this](const Answer& answer) {
            m_contents = answer.contents;
            showRetention(answer.retention);
            fill(m_run, {});
            fill(m_beside, tr("No other run beside it"));
            const bool isNew = !m_newest || !answer.newest || *m_newest != answer.newest->id;
            m_newest = answer.newest ? std::optional(answer.newest->id) : std::nullopt;
            if (isNew && m_newest) {
                m_run->setCurrentIndex(m_run->findData(qint64(*m_newest)));
            }
            showRun();
        });
}

void ReportPage::fill(QComboBox* box, const QString& first)
{
    const QVariant chosenBefore = box->currentData();
    box->clear();
    if (!first.isEmpty()) {
        box->addItem(first);
    }
    for (const Content& content : m_contents) {
        const QString model = modelOf(content.run.snapshot).title;
        box->addItem(model.isEmpty()
                         ? tr("Run %1 (%2)").arg(content.run.folder, content.run.name)
                         : tr("Run %1 (%2, %3)").arg(content.run.folder, content.run.name, model),
                     qint64(content.run.id));
    }
    box->setCurrentIndex(std::max(box->findData(chosenBefore), 0));
    box->setVisible(!m_contents.isEmpty());
}

const ReportPage::Content* ReportPage::chosen(const QComboBox* box) const
{
    const auto found =
        std::find_if(m_contents.begin(), m_contents.end(), [box](const Content& content) {
            return box->currentData() == qint64(content.run.id);
        });
    return found == m_contents.end() ? nullptr : &*found;
}

void ReportPage::showRun()
{
    const Content* content = chosen(m_run);
    const Content* beside = chosen(m_beside);
    m_open->setEnabled(content != nullptr && content->hasFile);
    m_decision->setVisible(content != nullptr);
    m_tabs->setVisible(content != nullptr);
    m_cautions->hide();
    m_remark->hide();
    if (content == nullptr) {
        m_heading->setText(tr("No finished run yet. Train a head first."));
        return;
    }
    m_heading->setText(
        tr("Run %1, on test images the training never saw").arg(content->run.folder));
    m_decision->setText(content->decision);
    m_cautions->setText(content->cautions.join(QLatin1Char('\n')));
    m_cautions->setVisible(!content->cautions.isEmpty());
    QStringList headers{tr("Figure"), tr("Of"),     tr("Before"),
                        tr("After"),  tr("Change"), tr("95 % interval of the change")};
    if (beside != nullptr) {
        headers.append(tr("Run %1: before").arg(beside->run.folder));
        headers.append(tr("Run %1: after").arg(beside->run.folder));
    }
    m_remark->setText(beside != nullptr
                          ? remarkOn(content->run, content->metrics, beside->run, beside->metrics)
                          : QString());
    m_remark->setVisible(!m_remark->text().isEmpty());
    m_figures->setRowCount(0);
    m_figures->setColumnCount(int(headers.size()));
    m_figures->setHorizontalHeaderLabels(headers);
    for (const db::Metric& metric : content->metrics) {
        addFigure(metric, axisReach(content->metrics, metric.name),
                  beside != nullptr ? sameFigure(beside->metrics, metric) : nullptr);
    }
    m_fairness->setReport(content->fairness);
    m_tabs->setTabText(m_tabs->indexOf(m_fairness), m_fairness->title());
    m_figures->resizeColumnsToContents();
    m_figures->horizontalHeader()->setStretchLastSection(true);
}

void ReportPage::showRetention(const QString& source)
{
    const QString what =
        tr("Pictures with captions that have nothing to do with this project: they "
           "show what the head has forgotten.");
    const QString name = fontMetrics()
                             .elidedText(QFileInfo(source).fileName(), Qt::ElideMiddle, kNameWidth)
                             .replace(QLatin1Char('&'), QLatin1String("&&"));
    m_retention->setText(name.isEmpty() ? tr("Retention set") : tr("Retention set: %1").arg(name));
    m_retention->setToolTip(source.isEmpty() ? what + QLatin1Char(' ') + tr("None is chosen.")
                                             : what + QLatin1Char(' ') + tr("Now: %1").arg(source));
    m_noRetention->setEnabled(!source.isEmpty());
}

void ReportPage::chooseRetention(QFileDialog::FileMode mode)
{
    auto* dialog = new QFileDialog(this, tr("Pictures with captions outside the pilot"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(mode);
    connect(dialog, &QFileDialog::fileSelected, this, &ReportPage::measureOn);
    dialog->open();
}

void ReportPage::measureOn(const QString& source)
{
    m_workspace.jobs.add(
        tr("Retention"),
        [project = m_workspace.project(), source](JobContext& context) {
            chooseRetentionSet(project, source);
            const db::Database database(project.databaseFile());
            if (const auto run = newestRun(project, database)) {
                const EvaluationSummary summary = evaluateRun(project, *run, context);
                writeReport(project, *run, summary.cautions, context);
            }
        },
        [this] { reload(); });
}

void ReportPage::addFigure(const db::Metric& metric, double reach, const db::Metric* beside)
{
    const auto number = [](double value) { return QString::number(value, 'f', 3); };
    const double change = metric.after - metric.before;
    QStringList cells{
        metric.name,           metric.kind,
        number(metric.before), number(metric.after),
        number(change),        tr("%1 to %2").arg(number(metric.low), number(metric.high))};
    if (beside != nullptr) {
        cells << number(beside->before) << number(beside->after);
    }
    const int row = m_figures->rowCount();
    m_figures->insertRow(row);
    for (int column = 0; column < cells.size(); ++column) {
        auto* item = new QTableWidgetItem(cells.at(column));
        item->setTextAlignment((column < 2 ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
        m_figures->setItem(row, column, item);
    }
    m_figures->item(row, kIntervalColumn)
        ->setData(widgets::IntervalDelegate::kRole,
                  QVariant::fromValue(widgets::IntervalDelegate::Interval{
                      change, metric.low, metric.high, reach, !isLessBetter(metric.name)}));
}

} // namespace tagalign::app
