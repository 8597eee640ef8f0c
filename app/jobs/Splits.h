#pragma once

#include "db/Database.h"
#include "db/Rows.h"

#include <QList>
#include <QString>
#include <QStringList>

namespace tagalign::app {

/// Pictures whose 64-bit perceptual hashes differ in at most this many bits are near-duplicates.
constexpr int kNearDuplicateBits = 6;

/// A caption on more images than this says nothing of any of them ("a photo"): it ties none
/// together. At least kCommonCaption images, in large projects kCommonShare of all.
constexpr int kCommonCaption = 10;
constexpr double kCommonShare = 0.02;

/// Captions by image, in the images' order.
using CaptionTexts = QList<QStringList>;

/// The form in which captions are compared: letters and digits alone, case folded (NFKC), single
/// spaces.
[[nodiscard]] QString normalizedCaption(const QString& text);

/// Groups near-duplicates and images that share a caption which is not common (transitively): for
/// each image, the position of the first of its group.
/// @param captions of each image; empty = none known.
[[nodiscard]] QList<qsizetype> relatedGroups(const QList<db::Image>& images,
                                             const CaptionTexts& captions = {});

/// Puts 65 % of the groups into train, 10 % into validation, 25 % into test: by the content hash
/// of the group's oldest image, so that later imports leave earlier images where they are. What the
/// data set says goes first; where it names no validation images, some of its train images are.
/// @throws db::Error
void assignSplits(const db::Database& database);

} // namespace tagalign::app
