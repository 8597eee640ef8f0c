#pragma once

#include <QRgb>
#include <QWidget>

namespace tagalign::widgets {

/// Perceptually even maps (matplotlib's, CC0), and one for differences around zero.
enum class ColorMap { Viridis, Inferno, Diverging };

/// @param position in [0, 1], clamped.
[[nodiscard]] QRgb colorAt(ColorMap map, float position);

/// A heatmap's legend: the map's colours with the values at both ends.
class ColorScale : public QWidget
{
    Q_OBJECT

public:
    explicit ColorScale(QWidget* parent = nullptr);
    void setScale(ColorMap map, float low, float high);
    [[nodiscard]] QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    ColorMap m_map = ColorMap::Viridis;
    float m_low = 0.0F;
    float m_high = 1.0F;
};

} // namespace tagalign::widgets
