#include "widgets/CompareView.h"

#include "widgets/Theme.h"

#include <QGridLayout>
#include <QLabel>

#include <algorithm>
#include <cmath>

namespace tagalign::widgets {

namespace {

Heatmap differenceOf(const Heatmap& before, const Heatmap& after)
{
    Heatmap difference = after;
    for (qsizetype i = 0; i < difference.values.size(); ++i) {
        difference.values[i] -= before.values.at(i);
    }
    return difference;
}

} // namespace

CompareView::CompareView(QWidget* parent)
    : QWidget(parent),
      m_left(new HeatmapView(this)),
      m_right(new HeatmapView(this)),
      m_leftLabel(new QLabel(this)),
      m_rightLabel(new QLabel(this)),
      m_readout(new QLabel(this)),
      m_scale(new ColorScale(this)),
      m_rightScale(new ColorScale(this))
{
    auto* layout = new QGridLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_leftLabel, 0, 0);
    layout->addWidget(m_rightLabel, 0, 1);
    layout->addWidget(m_left, 1, 0);
    layout->addWidget(m_right, 1, 1);
    layout->addWidget(m_scale, 2, 0);
    layout->addWidget(m_rightScale, 2, 1);
    layout->addWidget(m_readout, 3, 0, 1, 2);
    layout->setRowStretch(1, 1);
    layout->setColumnStretch(0, 1);
    layout->setColumnStretch(1, 1);
    m_left->setHint(tr("Choose a picture and type a prompt."));
    m_left->setAccessibleName(tr("Before"));
    m_right->setAccessibleName(tr("After"));
    connect(m_left, &ImageView::viewChanged, m_right, &ImageView::setView);
    connect(m_right, &ImageView::viewChanged, m_left, &ImageView::setView);
    const auto readOut = [this](int row, int column, float value) {
        m_readout->setText(
            tr("row %1, column %2: %3").arg(row + 1).arg(column + 1).arg(double(value), 0, 'f', 3));
    };
    connect(m_left, &HeatmapView::patchHovered, this, readOut);
    connect(m_right, &HeatmapView::patchHovered, this, readOut);
    showMaps();
}

void CompareView::setImage(const QImage& image)
{
    m_left->setImage(image);
    m_right->setImage(image);
}

void CompareView::setHeatmaps(const Heatmap& before, const Heatmap& after)
{
    m_before = before;
    m_after = after;
    showMaps();
}

void CompareView::setScale(MapScale scale)
{
    setScales(scale, scale);
}

void CompareView::setScales(MapScale before, MapScale after)
{
    m_beforeScale = before;
    m_afterScale = after;
}

void CompareView::setMode(CompareMode mode)
{
    m_mode = mode;
    showMaps();
}

void CompareView::setNames(const QString& before, const QString& after)
{
    m_beforeName = before;
    m_afterName = after;
    showMaps();
}

void CompareView::showMaps()
{
    const bool hasAfter = !m_after.isEmpty();
    const bool isAlone = hasAfter && isOneScale() && m_mode != CompareMode::SideBySide;
    m_right->setVisible(!isAlone);
    m_rightLabel->setVisible(!isAlone);
    m_left->setRightHeatmap({});
    m_rightScale->setVisible(!isOneScale() && hasAfter);
    if (isAlone && m_mode == CompareMode::Difference) {
        showDifference();
        return;
    }
    m_leftLabel->setText(isAlone ? m_beforeName + QStringLiteral("  |  ") + m_afterName
                                 : m_beforeName);
    m_rightLabel->setText(m_afterName);
    m_left->setScale(ColorMap::Viridis, m_beforeScale.low, m_beforeScale.high);
    m_right->setScale(ColorMap::Viridis, m_afterScale.low, m_afterScale.high);
    m_left->setHeatmap(m_before);
    m_right->setHeatmap(m_after);
    if (isAlone) {
        m_left->setRightHeatmap(m_after);
    }
    m_scale->setVisible(!m_before.isEmpty());
    m_scale->setScale(ColorMap::Viridis, m_beforeScale.low, m_beforeScale.high);
    m_rightScale->setScale(ColorMap::Viridis, m_afterScale.low, m_afterScale.high);
}

void CompareView::showDifference()
{
    const Heatmap difference = differenceOf(m_before, m_after);
    float reach = 1e-3F;
    for (const float value : difference.values) {
        reach = std::max(reach, std::abs(value));
    }
    m_leftLabel->setText(tr("After minus before: red more similar, blue less"));
    m_left->setScale(ColorMap::Diverging, -reach, reach);
    m_left->setHeatmap(difference);
    m_scale->show();
    m_scale->setScale(ColorMap::Diverging, -reach, reach);
}

} // namespace tagalign::widgets
