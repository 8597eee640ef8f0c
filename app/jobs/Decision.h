#pragma once

#include "db/Database.h"
#include "db/Rows.h"
#include "model/eval/GoNoGo.h"

#include <QList>
#include <QString>

namespace tagalign::app {

struct Decision
{
    QString sentence; ///< go, no-go or not decided yet, and why
    model::eval::Decision outcome = model::eval::Decision::NotDecided;
    bool isNoGo = false;
};

/// What the run's figures say. The primary figure is the tag mAP of attributes, which the method
/// is for; without them, of all tags; each time of those on at least five test images if there are
/// any. It is measured against the better of the frozen model's two
/// ways to score a tag, so that no gain is claimed over a way that nobody would use; so is
/// retention, if it was measured: of tags or of pictures outside the pilot, whichever lost more.
/// @throws model::Error if they allow no statement.
[[nodiscard]] Decision decisionOn(const QList<db::Metric>& metrics,
                                  const model::eval::GoNoGoSettings& settings = {});

/// The thresholds of this project; the defaults where nobody set them. @throws db::Error
[[nodiscard]] model::eval::GoNoGoSettings decisionSettings(const db::Database& database);
void setDecisionSettings(db::Database& database, const model::eval::GoNoGoSettings& settings);

} // namespace tagalign::app
