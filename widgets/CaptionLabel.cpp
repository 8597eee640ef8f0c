#include "widgets/CaptionLabel.h"

namespace tagalign::widgets {

CaptionLabel::CaptionLabel(QWidget* parent)
    : QLabel(parent)
{
    setWordWrap(true);
    setTextFormat(Qt::RichText);
    setAccessibleName(tr("Caption"));
}

void CaptionLabel::setCaption(const QString& caption, int start, int length)
{
    const QString marked = caption.mid(start, length).toHtmlEscaped();
    setText(QStringLiteral("%1<b><u>%2</u></b>%3")
                .arg(caption.left(start).toHtmlEscaped(), marked,
                     caption.mid(start + length).toHtmlEscaped()));
}

} // namespace tagalign::widgets
