#include "widgets/Banner.h"

#include "widgets/Theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QStyle>
#include <QToolButton>

namespace tagalign::widgets {

Banner::Banner(Kind kind, QWidget* parent)
    : QFrame(parent),
      m_text(new QLabel(this))
{
    const auto icon =
        kind == Kind::Problem ? QStyle::SP_MessageBoxWarning : QStyle::SP_MessageBoxInformation;
    auto* sign = new QLabel(this);
    sign->setPixmap(style()->standardIcon(icon, nullptr, this).pixmap(2 * kGrid, 2 * kGrid));
    m_text->setWordWrap(true);
    m_text->setTextInteractionFlags(Qt::TextBrowserInteraction);
    connect(m_text, &QLabel::linkActivated, this, &Banner::linkActivated);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(2 * kGrid, kGrid, 2 * kGrid, kGrid);
    layout->addWidget(sign);
    layout->addWidget(m_text, 1);
    if (kind == Kind::Problem) {
        auto* close = new QToolButton(this);
        close->setText(QStringLiteral("×"));
        close->setAutoRaise(true);
        close->setToolTip(tr("Close"));
        close->setAccessibleName(tr("Close"));
        connect(close, &QToolButton::clicked, this, &QWidget::hide);
        layout->addWidget(close);
    }
    setAutoFillBackground(true);
    setBackgroundRole(QPalette::Button);
    hide();
}

void Banner::showText(const QString& html)
{
    m_text->setText(html);
    setAccessibleName(html);
    show();
}

} // namespace tagalign::widgets
