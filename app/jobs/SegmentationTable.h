#pragma once

#include "app/jobs/SegmentationJob.h"

#include <QJsonObject>
#include <QString>

namespace tagalign::app {

/// A way of looking in words, e.g. "neighbour 336+448".
[[nodiscard]] QString viewName(const model::pipeline::SegmentationView& view);

/// What was measured, for people: figures of each view in per cent, with 95 % intervals, and the
/// classes that went best and worst.
[[nodiscard]] QString segmentationTable(const SegmentationReport& report);

/// The same in full, for programs: figures in [0, 1], IoU of each class, every problem.
[[nodiscard]] QJsonObject segmentationJson(const SegmentationReport& report);

} // namespace tagalign::app
