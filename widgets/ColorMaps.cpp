#include "widgets/ColorMaps.h"

#include "widgets/Theme.h"

#include <QPainter>

#include <algorithm>
#include <array>
#include <span>

namespace tagalign::widgets {

namespace {

/// Every 32nd of the maps' 256 colours; between them the maps are close to straight lines.
constexpr std::array<QRgb, 9> kViridis{0xFF440154, 0xFF482878, 0xFF3E4A89, 0xFF31688E, 0xFF26828E,
                                       0xFF1F9E89, 0xFF35B779, 0xFF6DCD59, 0xFFFDE725};
constexpr std::array<QRgb, 9> kInferno{0xFF000004, 0xFF1B0C41, 0xFF4A0C6B, 0xFF781C6D, 0xFFA52C60,
                                       0xFFCF4446, 0xFFED6925, 0xFFFB9A06, 0xFFFCFFA4};
constexpr std::array<QRgb, 3> kDiverging{0xFF2166AC, 0xFFF7F7F7, 0xFFB2182B};

std::span<const QRgb> colorsOf(ColorMap map)
{
    switch (map) {
    case ColorMap::Viridis:
        return kViridis;
    case ColorMap::Inferno:
        return kInferno;
    case ColorMap::Diverging:
        return kDiverging;
    }
    return kViridis;
}

int between(int first, int second, float share)
{
    return qRound(float(first) + (float(second) - float(first)) * share);
}

} // namespace

QRgb colorAt(ColorMap map, float position)
{
    const auto colors = colorsOf(map);
    const float place = std::clamp(position, 0.0F, 1.0F) * float(colors.size() - 1);
    const auto index = std::min(std::size_t(place), colors.size() - 2);
    const float share = place - float(index);
    const QRgb a = colors[index];
    const QRgb b = colors[index + 1];
    return qRgb(between(qRed(a), qRed(b), share), between(qGreen(a), qGreen(b), share),
                between(qBlue(a), qBlue(b), share));
}

ColorScale::ColorScale(QWidget* parent)
    : QWidget(parent)
{
    setAccessibleName(tr("Colour scale"));
    setToolTip(tr("Cosine similarity; before and after share this scale."));
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
}

void ColorScale::setScale(ColorMap map, float low, float high)
{
    m_map = map;
    m_low = low;
    m_high = high;
    update();
}

QSize ColorScale::sizeHint() const
{
    return {40 * kGrid, 3 * kGrid};
}

void ColorScale::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    const int numbers = 7 * kGrid;
    const QRect bar(numbers, kGrid / 2, width() - 2 * numbers, height() - kGrid);
    for (int x = 0; x < bar.width(); ++x) {
        painter.fillRect(bar.left() + x, bar.top(), 1, bar.height(),
                         QColor(colorAt(m_map, float(x) / float(std::max(bar.width() - 1, 1)))));
    }
    painter.setPen(palette().color(QPalette::WindowText));
    painter.drawText(QRect(0, 0, numbers - kGrid, height()), Qt::AlignRight | Qt::AlignVCenter,
                     QString::number(double(m_low), 'f', 3));
    painter.drawText(QRect(bar.right() + kGrid, 0, numbers, height()),
                     Qt::AlignLeft | Qt::AlignVCenter, QString::number(double(m_high), 'f', 3));
}

} // namespace tagalign::widgets
