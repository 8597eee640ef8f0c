#include "widgets/plot/LinePlot.h"

#include "widgets/Theme.h"

#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace tagalign::widgets {

namespace {

/// Told apart by colour-blind eyes too (Okabe and Ito).
constexpr std::array<QRgb, 5> kColors{0xFF0072B2, 0xFFD55E00, 0xFF009E73, 0xFFCC79A7, 0xFFE69F00};

/// 1, 2 or 5 times a power of ten, so that there are about four steps.
double tickStep(double range)
{
    const double rough = range / 4.0;
    const double power = std::pow(10.0, std::floor(std::log10(rough)));
    const double lead = rough / power;
    return power * (lead < 1.5 ? 1.0 : lead < 3.5 ? 2.0 : lead < 7.5 ? 5.0 : 10.0);
}

} // namespace

LinePlot::LinePlot(QWidget* parent)
    : QWidget(parent)
{
    setMinimumSize(30 * kGrid, 20 * kGrid);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
}

void LinePlot::setTitle(const QString& title)
{
    m_title = title;
    setAccessibleName(title);
    update();
}

void LinePlot::setSeries(const QList<LineSeries>& series)
{
    m_series = series;
    update();
}

void LinePlot::setSteps(const QStringList& names)
{
    m_steps = names;
    update();
}

void LinePlot::setMarker(int x)
{
    setMarker(x, tr("best"));
}

void LinePlot::setMarker(int x, const QString& name)
{
    m_marker = x;
    m_markerName = name;
    update();
}

void LinePlot::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), palette().color(QPalette::Base));
    render(painter, QRectF(rect()).adjusted(kGrid, kGrid, -kGrid, -kGrid));
}

void LinePlot::render(QPainter& painter, const QRectF& area) const
{
    painter.setRenderHint(QPainter::Antialiasing);
    const double line = fontMetrics().height();
    painter.setPen(palette().color(QPalette::WindowText));
    painter.drawText(area, Qt::AlignTop | Qt::AlignLeft, m_title);
    double low = 0.0;
    double high = 0.0;
    qsizetype steps = 0;
    bool isFirst = true;
    for (const LineSeries& series : m_series) {
        for (const double value : series.values) {
            if (!std::isfinite(value)) {
                continue;
            }
            low = isFirst ? value : std::min(low, value);
            high = isFirst ? value : std::max(high, value);
            isFirst = false;
        }
        steps = std::max(steps, series.values.size());
    }
    const QRectF plot = area.adjusted(6 * kGrid, line + kGrid, -kGrid, -2.4 * line);
    if (isFirst) {
        painter.setPen(quietColor(palette()));
        painter.drawText(plot, Qt::AlignCenter, tr("Nothing to draw yet"));
        return;
    }
    const double margin = std::max((high - low) * 0.05, 1e-3);
    low -= margin;
    high += margin;
    const auto point = [&](qsizetype x, double value) {
        const double share = steps > 1 ? double(x - 1) / double(steps - 1) : 0.5;
        return QPointF(plot.left() + plot.width() * share,
                       plot.bottom() - plot.height() * (value - low) / (high - low));
    };
    const double step = tickStep(high - low);
    const double firstTick = std::ceil(low / step) * step;
    for (int i = 0; firstTick + i * step <= high; ++i) {
        const double tick = firstTick + i * step;
        const double y = point(1, tick).y();
        painter.setPen(QPen(quietColor(palette()), 0.4));
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y));
        painter.setPen(quietColor(palette()));
        painter.drawText(QRectF(area.left(), y - line / 2, 5.4 * kGrid, line),
                         Qt::AlignRight | Qt::AlignVCenter, QString::number(tick, 'g', 3));
    }
    if (m_steps.isEmpty()) {
        painter.drawText(QRectF(plot.left(), plot.bottom(), plot.width(), 1.2 * line),
                         Qt::AlignRight | Qt::AlignVCenter, tr("epoch %1").arg(steps));
    }
    for (qsizetype x = 1; x <= m_steps.size(); ++x) {
        const double width = fontMetrics().horizontalAdvance(m_steps.at(x - 1)) + 4.0;
        const double left = std::clamp(point(x, low).x() - width / 2, plot.left(),
                                       std::max(plot.right() - width, plot.left()));
        painter.drawText(QRectF(left, plot.bottom(), width, 1.2 * line), Qt::AlignCenter,
                         m_steps.at(x - 1));
    }
    if (m_marker > 0 && m_marker <= steps) {
        const double x = point(m_marker, low).x();
        painter.setPen(QPen(palette().color(QPalette::WindowText), 1, Qt::DotLine));
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()));
        const double textWidth = fontMetrics().horizontalAdvance(m_markerName);
        const bool fits = x + 4 + textWidth < plot.right();
        painter.drawText(QPointF(fits ? x + 4 : x - 4 - textWidth, plot.bottom() - 4),
                         m_markerName);
    }
    double legend = plot.left();
    for (qsizetype i = 0; i < m_series.size(); ++i) {
        const LineSeries& series = m_series.at(i);
        const QPen pen(QColor(kColors.at(std::size_t(series.color) % kColors.size())), 2.0,
                       series.isDashed ? Qt::DashLine : Qt::SolidLine);
        painter.setPen(pen);
        painter.setBrush(Qt::NoBrush);
        QPainterPath path;
        bool isGap = true;
        for (qsizetype x = 1; x <= series.values.size(); ++x) {
            const bool wasGap = std::exchange(isGap, !std::isfinite(series.values.at(x - 1)));
            if (isGap) {
                continue;
            }
            const QPointF next = point(x, series.values.at(x - 1));
            wasGap ? path.moveTo(next) : path.lineTo(next);
            if (!m_steps.isEmpty()) {
                painter.drawEllipse(next, 2.0, 2.0); // few points, each a measurement
            }
        }
        painter.drawPath(path);
        const double y = area.bottom() - line / 2;
        painter.drawLine(QPointF(legend, y), QPointF(legend + 2 * kGrid, y));
        painter.setPen(palette().color(QPalette::WindowText));
        const double width = fontMetrics().horizontalAdvance(series.name);
        painter.drawText(QRectF(legend + 2.5 * kGrid, area.bottom() - line, width + 4, line),
                         Qt::AlignVCenter, series.name);
        legend += width + 5 * kGrid;
    }
}

} // namespace tagalign::widgets
