#include "model/align/Losses.h"

#include <cmath>
#include <limits>

namespace tagalign::model::align {

namespace {

/// -log of the diagonal's softmax along the rows, mean.
torch::Tensor diagonalCrossEntropy(const torch::Tensor& logits)
{
    return -torch::log_softmax(logits, 1).diagonal().mean();
}

/// One tag's average precision; empty without a positive. Equal scores are one step, so that the
/// order of the images does not count (scikit-learn's definition, as in model/eval).
std::optional<double> averagePrecision(const torch::Tensor& scores, const torch::Tensor& positive)
{
    const auto [sorted, order] = torch::sort(scores, 0, true);
    const auto hits = positive.index_select(0, order).to(torch::kFloat64);
    const auto total = hits.sum().item<double>();
    if (total == 0.0)
        return std::nullopt;
    const auto steps = std::get<2>(
        torch::unique_consecutive(sorted, /*return_inverse=*/false, /*return_counts=*/true));
    const auto last = steps.cumsum(0) - 1; // place of each step's last image
    const auto found = hits.cumsum(0).index_select(0, last);
    const auto gained = torch::diff(found, 1, 0, torch::zeros({1}, found.options()));
    return (gained * found / (last + 1)).sum().item<double>() / total;
}

} // namespace

torch::Tensor normalised(const torch::Tensor& x)
{
    namespace F = torch::nn::functional;
    return F::normalize(x, F::NormalizeFuncOptions().dim(-1));
}

torch::Tensor infoNce(const torch::Tensor& images, const torch::Tensor& texts,
                      const torch::Tensor& scale, const std::optional<torch::Tensor>& textIds)
{
    auto logits = scale * torch::matmul(normalised(images), normalised(texts).t());
    if (textIds) {
        const auto same = textIds->unsqueeze(0).eq(textIds->unsqueeze(1));
        const auto diagonal =
            torch::eye(logits.size(0), same.options()); // a row is its own positive
        logits = logits.masked_fill(same.logical_and(diagonal.logical_not()),
                                    -std::numeric_limits<double>::infinity());
    }
    return 0.5 * (diagonalCrossEntropy(logits) + diagonalCrossEntropy(logits.t()));
}

torch::Tensor poolTags(const torch::Tensor& patches, const torch::Tensor& tags, TagPooling pooling,
                       double kappa)
{
    if (pooling == TagPooling::Mean)
        return torch::matmul(normalised(patches.mean(1)), tags.t());
    const auto cosines = torch::matmul(normalised(patches), tags.t());
    const auto sum = torch::logsumexp(cosines / kappa, 1);
    return kappa * (sum - std::log(double(patches.size(1))));
}

torch::Tensor tagLoss(const torch::Tensor& scores, const torch::Tensor& targets,
                      const torch::Tensor& unknown, const torch::Tensor& scale,
                      UntaggedRows untagged)
{
    const auto sums = targets.sum(1, true);
    const auto tagged = sums.squeeze(1).gt(0);
    const auto count =
        untagged == UntaggedRows::LeaveOut ? tagged.sum().item<std::int64_t>() : scores.size(0);
    if (count == 0 || scores.size(1) == 0)
        return torch::zeros({}, scores.options());
    const auto left = unknown.logical_and(targets.le(0));
    const auto masked =
        (scale * scores).masked_fill(left, -std::numeric_limits<double>::infinity());
    // A row whose tags are all unknown has no finite entry; it has no target either.
    const auto rows = masked.masked_fill(tagged.logical_not().unsqueeze(1), 0.0);
    const auto logProbability = torch::log_softmax(rows, 1).masked_fill(left, 0.0);
    // The official code divides by the sum, which is at least 1 for its targets of 0 and 1. A
    // smaller sum says how little is known of the image: its one tag at 0.55 must not pull as
    // hard as a tag that a person accepted.
    const auto weights = targets / sums.clamp_min(1.0);
    return -(weights * logProbability).sum() / double(count);
}

torch::Tensor pullPerImage(const torch::Tensor& patches, const torch::Tensor& frozen)
{
    return (normalised(patches) - normalised(frozen)).square().sum(-1).mean(1);
}

torch::Tensor retrievalVector(const torch::Tensor& meanPatches, const torch::Tensor& global)
{
    return normalised(normalised(meanPatches) + normalised(global));
}

std::optional<double> meanAveragePrecision(const torch::Tensor& scores,
                                           const torch::Tensor& positive,
                                           const torch::Tensor& known)
{
    double sum = 0.0;
    int tags = 0;
    for (std::int64_t tag = 0; tag < scores.size(1); ++tag) {
        const auto rows = known.select(1, tag).nonzero().squeeze(1);
        const auto precision = averagePrecision(scores.select(1, tag).index_select(0, rows),
                                                positive.select(1, tag).index_select(0, rows));
        if (precision) {
            sum += *precision;
            ++tags;
        }
    }
    return tags > 0 ? std::optional(sum / tags) : std::nullopt;
}

} // namespace tagalign::model::align
