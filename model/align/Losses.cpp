#include "model/align/Losses.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tagalign::model::align {

namespace {

constexpr std::int64_t kTopShare = 16; ///< one of so many patches
constexpr double kAsymmetricMargin = 0.05;
constexpr double kAsymmetricFocus = 4.0; ///< γ-

/// Candidates that nobody has looked at.
torch::Tensor isLeft(const torch::Tensor& targets, const torch::Tensor& unknown)
{
    return unknown.logical_and(targets.le(0));
}

torch::Tensor logitsOf(const torch::Tensor& scores, const TagLogits& logits)
{
    const auto scaled = logits.scale * scores;
    return logits.bias.defined() ? scaled + logits.bias : scaled;
}

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
    if (pooling == TagPooling::TopK) {
        const auto count = std::max<std::int64_t>(patches.size(1) / kTopShare, 1);
        return std::get<0>(cosines.topk(count, 1)).mean(1);
    }
    const auto sum = torch::logsumexp(cosines / kappa, 1);
    return kappa * (sum - std::log(double(patches.size(1))));
}

torch::Tensor softmaxTerms(const torch::Tensor& scores, const torch::Tensor& targets,
                           const torch::Tensor& unknown, const TagLogits& logits)
{
    const auto sums = targets.sum(1, true);
    const auto tagged = sums.squeeze(1).gt(0);
    const auto left = isLeft(targets, unknown);
    const auto masked =
        (logits.scale * scores).masked_fill(left, -std::numeric_limits<double>::infinity());
    // A row whose tags are all unknown has no finite entry; it has no target either.
    const auto rows = masked.masked_fill(tagged.logical_not().unsqueeze(1), 0.0);
    const auto logProbability = torch::log_softmax(rows, 1).masked_fill(left, 0.0);
    // The official code divides by the sum, which is at least 1 for its targets of 0 and 1. A
    // smaller sum says how little is known of the image: its one tag at 0.55 must not pull as
    // hard as a tag that a person accepted.
    return -(targets / sums.clamp_min(1.0)) * logProbability;
}

torch::Tensor sigmoidTerms(const torch::Tensor& scores, const torch::Tensor& targets,
                           const torch::Tensor& unknown, const TagLogits& logits)
{
    const auto x = logitsOf(scores, logits);
    const auto no = (1.0 - targets).clamp_min(0.0);
    const auto terms = -targets * torch::log_sigmoid(x) - no * torch::log_sigmoid(-x);
    return terms.masked_fill(isLeft(targets, unknown), 0.0);
}

torch::Tensor asymmetricTerms(const torch::Tensor& scores, const torch::Tensor& targets,
                              const torch::Tensor& unknown, const TagLogits& logits)
{
    const auto x = logitsOf(scores, logits);
    const auto p = torch::sigmoid(x);
    const auto q = (p - kAsymmetricMargin).clamp_min(0.0);
    const auto no = (1.0 - targets).clamp_min(0.0);
    const auto terms = -targets * (1.0 - p) * torch::log_sigmoid(x) -
                       no * q.pow(kAsymmetricFocus) * torch::log1p(-q);
    return terms.masked_fill(isLeft(targets, unknown), 0.0);
}

torch::Tensor tagTerms(TagObjective objective, const torch::Tensor& scores,
                       const torch::Tensor& targets, const torch::Tensor& unknown,
                       const TagLogits& logits)
{
    switch (objective) {
    case TagObjective::Softmax:
        return softmaxTerms(scores, targets, unknown, logits);
    case TagObjective::Sigmoid:
        return sigmoidTerms(scores, targets, unknown, logits);
    case TagObjective::Asymmetric:
        break;
    }
    return asymmetricTerms(scores, targets, unknown, logits);
}

torch::Tensor tagLoss(const torch::Tensor& scores, const torch::Tensor& targets,
                      const torch::Tensor& unknown, const torch::Tensor& scale,
                      UntaggedRows untagged)
{
    const auto count = untagged == UntaggedRows::LeaveOut
                           ? targets.sum(1).gt(0).sum().item<std::int64_t>()
                           : scores.size(0);
    if (count == 0 || scores.size(1) == 0)
        return torch::zeros({}, scores.options());
    return softmaxTerms(scores, targets, unknown, {scale, {}}).sum() / double(count);
}

torch::Tensor pullPerImage(const torch::Tensor& patches, const torch::Tensor& frozen)
{
    return (normalised(patches) - normalised(frozen)).square().sum(-1).mean(1);
}

torch::Tensor retrievalVector(const torch::Tensor& meanPatches, const torch::Tensor& global,
                              double share)
{
    return normalised(share * normalised(meanPatches) + (1.0 - share) * normalised(global));
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
