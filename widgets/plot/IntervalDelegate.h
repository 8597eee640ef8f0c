#pragma once

#include <QStyledItemDelegate>

namespace tagalign::widgets {

/// Draws a table cell's value with its interval on an axis around zero, or from zero where it is a
/// share, the numbers beside it.
/// Right of zero is better where `isBetterRight`; losses have another colour and an open point,
/// what may be chance is grey.
class IntervalDelegate : public QStyledItemDelegate
{
    Q_OBJECT

public:
    using QStyledItemDelegate::QStyledItemDelegate;

    struct Interval
    {
        double value = 0.0;
        double low = 0.0;
        double high = 0.0;
        double reach = 1.0; ///< the axis goes from -reach to +reach, > 0
        bool isBetterRight = true;
        bool isShare = false; ///< the axis goes from 0 to +reach
    };

    /// How much of a wide cell the axis takes, in [0, 1); the rest is for the numbers. 0: as little
    /// as it needs.
    void setAxisShare(double share) { m_axisShare = share; }

    /// Where the item keeps its Interval (a QVariant of it).
    static constexpr int kRole = Qt::UserRole;

    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem& option,
                                 const QModelIndex& index) const override;

private:
    double m_axisShare = 0.0;
};

} // namespace tagalign::widgets

Q_DECLARE_METATYPE(tagalign::widgets::IntervalDelegate::Interval)
