#pragma once

#include "model/pipeline/Groups.h"

namespace tagalign::model::pipeline {

/// Whether the models exaggerate on the test images what stands together in training: each
/// direction as a whole, over tags on at least kFewPositives test images; and each of the figures'
/// associations, where at least kShiftImages test images carry what is given. @throws Cancelled
void addAmplification(FairnessFigures& figures, const std::vector<PilotTag>& tags,
                      const NamedTags& train, const NamedTags& test, const DecisionPair& said,
                      const EvaluationSettings& settings, const OnProgress& onProgress);

constexpr std::size_t kShiftImages = 20;

} // namespace tagalign::model::pipeline
