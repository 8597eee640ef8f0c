#pragma once

#include "app/Project.h"
#include "app/jobs/JobContext.h"
#include "db/Database.h"
#include "db/QualityRepository.h"
#include "model/tags/QualityCheck.h"

#include <QString>

#include <vector>

namespace tagalign::app {

enum class Margins { Missing, All }; ///< which are to be computed

struct QualitySummary
{
    int checked = 0; ///< pairs of image and tag that were compared with the picture now
    int known = 0;   ///< pairs with a margin
    int pairs = 0;

    [[nodiscard]] QString sentence() const;
};

/// Compares tags with their pictures by the project's frozen model, from stored features, and gives
/// each its probability. Goes on where an earlier call stopped. The frozen model, not a run's head:
/// a head was taught these very captions and would find their mistakes right.
/// @throws std::exception; model::Cancelled, what was finished is kept.
QualitySummary checkProjectTags(const Project& project, Margins which, JobContext& context);

/// Is there a tag that was not compared with its picture by the present model?
/// @throws std::exception
[[nodiscard]] bool isUnchecked(const Project& project, const db::Database& database);

/// The quality score of all pairs of image and enabled tag, as the verdicts are now.
struct TagQualityState
{
    QList<db::PairEvidence> evidence; ///< by position, as `pairs`
    std::vector<model::tags::QualityPair> pairs;
    model::tags::QualityCheck check;
};

/// A verdict that all other evidence contradicts.
struct DoubtfulVerdict
{
    QString image; ///< its path as stored
    db::PairEvidence pair;
    double agreement = 0.0; ///< probability that the verdict is right
};

/// The most doubtful first. @throws db::Error
[[nodiscard]] QList<DoubtfulVerdict> secondLook(const db::Database& database,
                                                const TagQualityState& state, std::size_t limit);

enum class ImageCheck { With, Without };

/// Fits the model to the verdicts, without LibTorch; without margins where the project's model is
/// gone. @throws db::Error
[[nodiscard]] TagQualityState tagQuality(const Project& project, const db::Database& database,
                                         ImageCheck imageCheck = ImageCheck::With);

/// The same, and stores the probabilities that have moved by more than 0.002. @throws
/// std::exception
TagQualityState refreshTagQuality(const Project& project, const db::Database& database);

/// From which probability on a tag that nobody has seen is trained on, unless a run says otherwise;
/// kept with the project. @throws db::Error
[[nodiscard]] double confidenceThreshold(const db::Database& database);
void setConfidenceThreshold(db::Database& database, double threshold);

} // namespace tagalign::app
