#pragma once

#include <QImage>
#include <QPointF>
#include <QWidget>

namespace tagalign::widgets {

/// A picture, fitted at first. Wheel or + - zooms, dragging moves, 0 fits again.
class ImageView : public QWidget
{
    Q_OBJECT

public:
    explicit ImageView(QWidget* parent = nullptr);

    [[nodiscard]] const QImage& image() const { return m_image; }

    [[nodiscard]] QSize sizeHint() const override { return {480, 360}; }

public Q_SLOTS:
    void setImage(const QImage& image);
    void setHint(const QString& hint); ///< shown while there is no picture
    void setView(double zoom, const QPointF& center);
    void zoomBy(double factor);
    void fit();

Q_SIGNALS:
    /// The user moved it. @param zoom times the fitted size @param center in [0, 1] of the picture
    void viewChanged(double zoom, const QPointF& center);

protected:
    void paintEvent(QPaintEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

    /// Drawn over the picture, which fills `target`.
    virtual void paintOverlay(QPainter& painter, const QRectF& target);
    [[nodiscard]] QRectF target() const; ///< where the whole picture lies, widget pixels

private:
    QImage m_image;
    QString m_hint;
    double m_zoom = 1.0;
    QPointF m_center{0.5, 0.5};
    QPointF m_dragged;
};

} // namespace tagalign::widgets
