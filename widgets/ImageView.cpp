#include "widgets/ImageView.h"

#include "widgets/Theme.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QWheelEvent>

#include <algorithm>
#include <cmath>

namespace tagalign::widgets {

namespace {

constexpr double kMostZoom = 16.0;

} // namespace

ImageView::ImageView(QWidget* parent)
    : QWidget(parent)
{
    setFocusPolicy(Qt::ClickFocus);
    setMinimumSize(20 * kGrid, 15 * kGrid);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
}

void ImageView::setImage(const QImage& image)
{
    m_image = image;
    update();
}

void ImageView::setHint(const QString& hint)
{
    m_hint = hint;
    update();
}

void ImageView::setView(double zoom, const QPointF& center)
{
    m_zoom = std::clamp(zoom, 1.0, kMostZoom);
    m_center = QPointF(std::clamp(center.x(), 0.0, 1.0), std::clamp(center.y(), 0.0, 1.0));
    update();
}

void ImageView::zoomBy(double factor)
{
    setView(m_zoom * factor, m_center);
    Q_EMIT viewChanged(m_zoom, m_center);
}

void ImageView::fit()
{
    setView(1.0, {0.5, 0.5});
    Q_EMIT viewChanged(m_zoom, m_center);
}

QRectF ImageView::target() const
{
    if (m_image.isNull()) {
        return {};
    }
    const QSizeF size =
        QSizeF(m_image.size()).scaled(QSizeF(this->size()), Qt::KeepAspectRatio) * m_zoom;
    QPointF corner(width() / 2.0 - m_center.x() * size.width(),
                   height() / 2.0 - m_center.y() * size.height());
    if (size.width() <= width()) {
        corner.setX((width() - size.width()) / 2.0);
    }
    if (size.height() <= height()) {
        corner.setY((height() - size.height()) / 2.0);
    }
    return {corner, size};
}

void ImageView::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), palette().color(QPalette::Base));
    if (m_image.isNull()) {
        painter.setPen(quietColor(palette()));
        painter.drawText(rect().adjusted(kGrid, kGrid, -kGrid, -kGrid),
                         Qt::AlignCenter | Qt::TextWordWrap, m_hint);
        return;
    }
    painter.setRenderHint(QPainter::SmoothPixmapTransform, m_zoom < 6.0);
    painter.drawImage(target(), m_image);
    paintOverlay(painter, target());
}

void ImageView::paintOverlay(QPainter&, const QRectF&) {}

void ImageView::wheelEvent(QWheelEvent* event)
{
    zoomBy(std::pow(1.2, event->angleDelta().y() / 120.0));
    event->accept();
}

void ImageView::mousePressEvent(QMouseEvent* event)
{
    m_dragged = event->position();
    setFocus(Qt::MouseFocusReason);
}

void ImageView::mouseMoveEvent(QMouseEvent* event)
{
    if (!(event->buttons() & Qt::LeftButton) || m_image.isNull()) {
        return;
    }
    const QPointF moved = event->position() - m_dragged;
    m_dragged = event->position();
    const QRectF area = target();
    setView(m_zoom, m_center - QPointF(moved.x() / area.width(), moved.y() / area.height()));
    Q_EMIT viewChanged(m_zoom, m_center);
}

void ImageView::keyPressEvent(QKeyEvent* event)
{
    switch (event->key()) {
    case Qt::Key_Plus:
        zoomBy(1.25);
        break;
    case Qt::Key_Minus:
        zoomBy(0.8);
        break;
    case Qt::Key_0:
        fit();
        break;
    default:
        QWidget::keyPressEvent(event);
    }
}

} // namespace tagalign::widgets
