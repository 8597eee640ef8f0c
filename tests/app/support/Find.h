#pragma once

#include <QAbstractButton>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>

/// What a person finds by reading.
namespace tagalign::tests {

/// By the beginning of its text; ends the program where there is none, as the rest do.
template <class Button = QPushButton>
Button* button(const QWidget* place, const QString& text)
{
    for (Button* found : place->findChildren<Button*>()) {
        if (found->text().remove(QLatin1Char('&')).startsWith(text)) {
            return found;
        }
    }
    qFatal("no button %s", qPrintable(text));
}

/// By part of what it says while it is empty.
inline QLineEdit* field(const QWidget* place, const QString& placeholder)
{
    for (QLineEdit* found : place->findChildren<QLineEdit*>()) {
        if (found->placeholderText().contains(placeholder)) {
            return found;
        }
    }
    qFatal("no field %s", qPrintable(placeholder));
}

/// All that labels in the place say, a line each.
inline QString texts(const QWidget* place)
{
    QString text;
    for (const QLabel* label : place->findChildren<QLabel*>()) {
        text += label->isVisible() ? label->text() + QLatin1Char('\n') : QString();
    }
    return text;
}

} // namespace tagalign::tests
