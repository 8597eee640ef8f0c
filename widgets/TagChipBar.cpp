#include "widgets/TagChipBar.h"

#include <QAccessible>
#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include <algorithm>

namespace tagalign::widgets {

namespace {

constexpr int kChipHeight = 4 * kGrid;
constexpr int kMark = 2 * kGrid; ///< side of the state's shape

} // namespace

TagChipBar::TagChipBar(QWidget* parent)
    : QWidget(parent)
{
    QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Minimum);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
    setAccessibleName(tr("Tags of this image"));
}

void TagChipBar::setChips(const QList<TagChip>& chips, int current)
{
    m_chips = chips;
    m_current = std::clamp(current, -1, int(chips.size()) - 1);
    updateGeometry();
    update();
    tellAssistants();
    Q_EMIT currentChanged(m_current);
}

void TagChipBar::setState(int chip, TagState state)
{
    m_chips[chip].state = state;
    update();
    tellAssistants();
}

void TagChipBar::setCurrent(int chip)
{
    if (chip != m_current && chip >= -1 && chip < m_chips.size()) {
        m_current = chip;
        update();
        tellAssistants();
        Q_EMIT currentChanged(chip);
    }
}

/// The chips are painted, so a screen reader hears the current one as the bar's description.
void TagChipBar::tellAssistants()
{
    const QString text =
        m_current < 0 ? tr("no tag chosen")
                      : tr("%1, %2").arg(label(m_current), stateText(m_chips.at(m_current).state));
    setAccessibleDescription(text);
    QAccessibleEvent changed(this, QAccessible::DescriptionChanged);
    QAccessible::updateAccessibility(&changed);
}

QString TagChipBar::label(int chip) const
{
    const TagChip& row = m_chips.at(chip);
    const QString text = row.owner.isEmpty()
                             ? row.text
                             : tr("%1 · %2", "attribute · object").arg(row.text, row.owner);
    return chip < 9 ? QStringLiteral("%1  %2").arg(chip + 1).arg(text) : text;
}

QList<QRect> TagChipBar::places(int width) const
{
    QList<QRect> places;
    QPoint corner(0, 0);
    for (int chip = 0; chip < m_chips.size(); ++chip) {
        const int wanted = fontMetrics().horizontalAdvance(label(chip)) + kMark + 4 * kGrid;
        if (corner.x() > 0 && corner.x() + wanted > width) {
            corner = QPoint(0, corner.y() + kChipHeight + kGrid);
        }
        places.append(QRect(corner, QSize(wanted, kChipHeight)));
        corner.rx() += wanted + kGrid;
    }
    return places;
}

int TagChipBar::heightForWidth(int width) const
{
    const QList<QRect> all = places(width);
    return all.isEmpty() ? kChipHeight : all.last().bottom() + 1;
}

QSize TagChipBar::sizeHint() const
{
    const int wide = width() > 0 ? width() : 60 * kGrid;
    return {40 * kGrid, heightForWidth(wide)};
}

void TagChipBar::drawChip(QPainter& painter, const QRect& place, int chip) const
{
    const TagChip& row = m_chips.at(chip);
    const QColor color = stateColor(row.state, palette());
    const QRectF frame = QRectF(place).adjusted(1.0, 1.0, -1.0, -1.0);
    const double radius = row.isAttribute ? 4.0 : frame.height() / 2.0;
    QColor fill = chip == m_current ? palette().color(QPalette::Highlight) : color;
    fill.setAlpha(chip == m_current ? 60 : row.state == TagState::Pending ? 14 : 36);
    painter.setBrush(fill);
    painter.setPen(QPen(chip == m_current ? palette().color(QPalette::Highlight) : color,
                        chip == m_current ? 2.5 : 1.0));
    painter.drawRoundedRect(frame, radius, radius);
    drawStateShape(
        painter, QRectF(frame.left() + 1.5 * kGrid, frame.center().y() - kMark / 2.0, kMark, kMark),
        row.state, palette());
    painter.setPen(palette().color(QPalette::WindowText));
    painter.drawText(frame.adjusted(2 * kGrid + kMark, 0, -kGrid, 0),
                     Qt::AlignVCenter | Qt::AlignLeft, label(chip));
}

void TagChipBar::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QList<QRect> all = places(width());
    for (int chip = 0; chip < all.size(); ++chip) {
        drawChip(painter, all.at(chip), chip);
    }
}

int TagChipBar::chipAt(const QPoint& position) const
{
    const QList<QRect> all = places(width());
    for (int chip = 0; chip < all.size(); ++chip) {
        if (all.at(chip).contains(position)) {
            return chip;
        }
    }
    return -1;
}

void TagChipBar::mousePressEvent(QMouseEvent* event)
{
    const int chip = chipAt(event->position().toPoint());
    if (chip >= 0) {
        setCurrent(chip);
        Q_EMIT chipActivated(chip);
    }
}

bool TagChipBar::event(QEvent* event)
{
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const int chip = chipAt(help->pos());
        QToolTip::showText(help->globalPos(), chip < 0 ? QString() : m_chips.at(chip).toolTip,
                           this);
        return true;
    }
    return QWidget::event(event);
}

} // namespace tagalign::widgets
