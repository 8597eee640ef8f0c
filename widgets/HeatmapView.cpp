#include "widgets/HeatmapView.h"

#include <QMouseEvent>
#include <QPainter>

#include <algorithm>

namespace tagalign::widgets {

HeatmapView::HeatmapView(QWidget* parent)
    : ImageView(parent)
{
    setMouseTracking(true);
}

void HeatmapView::setHeatmap(const Heatmap& heatmap)
{
    m_heatmap = heatmap;
    recolor();
}

void HeatmapView::setScale(ColorMap map, float low, float high)
{
    m_map = map;
    m_low = low;
    m_high = high;
    recolor();
}

void HeatmapView::setOverlayOpacity(qreal opacity)
{
    m_opacity = std::clamp(opacity, 0.0, 1.0);
    update();
}

void HeatmapView::recolor()
{
    m_colored = QImage();
    if (!m_heatmap.isEmpty()) {
        QImage grid(m_heatmap.columns, m_heatmap.rows, QImage::Format_RGB32);
        const float reach = std::max(m_high - m_low, 1e-6F);
        for (int row = 0; row < grid.height(); ++row) {
            for (int column = 0; column < grid.width(); ++column) {
                const float value = m_heatmap.values.at(row * grid.width() + column);
                grid.setPixel(column, row, colorAt(m_map, (value - m_low) / reach));
            }
        }
        // Bilinear in two steps: Qt's smooth scaling of very small pictures leaves visible blocks.
        m_colored = grid.scaled(grid.size() * 8, Qt::IgnoreAspectRatio, Qt::SmoothTransformation);
    }
    update();
}

void HeatmapView::paintOverlay(QPainter& painter, const QRectF& target)
{
    if (!m_colored.isNull()) {
        painter.setOpacity(m_opacity);
        painter.setRenderHint(QPainter::SmoothPixmapTransform);
        painter.drawImage(target, m_colored);
    }
}

void HeatmapView::mouseMoveEvent(QMouseEvent* event)
{
    ImageView::mouseMoveEvent(event);
    const QRectF area = target();
    if (m_heatmap.isEmpty() || !area.contains(event->position())) {
        return;
    }
    const QPointF place = event->position() - area.topLeft();
    const int row = std::min(int(place.y() / area.height() * m_heatmap.rows), m_heatmap.rows - 1);
    const int column =
        std::min(int(place.x() / area.width() * m_heatmap.columns), m_heatmap.columns - 1);
    Q_EMIT patchHovered(row, column, m_heatmap.values.at(row * m_heatmap.columns + column));
}

} // namespace tagalign::widgets
