#include "widgets/Theme.h"

#include <QApplication>
#include <QCoreApplication>
#include <QPainter>
#include <QPainterPath>
#include <QStyle>
#include <QStyleFactory>
#include <QWidget>

namespace tagalign::widgets {

namespace {

QPalette paletteOf(const QColor& window, const QColor& base, const QColor& text,
                   const QColor& button, const QColor& accent, const QColor& quiet)
{
    QPalette palette;
    palette.setColor(QPalette::Window, window);
    palette.setColor(QPalette::WindowText, text);
    palette.setColor(QPalette::Base, base);
    palette.setColor(QPalette::AlternateBase, window);
    palette.setColor(QPalette::Text, text);
    palette.setColor(QPalette::Button, button);
    palette.setColor(QPalette::ButtonText, text);
    palette.setColor(QPalette::ToolTipBase, base);
    palette.setColor(QPalette::ToolTipText, text);
    palette.setColor(QPalette::PlaceholderText, quiet);
    palette.setColor(QPalette::Highlight, accent);
    palette.setColor(QPalette::HighlightedText, Qt::white);
    palette.setColor(QPalette::Link, accent);
    palette.setColor(QPalette::Mid, quiet);
    for (const auto role : {QPalette::Text, QPalette::WindowText, QPalette::ButtonText}) {
        palette.setColor(QPalette::Disabled, role, quiet);
    }
    return palette;
}

QPalette lightPalette()
{
    return paletteOf(QColor(0xF6F7F9), QColor(0xFFFFFF), QColor(0x1B1F24), QColor(0xECEFF2),
                     QColor(0x0B6E99), QColor(0x66707C));
}

QPalette darkPalette()
{
    return paletteOf(QColor(0x1B1E23), QColor(0x14171A), QColor(0xE8EBEE), QColor(0x2A2F36),
                     QColor(0x2A7FA8), QColor(0x99A3AE));
}

/// The desktop's own palette, as it was before the first change.
const QPalette& systemPalette()
{
    static const QPalette palette = QApplication::palette();
    return palette;
}

} // namespace

void applyTheme(QApplication& application, ColorScheme scheme)
{
    const bool dark =
        scheme == ColorScheme::Dark || (scheme == ColorScheme::System && isDark(systemPalette()));
    application.setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
    QApplication::setPalette(dark ? darkPalette() : lightPalette());
}

bool isDark(const QPalette& palette)
{
    return palette.color(QPalette::Window).lightness() <
           palette.color(QPalette::WindowText).lightness();
}

QColor stateColor(TagState state, const QPalette& palette)
{
    const bool dark = isDark(palette);
    switch (state) {
    case TagState::Accepted:
        return dark ? QColor(0x4CC38A) : QColor(0x0F7B50);
    case TagState::Rejected:
        return dark ? QColor(0xF29A5B) : QColor(0xB4530A);
    case TagState::Unsure:
        return dark ? QColor(0xB9A3F0) : QColor(0x6B4FB3);
    case TagState::Pending:
        break;
    }
    return quietColor(palette);
}

QString stateText(TagState state)
{
    switch (state) {
    case TagState::Accepted:
        return QCoreApplication::translate("TagState", "accepted");
    case TagState::Rejected:
        return QCoreApplication::translate("TagState", "rejected");
    case TagState::Unsure:
        return QCoreApplication::translate("TagState", "unsure");
    case TagState::Pending:
        return QCoreApplication::translate("TagState", "not judged yet");
    }
    return {};
}

void drawStateShape(QPainter& painter, const QRectF& rect, TagState state, const QPalette& palette)
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(stateColor(state, palette), rect.width() / 7.0, Qt::SolidLine, Qt::RoundCap,
                        Qt::RoundJoin));
    const QRectF inner = rect.adjusted(rect.width() * 0.15, rect.height() * 0.15,
                                       -rect.width() * 0.15, -rect.height() * 0.15);
    switch (state) {
    case TagState::Accepted: {
        QPainterPath check(QPointF(inner.left(), inner.center().y()));
        check.lineTo(inner.left() + inner.width() * 0.38, inner.bottom());
        check.lineTo(inner.topRight());
        painter.drawPath(check);
        break;
    }
    case TagState::Rejected:
        painter.drawLine(inner.topLeft(), inner.bottomRight());
        painter.drawLine(inner.topRight(), inner.bottomLeft());
        break;
    case TagState::Unsure: {
        QFont font = painter.font();
        font.setBold(true);
        font.setPixelSize(int(rect.height()));
        painter.setFont(font);
        painter.drawText(rect, Qt::AlignCenter, QStringLiteral("?"));
        break;
    }
    case TagState::Pending:
        painter.drawEllipse(inner);
        break;
    }
    painter.restore();
}

QFont headingFont(const QWidget* widget)
{
    QFont font = widget->font();
    font.setPointSizeF(font.pointSizeF() * 1.4);
    font.setWeight(QFont::DemiBold);
    return font;
}

QColor quietColor(const QPalette& palette)
{
    return palette.color(QPalette::PlaceholderText);
}

} // namespace tagalign::widgets
