#include "widgets/HeatmapView.h"

#include "widgets/Theme.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

#include <algorithm>
#include <cmath>

namespace tagalign::widgets {

HeatmapView::HeatmapView(QWidget* parent)
    : ImageView(parent)
{
    setMouseTracking(true);
}

void HeatmapView::setHeatmap(const Heatmap& heatmap)
{
    m_left.heatmap = heatmap;
    recolor(m_left);
    update();
}

void HeatmapView::setRightHeatmap(const Heatmap& heatmap)
{
    m_right.heatmap = heatmap;
    recolor(m_right);
    update();
}

void HeatmapView::setLine(double share)
{
    m_line = std::clamp(share, 0.0, 1.0);
    update();
}

void HeatmapView::setScale(ColorMap map, float low, float high)
{
    m_map = map;
    m_low = low;
    m_high = high;
    recolor(m_left);
    recolor(m_right);
    update();
}

void HeatmapView::setOverlayOpacity(qreal opacity)
{
    m_opacity = std::clamp(opacity, 0.0, 1.0);
    update();
}

void HeatmapView::recolor(Layer& layer) const
{
    layer.colored = QImage();
    const Heatmap& map = layer.heatmap;
    if (map.isEmpty()) {
        return;
    }
    QImage grid(map.columns, map.rows, QImage::Format_RGB32);
    const float reach = std::max(m_high - m_low, 1e-6F);
    for (int row = 0; row < grid.height(); ++row) {
        for (int column = 0; column < grid.width(); ++column) {
            const float value = map.values.at(row * grid.width() + column);
            grid.setPixel(column, row, colorAt(m_map, (value - m_low) / reach));
        }
    }
    // Bilinear in two steps: Qt's smooth scaling of very small pictures leaves visible blocks.
    layer.colored = grid.scaled(grid.size() * 8, Qt::IgnoreAspectRatio, Qt::SmoothTransformation);
}

void HeatmapView::paintOverlay(QPainter& painter, const QRectF& target)
{
    const double line = m_line * width();
    const bool isSplit = !m_right.colored.isNull();
    const auto draw = [&](const QImage& colored, const QRectF& part) {
        painter.save();
        painter.setClipRect(part);
        painter.setOpacity(m_opacity);
        painter.setRenderHint(QPainter::SmoothPixmapTransform);
        painter.drawImage(target, colored);
        painter.restore();
    };
    if (!m_left.colored.isNull()) {
        draw(m_left.colored, QRectF(0, 0, isSplit ? line : width(), height()));
    }
    if (isSplit) {
        draw(m_right.colored, QRectF(line, 0, width() - line, height()));
        painter.fillRect(QRectF(line - 1.0, 0, 2.0, height()), Qt::white);
        painter.setPen(QPen(Qt::black, 1.0));
        painter.setBrush(Qt::white);
        painter.drawEllipse(QPointF(line, height() / 2.0), kGrid, kGrid);
    }
}

bool HeatmapView::isOnLine(const QPointF& position) const
{
    return !m_right.heatmap.isEmpty() && std::abs(position.x() - m_line * width()) < 1.5 * kGrid;
}

void HeatmapView::mousePressEvent(QMouseEvent* event)
{
    m_isLineDragged = isOnLine(event->position());
    ImageView::mousePressEvent(event);
}

void HeatmapView::mouseMoveEvent(QMouseEvent* event)
{
    if (m_isLineDragged) {
        setLine(event->position().x() / width());
    } else {
        ImageView::mouseMoveEvent(event);
    }
    setCursor(m_isLineDragged || isOnLine(event->position()) ? Qt::SplitHCursor : Qt::ArrowCursor);
    hover(event->position());
}

void HeatmapView::mouseReleaseEvent(QMouseEvent* event)
{
    m_isLineDragged = false;
    ImageView::mouseReleaseEvent(event);
}

void HeatmapView::keyPressEvent(QKeyEvent* event)
{
    const bool hasLine = !m_right.heatmap.isEmpty();
    if (hasLine && event->key() == Qt::Key_Left) {
        setLine(m_line - 0.02);
    } else if (hasLine && event->key() == Qt::Key_Right) {
        setLine(m_line + 0.02);
    } else {
        ImageView::keyPressEvent(event);
    }
}

void HeatmapView::hover(const QPointF& position)
{
    const bool isRight = !m_right.heatmap.isEmpty() && position.x() > m_line * width();
    const Heatmap& map = isRight ? m_right.heatmap : m_left.heatmap;
    const QRectF area = target();
    if (map.isEmpty() || !area.contains(position)) {
        return;
    }
    const QPointF place = position - area.topLeft();
    const int row = std::min(int(place.y() / area.height() * map.rows), map.rows - 1);
    const int column = std::min(int(place.x() / area.width() * map.columns), map.columns - 1);
    Q_EMIT patchHovered(row, column, map.values.at(row * map.columns + column));
}

} // namespace tagalign::widgets
