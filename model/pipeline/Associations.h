#pragma once

#include "model/pipeline/Groups.h"

namespace tagalign::model::pipeline {

/// What stands together in the captions of the training images: PMI of attribute and object among
/// all gifts of an attribute to an object, for pairs on at least kFewPositives images.
/// @param images of the training. @throws Cancelled
void addAssociations(FairnessFigures& figures, const NamedTags& train, std::size_t images,
                     const EvaluationSettings& settings, const OnProgress& onProgress);

constexpr std::size_t kMostAssociations = 100; ///< those on most images

} // namespace tagalign::model::pipeline
