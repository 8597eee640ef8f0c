#pragma once

#include "model/pipeline/Groups.h"

namespace tagalign::model::pipeline {

/// What stands together in the captions of the training images: PMI of attribute and object among
/// all gifts of an attribute to an object, for pairs on at least kFewPositives images.
/// @throws Cancelled
void addAssociations(FairnessFigures& figures, const NamedTags& train, std::size_t images,
                     const EvaluationSettings& settings, const OnProgress& onProgress);

/// Whether the models exaggerate it on the test images: each direction as a whole, over tags on at
/// least kFewPositives test images; and each of the associations, where at least kShiftImages test
/// images carry what is given. @throws Cancelled
void addAmplification(FairnessFigures& figures, const std::vector<PilotTag>& tags,
                      const NamedTags& train, const NamedTags& test, const DecisionPair& said,
                      const EvaluationSettings& settings, const OnProgress& onProgress);

constexpr std::size_t kShiftImages = 20;
constexpr std::size_t kMostAssociations = 100; ///< those on most images

/// All fairness figures of the test images. @throws Cancelled
[[nodiscard]] FairnessFigures fairnessOf(const PilotData& data, const EvaluationImages& images,
                                         const EvaluationScores& scores,
                                         const EvaluationSettings& settings,
                                         const OnProgress& onProgress);

} // namespace tagalign::model::pipeline
