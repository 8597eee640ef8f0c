#pragma once

#include <QFrame>

class QLabel;

namespace tagalign::widgets {

/// A sentence above the page: a note, or a problem that can be closed when it was read.
class Banner : public QFrame
{
    Q_OBJECT

public:
    enum class Kind { Note, Problem };

    explicit Banner(Kind kind, QWidget* parent = nullptr);

    void showText(const QString& html);

Q_SIGNALS:
    void linkActivated(const QString& link);

private:
    QLabel* m_text;
};

} // namespace tagalign::widgets
