#pragma once

#include <QColor>
#include <QFont>
#include <QPalette>
#include <QRectF>

class QApplication;
class QPainter;
class QWidget;

namespace tagalign::widgets {

enum class ColorScheme { System, Light, Dark };

/// Fusion with one light or one dark palette.
void applyTheme(QApplication& application, ColorScheme scheme);

/// What a person said about a tag.
enum class TagState { Pending, Accepted, Rejected, Unsure };

/// States differ in colour and in shape: check, cross, question mark, ring.
[[nodiscard]] QColor stateColor(TagState state, const QPalette& palette);
[[nodiscard]] QString stateText(TagState state); ///< "accepted", ..
void drawStateShape(QPainter& painter, const QRectF& rect, TagState state, const QPalette& palette);

constexpr int kGrid = 8; ///< pixels; distances are multiples of it

[[nodiscard]] QFont headingFont(const QWidget* widget);
[[nodiscard]] QColor quietColor(const QPalette& palette); ///< text of less weight
[[nodiscard]] bool isDark(const QPalette& palette);

} // namespace tagalign::widgets
