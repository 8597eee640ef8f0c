#pragma once

#include <QList>
#include <QWidget>

class QButtonGroup;
class QToolButton;
class QVBoxLayout;

namespace tagalign::widgets {

/// The pages at the left edge. Keys: Tab to it, then up and down.
class NavigationRail : public QWidget
{
    Q_OBJECT

public:
    explicit NavigationRail(QWidget* parent = nullptr);

    /// @return the page's number, from 0.
    int addPage(const QString& label, const QString& tip);
    void setCurrent(int page);
    [[nodiscard]] int current() const;
    void setNote(int page, const QString& note); ///< small text below the label

Q_SIGNALS:
    void currentChanged(int page);

private:
    QVBoxLayout* m_layout;
    QButtonGroup* m_group;
    QList<QToolButton*> m_buttons;
    QList<QString> m_labels;
};

} // namespace tagalign::widgets
