#include "widgets/QualityBar.h"

#include "widgets/Theme.h"
#include "widgets/plot/LinePlot.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QSignalBlocker>
#include <QSlider>
#include <QToolButton>
#include <QVBoxLayout>

#include <cmath>
#include <limits>

namespace tagalign::widgets {

namespace {

constexpr int kSteps = 100;        ///< of the threshold
constexpr qsizetype kPlotStep = 5; ///< every so many rows are drawn
constexpr double kFarReach = 0.9;  ///< from here on the precision speaks of nearly all

} // namespace

QualityBar::QualityBar(QWidget* parent)
    : QWidget(parent),
      m_order(new QComboBox(this)),
      m_slider(new QSlider(Qt::Horizontal, this)),
      m_figures(new QLabel(this)),
      m_plotButton(new QToolButton(this)),
      m_secondLook(new QToolButton(this)),
      m_plot(new LinePlot(this))
{
    m_order->addItems({tr("Order: as imported"), tr("Order: most doubtful first")});
    m_order->setFocusPolicy(Qt::NoFocus); // letters judge tags, they choose no entry
    m_order->setToolTip(tr("Which tags are verified first (O)"));
    m_slider->setRange(0, kSteps);
    m_slider->setPageStep(int(kPlotStep));
    m_slider->setFocusPolicy(Qt::NoFocus);
    m_slider->setFixedWidth(20 * kGrid);
    m_slider->setAccessibleName(tr("Threshold of the probability"));
    m_slider->setToolTip(tr("Tags nobody verified are trained on from this probability on"));
    m_plotButton->setText(tr("Plot"));
    m_plotButton->setCheckable(true);
    m_plotButton->setFocusPolicy(Qt::NoFocus);
    m_plotButton->setToolTip(tr("Precision and coverage for every threshold (P)"));
    m_secondLook->setFocusPolicy(Qt::NoFocus);
    m_secondLook->setMenu(new QMenu(m_secondLook));
    m_secondLook->setPopupMode(QToolButton::InstantPopup);
    m_secondLook->setToolTip(tr("Verdicts that all other evidence contradicts: slips of the hand, "
                                "or tags that are hard to see"));
    m_plot->setTitle(tr("Precision and coverage by threshold"));
    m_plot->setFixedHeight(20 * kGrid);
    m_plot->hide();
    auto* line = new QHBoxLayout;
    line->setContentsMargins(0, 0, 0, 0);
    line->addWidget(m_order);
    line->addSpacing(kGrid);
    line->addWidget(m_slider);
    line->addWidget(m_figures, 1);
    line->addWidget(m_plotButton);
    line->addWidget(m_secondLook);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addLayout(line);
    layout->addWidget(m_plot);
    connect(m_order, qOverload<int>(&QComboBox::currentIndexChanged), this,
            [this](int order) { Q_EMIT orderChanged(order == 1); });
    connect(m_slider, &QSlider::valueChanged, this, &QualityBar::onSliderMoved);
    connect(m_slider, &QSlider::sliderReleased, this,
            [this] { Q_EMIT thresholdChanged(threshold()); });
    connect(m_plotButton, &QToolButton::toggled, this, [this](bool isShown) {
        m_plot->setVisible(isShown);
        Q_EMIT plotToggled(isShown);
    });
    setSecondLook({});
    setRows({}, {});
}

void QualityBar::setRows(const QList<QualityRow>& rows, const QString& basis)
{
    m_rows = rows;
    m_basis = basis;
    m_slider->setEnabled(!rows.isEmpty());
    drawPlot();
    showFigures();
}

void QualityBar::setSecondLook(const QStringList& lines)
{
    m_secondLook->setText(tr("Second look (%1)").arg(lines.size()));
    m_secondLook->setEnabled(!lines.isEmpty());
    QMenu* menu = m_secondLook->menu();
    menu->clear();
    for (int i = 0; i < lines.size(); ++i) {
        menu->addAction(QString(lines.at(i)).replace(QLatin1Char('&'), QLatin1String("&&")), this,
                        [this, i] { Q_EMIT secondLookChosen(i); });
    }
}

void QualityBar::setThreshold(double threshold)
{
    const QSignalBlocker quiet(m_slider);
    m_slider->setValue(int(std::lround(threshold * kSteps)));
    showFigures();
}

double QualityBar::threshold() const
{
    return double(m_slider->value()) / kSteps;
}

void QualityBar::setDoubtfulFirst(bool isDoubtfulFirst)
{
    const QSignalBlocker quiet(m_order);
    m_order->setCurrentIndex(isDoubtfulFirst ? 1 : 0);
}

bool QualityBar::isDoubtfulFirst() const
{
    return m_order->currentIndex() == 1;
}

void QualityBar::setPlotShown(bool isShown)
{
    const QSignalBlocker quiet(m_plotButton);
    m_plotButton->setChecked(isShown);
    m_plot->setVisible(isShown);
}

void QualityBar::toggleOrder()
{
    m_order->setCurrentIndex(1 - m_order->currentIndex());
}

void QualityBar::togglePlot()
{
    m_plotButton->toggle();
}

void QualityBar::onSliderMoved()
{
    showFigures();
    if (!m_slider->isSliderDown()) { // a click, a wheel or a key: it rests already
        Q_EMIT thresholdChanged(threshold());
    }
}

QString QualityBar::text() const
{
    if (m_rows.isEmpty()) {
        return tr("No tags yet");
    }
    const QualityRow& row = m_rows.at(m_slider->value());
    const QString kept =
        tr("keeps %1 % of the tags (%2)").arg(row.coverage * 100.0, 0, 'f', 0).arg(row.kept);
    const QString from = tr("≥ %1").arg(threshold(), 0, 'f', 2);
    if (row.precision < 0.0) {
        return tr("%1 · %2 · precision not known yet: none of them is judged").arg(from, kept);
    }
    const QString precision = tr("precision %1 (%2 to %3)")
                                  .arg(row.precision, 0, 'f', 2)
                                  .arg(row.low, 0, 'f', 2)
                                  .arg(row.high, 0, 'f', 2);
    const QString line = QStringList{from, precision, kept}.join(QStringLiteral(" · "));
    return row.reach < kFarReach ? tr("%1 · nothing known of %2 % of them")
                                       .arg(line)
                                       .arg((1.0 - row.reach) * 100.0, 0, 'f', 0)
                                 : line;
}

void QualityBar::showFigures()
{
    m_figures->setText(text());
    m_figures->setToolTip(m_basis);
    m_plot->setMarker(m_rows.isEmpty() ? 0
                                       : int((m_slider->value() + kPlotStep / 2) / kPlotStep) + 1,
                      tr("threshold"));
}

void QualityBar::drawPlot()
{
    if (m_rows.isEmpty()) {
        m_plot->setSeries({});
        return;
    }
    QVector<double> precision;
    QVector<double> coverage;
    QStringList names;
    for (qsizetype i = 0; i < m_rows.size(); i += kPlotStep) {
        const QualityRow& row = m_rows.at(i);
        precision.append(row.precision < 0.0 ? std::numeric_limits<double>::quiet_NaN()
                                             : row.precision);
        coverage.append(row.coverage);
        names.append(i % (4 * kPlotStep) == 0 ? QString::number(double(i) / kSteps, 'f', 1)
                                              : QString());
    }
    m_plot->setSteps(names);
    m_plot->setSeries(
        {{tr("precision"), precision, false, 0}, {tr("coverage"), coverage, true, 1}});
}

} // namespace tagalign::widgets
