#include "widgets/NavigationRail.h"

#include "widgets/Theme.h"

#include <QButtonGroup>
#include <QToolButton>
#include <QVBoxLayout>

namespace tagalign::widgets {

NavigationRail::NavigationRail(QWidget* parent)
    : QWidget(parent),
      m_layout(new QVBoxLayout(this)),
      m_group(new QButtonGroup(this))
{
    m_layout->setContentsMargins(kGrid, kGrid, kGrid, kGrid);
    m_layout->setSpacing(kGrid / 2);
    m_layout->addStretch();
    m_group->setExclusive(true);
    connect(m_group, &QButtonGroup::idClicked, this, &NavigationRail::currentChanged);
}

int NavigationRail::addPage(const QString& label, const QString& tip)
{
    auto* button = new QToolButton(this);
    button->setText(label);
    button->setToolTip(tip);
    button->setCheckable(true);
    button->setAutoRaise(true);
    button->setMinimumSize(13 * kGrid, 6 * kGrid);
    button->setFocusPolicy(Qt::StrongFocus);
    const int page = int(m_buttons.size());
    m_group->addButton(button, page);
    m_layout->insertWidget(page, button);
    m_buttons.append(button);
    m_labels.append(label);
    return page;
}

void NavigationRail::setCurrent(int page)
{
    if (page == current()) {
        return;
    }
    m_buttons.at(page)->setChecked(true);
    Q_EMIT currentChanged(page);
}

int NavigationRail::current() const
{
    return m_group->checkedId();
}

void NavigationRail::setNote(int page, const QString& note)
{
    m_buttons.at(page)->setText(note.isEmpty() ? m_labels.at(page)
                                               : m_labels.at(page) + QLatin1Char('\n') + note);
}

} // namespace tagalign::widgets
