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

/// A picture with a heatmap over it. Given data, emits what the user does.
class HeatmapView : public ImageView
{
    Q_OBJECT

public:
    explicit HeatmapView(QWidget* parent = nullptr);

    [[nodiscard]] const Heatmap& heatmap() const { return m_heatmap; }

public Q_SLOTS:
    void setHeatmap(const tagalign::widgets::Heatmap& heatmap); ///< empty: none
    void setScale(tagalign::widgets::ColorMap map, float low, float high);
    void setOverlayOpacity(qreal opacity); ///< clamped to [0, 1]

Q_SIGNALS:
    void patchHovered(int row, int column, float value);

protected:
    void paintOverlay(QPainter& painter, const QRectF& target) override;
    void mouseMoveEvent(QMouseEvent* event) override;

private:
    void recolor();

    Heatmap m_heatmap;
    QImage m_colored; ///< one pixel a patch
    ColorMap m_map = ColorMap::Viridis;
    float m_low = 0.0F;
    float m_high = 1.0F;
    qreal m_opacity = 0.6;
};

} // namespace tagalign::widgets
