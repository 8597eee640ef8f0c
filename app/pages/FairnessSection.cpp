#include "app/pages/FairnessSection.h"

#include "widgets/Theme.h"
#include "widgets/plot/IntervalDelegate.h"

#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace tagalign::app {

namespace {

constexpr int kSentence = 0;
constexpr int kBefore = 1;
constexpr int kAfter = 2;

/// With its interval drawn.
QTableWidgetItem* cell(const Estimate& estimate, const FairnessFinding& finding)
{
    auto* item = new QTableWidgetItem(QString::number(estimate.value, 'f', 2));
    item->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
    item->setToolTip(FairnessSection::tr("95 % interval: %1 to %2")
                         .arg(estimate.interval.low, 0, 'f', 3)
                         .arg(estimate.interval.high, 0, 'f', 3));
    const bool isBelow = estimate.value < 0.0;
    item->setData(widgets::IntervalDelegate::kRole,
                  QVariant::fromValue(widgets::IntervalDelegate::Interval{
                      estimate.value, estimate.interval.low, estimate.interval.high, 1.0,
                      finding.isWorry(estimate.value) == isBelow}));
    return item;
}

} // namespace

FairnessSection::FairnessSection(QWidget* parent)
    : QWidget(parent),
      m_remarks(new QLabel(this)),
      m_table(new QTableWidget(this)),
      m_all(new QPushButton(this))
{
    m_remarks->setWordWrap(true);
    m_remarks->setAlignment(Qt::AlignTop);
    m_remarks->setAccessibleName(tr("What was looked at"));
    m_table->setAccessibleName(tr("Fairness"));
    m_table->setTabKeyNavigation(false);
    m_table->setSelectionMode(QAbstractItemView::NoSelection);
    m_table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_table->verticalHeader()->hide();
    m_table->setWordWrap(true);
    m_table->setColumnCount(3);
    m_table->setHorizontalHeaderLabels({tr("Finding"), tr("Difference before"), tr("After")});
    m_table->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    m_table->horizontalHeader()->setSectionResizeMode(kSentence, QHeaderView::Stretch);
    m_table->verticalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    for (const int column : {kBefore, kAfter}) {
        m_table->setItemDelegateForColumn(column, new widgets::IntervalDelegate(this));
    }
    m_all->setCheckable(true);
    m_all->setToolTip(tr("Also what may be chance"));
    auto* layout = new QVBoxLayout(this);
    layout->setSpacing(widgets::kGrid);
    layout->addWidget(m_remarks);
    layout->addWidget(m_table, 1);
    layout->addWidget(m_all, 0, Qt::AlignLeft);
    connect(m_all, &QPushButton::toggled, this, &FairnessSection::fill);
}

void FairnessSection::setReport(const FairnessReport& report)
{
    m_findings = fairnessFindings(report);
    m_remarks->setText(fairnessRemarks(report).join(QLatin1Char('\n')));
    fill();
}

QString FairnessSection::title() const
{
    const auto sure = std::count_if(m_findings.begin(), m_findings.end(),
                                    [](const FairnessFinding& finding) { return finding.isSure; });
    return sure == 0 ? tr("F&airness") : tr("F&airness (%1)").arg(sure);
}

void FairnessSection::fill()
{
    m_table->clearSpans();
    m_table->setRowCount(0);
    qsizetype unsure = 0;
    for (const FairnessFinding& finding : m_findings) {
        unsure += finding.isSure ? 0 : 1;
        if (finding.isSure || m_all->isChecked()) {
            addFinding(finding);
        }
    }
    m_table->setVisible(m_table->rowCount() > 0);
    m_all->setVisible(unsure > 0);
    m_all->setText(tr("Show &all: %1 more that may be chance").arg(unsure));
}

void FairnessSection::addFinding(const FairnessFinding& finding)
{
    const int row = m_table->rowCount();
    m_table->insertRow(row);
    QString sentence = finding.sentence;
    sentence.replace(QLatin1String(" %"), QStringLiteral("\u00A0%")); // never on lines of their own
    m_table->setItem(row, kSentence, new QTableWidgetItem(sentence));
    m_table->setItem(row, kBefore, cell(finding.before, finding));
    if (finding.after) {
        m_table->setItem(row, kAfter, cell(*finding.after, finding));
    } else {
        m_table->setSpan(row, kBefore, 1, 2); // of captions, whatever the model
    }
}

} // namespace tagalign::app
