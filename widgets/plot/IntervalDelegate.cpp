#include "widgets/plot/IntervalDelegate.h"

#include "widgets/Theme.h"

#include <QPainter>

#include <algorithm>

namespace tagalign::widgets {

namespace {

constexpr int kAxisWidth = 24 * kGrid;

} // namespace

void IntervalDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                             const QModelIndex& index) const
{
    QStyledItemDelegate::paint(painter, option, index); // background and numbers
    if (!index.data(kRole).isValid()) {
        return; // a cell that has words alone
    }
    const auto interval = index.data(kRole).value<Interval>();
    const double width = std::max(double(kAxisWidth), option.rect.width() * m_axisShare);
    const QRectF axis(option.rect.left() + kGrid, option.rect.center().y(), width, 0.0);
    const auto x = [&](double value) {
        return interval.isShare
                   ? axis.left() + axis.width() * std::clamp(value / interval.reach, 0.0, 1.0)
                   : axis.center().x() +
                         axis.width() / 2.0 * std::clamp(value / interval.reach, -1.0, 1.0);
    };
    const bool isSure = interval.isShare || interval.low > 0.0 || interval.high < 0.0;
    const bool isLoss =
        isSure && interval.value != 0.0 && (interval.value < 0.0) == interval.isBetterRight;
    const bool isSelected = (option.state & QStyle::State_Selected) != 0;
    const QColor color =
        isSelected ? option.palette.color(QPalette::HighlightedText)
        : !isSure  ? quietColor(option.palette)
                   : stateColor(isLoss ? TagState::Rejected : TagState::Accepted, option.palette);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(QPen(quietColor(option.palette), 1.0));
    painter->drawLine(QPointF(x(0.0), option.rect.top() + 2.0),
                      QPointF(x(0.0), option.rect.bottom() - 2.0));
    painter->setPen(QPen(color, 3.0));
    painter->drawLine(QPointF(x(interval.low), axis.top()), QPointF(x(interval.high), axis.top()));
    painter->setPen(QPen(color, 2.0));
    painter->setBrush(isLoss ? option.palette.color(QPalette::Base) : color);
    painter->drawEllipse(QPointF(x(interval.value), axis.top()), 4.5, 4.5);
    painter->restore();
}

QSize IntervalDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    const QSize text = QStyledItemDelegate::sizeHint(option, index);
    return {text.width() + kAxisWidth + 3 * kGrid, text.height()};
}

} // namespace tagalign::widgets
