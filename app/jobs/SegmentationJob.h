#pragma once

#include "app/Project.h"
#include "app/jobs/JobContext.h"
#include "model/dataset/SegmentationSet.h"
#include "model/pipeline/SegmentationEvaluation.h"

#include <QString>

#include <functional>

namespace tagalign::app {

struct SegmentationRequest
{
    QString folder;  ///< of the set
    QString model;   ///< checkpoint folder or an installed model's name; empty: the demo model
    QString head;    ///< file; empty: none
    QString project; ///< its model and its newest run's head, in place of the two above
    /// Label of the class that means "none of the others", or "none"; empty: the class called
    /// "background", if there is one.
    QString background;
    model::pipeline::SegmentationSettings settings; ///< but for its background
};

struct SegmentationReport
{
    SegmentationRequest request; ///< model and head as they were used, background by its index
    model::dataset::SegmentationSet set;
    model::pipeline::SegmentationResult result; ///< its problems begin with those of the set
};

/// Called for each picture that was measured.
using OnPicture = std::function<void(const model::pipeline::SegmentedPicture&,
                                     const model::dataset::SegmentationSet&)>;

/// Open-vocabulary segmentation of a folder by the frozen model and, where there is one, a head.
/// @throws std::exception; model::Cancelled
[[nodiscard]] SegmentationReport evaluateSegmentation(SegmentationRequest request,
                                                      JobContext& context,
                                                      const OnPicture& onPicture = {});

} // namespace tagalign::app
