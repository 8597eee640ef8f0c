#pragma once

#include "model/align/Choices.h"

#include <torch/torch.h>

#include <optional>

/// The losses of TagAlign (arXiv 2312.14149, section 3) and what small pilots add to them.
/// Shapes: N images, P patches, D embedding width, T tags of one kind.
namespace tagalign::model::align {

/// Rows without any tag: leave them out of the mean, or count them as zeros as the official
/// code does (which makes the loss of a batch smaller, the fewer of its images have tags).
enum class UntaggedRows { LeaveOut, CountAsZero };

/// x / |x| along the last dimension.
[[nodiscard]] torch::Tensor normalised(const torch::Tensor& x);

/// Symmetric InfoNCE: mean of image-to-text and text-to-image cross-entropy, in nats.
/// @param images, texts [N, D], row i of one belongs to row i of the other; normalised inside.
/// @param scale  1/temperature, scalar.
/// @param textIds [N] int64: rows with the same id carry the same words and are no negatives of
///        each other.
[[nodiscard]] torch::Tensor infoNce(const torch::Tensor& images, const torch::Tensor& texts,
                                    const torch::Tensor& scale,
                                    const std::optional<torch::Tensor>& textIds = std::nullopt);

/// How well each tag describes each image, in [-1, 1].
/// Mean: cosine of the mean patch with the tag. TopK: mean of the largest sixteenth of the
/// patches' cosines, of one at least. LogSumExp: κ·log(mean over patches of exp(cos/κ)), a soft
/// maximum: a tag need only be true somewhere. A single patch, or patches that are all the same,
/// give its cosine in each of them.
/// @param patches [N, P, D] not normalised. @param tags [T, D] normalised. @param kappa > 0.
/// @return [N, T]
[[nodiscard]] torch::Tensor poolTags(const torch::Tensor& patches, const torch::Tensor& tags,
                                     TagPooling pooling, double kappa);

/// Logits of tags: scale · score + bias, scalars. A softmax is blind to the bias.
struct TagLogits
{
    torch::Tensor scale; ///< 1/temperature
    torch::Tensor bias;  ///< undefined: 0
};

/// Softmax cross-entropy over tags, tag by tag, in nats: -y log softmax(logits), each row of y
/// divided by its sum where that exceeds 1.
///
/// What is known of a tag decides its part: a target above 0 pulls the tag up in proportion;
/// target 0 (rejected by a person, or never mentioned) leaves it in the denominator, so that it
/// is pushed down; `unknown` (a candidate nobody has looked at, of too little confidence) takes
/// it out of the denominator, so that it is pushed neither way.
/// @param scores  [N, T]. @param targets [N, T], >= 0, not normalised.
/// @param unknown [N, T] bool; ignored where the target is above 0.
/// @return [N, T]; 0 in rows without a tag.
[[nodiscard]] torch::Tensor softmaxTerms(const torch::Tensor& scores, const torch::Tensor& targets,
                                         const torch::Tensor& unknown, const TagLogits& logits);

/// Each tag a yes or no, in nats: -y log p - (1 - y) log(1 - p) with p = sigmoid(logits); a target
/// above 1 weighs the yes. Unknown tags count nothing. Parameters as softmaxTerms().
[[nodiscard]] torch::Tensor sigmoidTerms(const torch::Tensor& scores, const torch::Tensor& targets,
                                         const torch::Tensor& unknown, const TagLogits& logits);

/// Asymmetric loss (Ridnik et al., arXiv 2009.14119, equations 2 to 7) with their γ+ = 1, γ- = 4
/// and margin 0.05: -y (1 - p) log p - (1 - y) q⁴ log(1 - q), q = max(p - 0.05, 0).
/// Parameters as softmaxTerms().
[[nodiscard]] torch::Tensor asymmetricTerms(const torch::Tensor& scores,
                                            const torch::Tensor& targets,
                                            const torch::Tensor& unknown, const TagLogits& logits);

/// The terms of the objective.
[[nodiscard]] torch::Tensor tagTerms(TagObjective objective, const torch::Tensor& scores,
                                     const torch::Tensor& targets, const torch::Tensor& unknown,
                                     const TagLogits& logits);

/// softmaxTerms() summed over tags, mean over images.
/// @return scalar; 0 without gradient if no row has a tag.
[[nodiscard]] torch::Tensor tagLoss(const torch::Tensor& scores, const torch::Tensor& targets,
                                    const torch::Tensor& unknown, const torch::Tensor& scale,
                                    UntaggedRows untagged = UntaggedRows::LeaveOut);

/// Mean over patches of the squared distance between unit vectors, in [0, 4].
/// @param patches, frozen [N, P, D]. @return [N]
[[nodiscard]] torch::Tensor pullPerImage(const torch::Tensor& patches, const torch::Tensor& frozen);

/// The vector that captions are compared with: the unit mean patch and the unit global embedding,
/// weighed and normalised. The mean patch alone (the paper's, share 1) is a worse retrieval vector
/// than CLIP's own.
/// @param meanPatches [N, D], unnormalised means over patches. @param global [N, D].
/// @param share of the mean patch, in [0, 1].
[[nodiscard]] torch::Tensor retrievalVector(const torch::Tensor& meanPatches,
                                            const torch::Tensor& global, double share = 0.5);

/// Average precision of each tag over the images where it is known, then the mean over the tags
/// with a positive: the same figure as eval::meanAveragePrecision, ties and all.
/// @param scores [N, T]. @param positive, known [N, T] bool.
/// @return empty if no tag has a known positive.
[[nodiscard]] std::optional<double> meanAveragePrecision(const torch::Tensor& scores,
                                                         const torch::Tensor& positive,
                                                         const torch::Tensor& known);

} // namespace tagalign::model::align
