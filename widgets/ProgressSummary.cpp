#include "widgets/ProgressSummary.h"

#include "widgets/Theme.h"

#include <QPainter>

namespace tagalign::widgets {

ProgressSummary::ProgressSummary(QWidget* parent)
    : QWidget(parent)
{
    setToolTip(tr("Precision: accepted tags among those accepted or rejected, with its 95 % "
                  "interval (Wilson). An estimate for the whole only if the sample is random."));
}

void ProgressSummary::setNote(const QString& note)
{
    m_note = note;
    setAccessibleName(text());
    updateGeometry();
    update();
}

void ProgressSummary::setNumbers(int done, int total, double precision, double low, double high)
{
    m_done = done;
    m_total = total;
    m_precision = precision;
    m_low = low;
    m_high = high;
    setAccessibleName(text());
    updateGeometry();
    update();
}

QString ProgressSummary::text() const
{
    QString progress = tr("%1 of %2 tags verified").arg(m_done).arg(m_total);
    if (!m_note.isEmpty()) {
        progress += QStringLiteral(" (%1)").arg(m_note);
    }
    if (m_precision < 0.0) {
        return progress;
    }
    return progress + tr(" · precision %1 (%2 to %3)")
                          .arg(m_precision, 0, 'f', 2)
                          .arg(m_low, 0, 'f', 2)
                          .arg(m_high, 0, 'f', 2);
}

QSize ProgressSummary::sizeHint() const
{
    return {fontMetrics().horizontalAdvance(text()) + 18 * kGrid, 3 * kGrid};
}

void ProgressSummary::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const int textWidth = fontMetrics().horizontalAdvance(text()) + 2 * kGrid;
    painter.setPen(palette().color(QPalette::WindowText));
    painter.drawText(rect(), Qt::AlignVCenter | Qt::AlignLeft, text());
    if (m_precision < 0.0) {
        return;
    }
    const QRectF axis(textWidth, height() / 2.0, 14 * kGrid, 0);
    painter.setPen(QPen(quietColor(palette()), 1));
    painter.drawLine(axis.topLeft(), axis.topRight());
    const auto x = [&axis](double value) { return axis.left() + axis.width() * value; };
    painter.setPen(QPen(palette().color(QPalette::Highlight), 4));
    painter.drawLine(QPointF(x(m_low), axis.top()), QPointF(x(m_high), axis.top()));
    painter.setBrush(palette().color(QPalette::Highlight));
    painter.setPen(Qt::NoPen);
    painter.drawEllipse(QPointF(x(m_precision), axis.top()), 5, 5);
}

} // namespace tagalign::widgets
