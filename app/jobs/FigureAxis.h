#pragma once

#include "db/Rows.h"

#include <QList>
#include <QString>

/// How figures are drawn, the same on screen and on paper.
namespace tagalign::app {

/// False alerts and calibration errors.
[[nodiscard]] bool isLessBetter(const QString& figure);

/// The axis of a figure's change goes from minus this to this: one for all shares, so that the eye
/// may compare them, one for counts. @return > 0
[[nodiscard]] double axisReach(const QList<db::Metric>& metrics, const QString& figure);

} // namespace tagalign::app
