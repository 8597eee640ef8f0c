#pragma once

#include "db/Rows.h"
#include "model/eval/Interval.h"

#include <QList>
#include <QString>

/// How figures are drawn, the same on screen and on paper.
namespace tagalign::app {

/// False alerts and calibration errors.
[[nodiscard]] bool isLessBetter(const QString& figure);

/// The axis of a figure's change goes from minus this to this: one for all shares, so that the eye
/// may compare them, one for counts. @return > 0
[[nodiscard]] double axisReach(const QList<db::Metric>& metrics, const QString& figure);

/// A value with its interval on an axis from -reach to +reach, zero marked, for a page that defines
/// the colours --quiet, --loss and --accent. Quiet where the interval holds 0: it may be chance.
/// @param width in pixels.
[[nodiscard]] QString intervalSvg(double value, const model::eval::Interval& interval, double reach,
                                  bool isWorse, int width);

} // namespace tagalign::app
