#pragma once

#include "widgets/ColorMaps.h"
#include "widgets/ImageView.h"

#include <QVector>

namespace tagalign::widgets {

/// Values on a grid over a picture.
struct Heatmap
{
    int rows = 0;
    int columns = 0;
    QVector<float> values; ///< row-major

    [[nodiscard]] bool isEmpty() const { return values.isEmpty(); }
};

/// A picture with a heatmap over it, or with two: one at each side of a line that can be dragged
/// (with the keyboard: left and right). Given data, emits what the user does.
class HeatmapView : public ImageView
{
    Q_OBJECT

public:
    explicit HeatmapView(QWidget* parent = nullptr);

    [[nodiscard]] const Heatmap& heatmap() const { return m_left.heatmap; }

    [[nodiscard]] double line() const { return m_line; } ///< share of the width, [0, 1]

public Q_SLOTS:
    void setHeatmap(const tagalign::widgets::Heatmap& heatmap); ///< empty: none
    /// Shown at the right of the line; empty: there is no line.
    void setRightHeatmap(const tagalign::widgets::Heatmap& heatmap);
    void setLine(double share); ///< clamped to [0, 1]
    void setScale(tagalign::widgets::ColorMap map, float low, float high);
    void setOverlayOpacity(qreal opacity); ///< clamped to [0, 1]

Q_SIGNALS:
    void patchHovered(int row, int column, float value);

protected:
    void paintOverlay(QPainter& painter, const QRectF& target) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    struct Layer
    {
        Heatmap heatmap;
        QImage colored;
    };

    void recolor(Layer& layer) const;
    [[nodiscard]] bool isOnLine(const QPointF& position) const;
    void hover(const QPointF& position);

    Layer m_left;
    Layer m_right;
    double m_line = 0.5;
    bool m_isLineDragged = false;
    ColorMap m_map = ColorMap::Viridis;
    float m_low = 0.0F;
    float m_high = 1.0F;
    qreal m_opacity = 0.6;
};

} // namespace tagalign::widgets
