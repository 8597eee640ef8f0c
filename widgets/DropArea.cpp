#include "widgets/DropArea.h"

#include "widgets/Theme.h"

#include <QDragEnterEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QMimeData>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>

namespace tagalign::widgets {

DropArea::DropArea(const QString& heading, const QString& sentence, const QStringList& buttons,
                   QWidget* parent)
    : QWidget(parent)
{
    auto* title = new QLabel(heading, this);
    title->setFont(headingFont(this));
    title->setAlignment(Qt::AlignCenter);
    auto* text = new QLabel(sentence, this);
    text->setAlignment(Qt::AlignCenter);
    text->setWordWrap(true);
    auto* row = new QHBoxLayout;
    row->addStretch();
    for (int i = 0; i < buttons.size(); ++i) {
        auto* button = new QPushButton(buttons.at(i), this);
        button->setAutoDefault(true);
        connect(button, &QPushButton::clicked, this, [this, i] { Q_EMIT clicked(i); });
        row->addWidget(button);
    }
    row->addStretch();
    auto* layout = new QVBoxLayout(this);
    layout->setSpacing(2 * kGrid);
    layout->addStretch();
    layout->addWidget(title);
    layout->addWidget(text);
    layout->addLayout(row);
    layout->addStretch();
    setAcceptDrops(true);
    setMinimumHeight(22 * kGrid);
}

void DropArea::dragEnterEvent(QDragEnterEvent* event)
{
    if (event->mimeData()->hasUrls()) {
        event->acceptProposedAction();
        m_isTarget = true;
        update();
    }
}

void DropArea::dragLeaveEvent(QDragLeaveEvent*)
{
    m_isTarget = false;
    update();
}

void DropArea::dropEvent(QDropEvent* event)
{
    m_isTarget = false;
    update();
    Q_EMIT dropped(event->mimeData()->urls());
}

void DropArea::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QColor color = m_isTarget ? palette().color(QPalette::Highlight) : quietColor(palette());
    painter.setPen(QPen(color, m_isTarget ? 3.0 : 1.5, Qt::DashLine));
    painter.drawRoundedRect(QRectF(rect()).adjusted(2, 2, -2, -2), kGrid, kGrid);
}

} // namespace tagalign::widgets
