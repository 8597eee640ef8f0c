#pragma once

#include "model/Progress.h"
#include "model/pipeline/PilotData.h"

#include <functional>
#include <string>
#include <vector>

namespace tagalign::model::pipeline {

/// Margins of one image's targets, in their order.
struct ImageMargins
{
    std::size_t image = 0;       ///< index into PilotData::images
    std::vector<double> margins; ///< NaN: there are too few tags to compare with
};

/// The image check of tags: how far the model's score of a tag on its image lies above the scores
/// of random tags of the same kind there, in standard deviations of those (design, section 4, "Tag
/// quality without people").
///
/// A score is half the tag's cosine pooled over patches (log-sum-exp), half that with the
/// whole-image vector, less its mean over up to 128 of the images: some tags are near every image.
/// Random are up to 200 tags of the kind that are no target of the image, the same ones for all
/// images; with fewer than 5 there is no margin. The towers do not run on images: only stored
/// features are read. The frozen model scores, not a head: a head was taught these very captions
/// and would find their mistakes right.
/// @param data targets are the pairs to be checked. Images without targets only serve the means.
/// @param onImage called as soon as an image is done; those without stored features are left out.
/// @throws Error, Cancelled
void checkTags(const ModelFiles& model, const PilotData& data,
               const std::function<void(const ImageMargins&)>& onImage,
               const OnProgress& onProgress);

/// What margins depend on besides pictures and tags: weights, vocabulary, patch path. @throws Error
[[nodiscard]] std::string imageCheckKey(const ModelFiles& model);

} // namespace tagalign::model::pipeline
