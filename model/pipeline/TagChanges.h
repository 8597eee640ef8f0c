#pragma once

#include "model/pipeline/TagFigures.h"

#include <vector>

/// Changes of single tags and slices. Looking at many of them, some seem to gain or lose by chance:
/// the intervals of all tags hold at once with 95 % (eval::simultaneousIntervals), and so do those
/// of all slices.
namespace tagalign::model::pipeline {

/// Average precision of each tag that a test image carries, with intervals where at least
/// kFewPositives do. @throws Cancelled
[[nodiscard]] std::vector<TagRow> tagRows(const std::vector<eval::TagRanking>& before,
                                          const std::vector<eval::TagRanking>& after,
                                          std::size_t images, const EvaluationSettings& settings,
                                          const OnProgress& onProgress);

/// mAP of the attributes among the test images that carry an object, for the most frequent objects
/// on at least kSliceImages of them. @throws Cancelled
[[nodiscard]] std::vector<SliceRow>
sliceRows(const TagScores& before, const TagScores& after, const TagLabels& labels,
          const std::vector<std::size_t>& objects, const std::vector<std::size_t>& attributes,
          const EvaluationSettings& settings, const OnProgress& onProgress);

constexpr std::size_t kSliceImages = 20;
constexpr std::size_t kMostSlices = 12;

} // namespace tagalign::model::pipeline
