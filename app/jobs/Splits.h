#pragma once

#include "db/Database.h"
#include "db/Rows.h"

#include <QList>

namespace tagalign::app {

/// Pictures whose 64-bit perceptual hashes differ in at most this many bits are near-duplicates.
constexpr int kNearDuplicateBits = 6;

/// Groups near-duplicates (transitively): for each image, the position of the first of its group.
[[nodiscard]] QList<qsizetype> nearDuplicateGroups(const QList<db::Image>& images);

/// Puts 65 % of the groups into train, 10 % into validation, 25 % into test: by the content hash
/// of the group's oldest image, so that later imports leave earlier images where they are. What the
/// data set says goes first; where it names no validation images, some of its train images are.
/// @throws db::Error
void assignSplits(const db::Database& database);

} // namespace tagalign::app
