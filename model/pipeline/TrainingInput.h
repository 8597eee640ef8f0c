#pragma once

#include "model/align/Trainer.h"
#include "model/pipeline/TextEmbedding.h"
#include "model/pipeline/Training.h"

#include <string>

/// From a project's plain values to tensors. Includes torch, so no header for app.
namespace tagalign::model::pipeline {

/// The checkpoint's way from dense tokens to the joint space: what its projectTokens() does, up to
/// rounding for a SigLIP, whose value and output layers become one matrix.
[[nodiscard]] align::Projection projectionOf(clip::ClipModel& clip);

/// What the trainer may see: training and validation images. Features, captions and targets of
/// test images are never read.
///
/// Targets: accepted 1, rejected 0 (a known absence), an unverified candidate its probability,
/// each times the tag's weight; an unverified candidate below the settings' threshold is unknown,
/// and so is every tag beyond their limit on training images. Of several statements on one tag of
/// one image a verdict beats a belief, acceptance beats rejection, the higher belief the lower.
/// @throws Error naming an image without features, or one that is in two splits; RangeError;
///         Cancelled
[[nodiscard]] align::TrainingData gatherTraining(const ModelFiles& model, const PilotData& data,
                                                 const TrainSettings& settings,
                                                 TextEmbedding& texts,
                                                 const OnProgress& onProgress);

/// A hash (32 hex digits) of all that gatherTraining() looks at, but the features themselves.
[[nodiscard]] std::string fingerprintOf(const ModelFiles& model, const PilotData& data);

} // namespace tagalign::model::pipeline
