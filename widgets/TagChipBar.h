#pragma once

#include "widgets/Theme.h"

#include <QList>
#include <QRect>
#include <QWidget>

namespace tagalign::widgets {

/// One tag of the shown image.
struct TagChip
{
    QString text;
    bool isAttribute = false;
    QString owner; ///< of an attribute: the object it belongs to; may be empty
    TagState state = TagState::Pending;
    QString toolTip;
};

/// The image's tags as chips in rows: objects round, attributes angular, each with its state's
/// shape and colour; the first nine carry their number key.
class TagChipBar : public QWidget
{
    Q_OBJECT

public:
    explicit TagChipBar(QWidget* parent = nullptr);

    /// @param current -1 for none.
    void setChips(const QList<TagChip>& chips, int current = -1);
    void setState(int chip, TagState state);
    void setCurrent(int chip); ///< -1 for none; other numbers without a chip are ignored

    [[nodiscard]] int current() const { return m_current; } ///< -1 if there is none

    [[nodiscard]] const QList<TagChip>& chips() const { return m_chips; }

    [[nodiscard]] bool hasHeightForWidth() const override { return true; }

    [[nodiscard]] int heightForWidth(int width) const override;
    [[nodiscard]] QSize sizeHint() const override;

Q_SIGNALS:
    void currentChanged(int chip);
    void chipActivated(int chip); ///< clicked

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    bool event(QEvent* event) override;

private:
    [[nodiscard]] QString label(int chip) const;
    void tellAssistants();
    [[nodiscard]] QList<QRect> places(int width) const;
    [[nodiscard]] int chipAt(const QPoint& position) const;
    void drawChip(QPainter& painter, const QRect& place, int chip) const;

    QList<TagChip> m_chips;
    int m_current = -1;
};

} // namespace tagalign::widgets
