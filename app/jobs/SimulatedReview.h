#pragma once

#include "app/Project.h"
#include "app/demo/SceneTruth.h"
#include "app/jobs/JobContext.h"

#include <QString>

namespace tagalign::app {

/// By whom simulated verdicts are, wherever verdicts are told of.
[[nodiscard]] QString simulatedReviewer();

struct ReviewSettings
{
    int images = 150;       ///< of train and validation to judge, at most; the oldest first
    double slipRate = 0.03; ///< verdicts that are wrong, in [0, 1]
    quint32 seed = 1;
};

/// Plays the analyst on composed pictures: judges the open tags of images by the truth, and slips
/// now and then. What the truth cannot tell becomes "unsure"; words that scenes are not made of
/// are rejected. Images it has judged before count as judged.
/// @return verdicts given. @throws std::exception; model::Cancelled between two images.
int reviewSimulated(const Project& project, const SceneTruth& truth, const ReviewSettings& settings,
                    JobContext& context);

} // namespace tagalign::app
