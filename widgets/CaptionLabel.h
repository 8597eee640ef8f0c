#pragma once

#include <QLabel>

namespace tagalign::widgets {

/// A caption with one stretch of words marked: where the current tag was read.
class CaptionLabel : public QLabel
{
    Q_OBJECT

public:
    explicit CaptionLabel(QWidget* parent = nullptr);

    /// @param start, length in UTF-16 units; length 0 marks nothing.
    void setCaption(const QString& caption, int start, int length);
};

} // namespace tagalign::widgets
