#pragma once

#include "model/eval/Calibration.h"
#include "model/eval/Interval.h"
#include "model/tags/TagQuality.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

/// How far a tag's quality score can be believed, and what follows from it.
namespace tagalign::model::tags {

/// Probabilities that did not see the verdict they are compared with.
struct QualityCheck
{
    std::vector<double> probabilities; ///< of all pairs; of judged ones out of fold
    TagQuality model;                  ///< fitted to all verdicts
    std::size_t accepted = 0;
    std::size_t rejected = 0;
    std::optional<double> auroc;   ///< nothing without an accepted and a rejected pair
    double calibrationError = 0.0; ///< over the bins of `reliability`; NaN without a verdict
    std::vector<eval::ReliabilityBin> reliability; ///< 10, equally wide
};

/// Fits the model and checks it by 10-fold cross-validation: all pairs of an image are in the same
/// fold, since they share its captions and its picture. With verdicts on one image only, they are
/// compared with the prior.
/// @param seed of the folds. Same pairs, same seed: same folds.
/// @throws RangeError as TagQuality.
[[nodiscard]] QualityCheck checkQuality(std::span<const QualityPair> pairs, std::uint64_t seed = 1);

/// 95 % interval of the AUROC over judged images (BCa bootstrap, 2,000 resamples, seeded).
/// @return [0, 1] where it has none.
[[nodiscard]] eval::Interval aurocInterval(std::span<const QualityPair> pairs,
                                           const QualityCheck& check);

/// What is kept from a probability on.
struct ThresholdRow
{
    double threshold = 0.0;
    std::size_t kept = 0;   ///< pairs, judged or not
    double coverage = 0.0;  ///< share of all pairs; 0 if there are none
    std::size_t judged = 0; ///< of the kept
    /// Share of the kept that is right; NaN while none of them is judged. People look at some tags
    /// more than at others (at the doubtful first, say), so the judged are weighed to be spread
    /// over the probability as the kept are: post-stratification over bins of 0.05.
    double precision = 0.0;
    eval::Interval interval; ///< 95 %, Wilson's with the effective sample size
    double reach = 0.0;      ///< share of the kept in bins with a verdict: what precision speaks of
};

/// 101 rows, thresholds 0.00, 0.01, .. 1.00. Pairs of an image count as independent.
/// @param probabilities of the pairs, see QualityCheck. @throws ShapeError if lengths differ.
[[nodiscard]] std::vector<ThresholdRow> thresholdRows(std::span<const QualityPair> pairs,
                                                      std::span<const double> probabilities);

/// A verdict that the rest of the evidence contradicts.
struct SuspectedVerdict
{
    std::size_t pair = 0;   ///< position
    double agreement = 0.0; ///< probability of what the person said, without that verdict
};

/// Verdicts for a second look, most suspicious first, by confident learning (Northcutt, Jiang and
/// Chuang 2021, arXiv 1911.00068, section 3.1): a rejected tag whose probability of being right is
/// at least the mean of the accepted ones', and an accepted one that is as doubtful as rejected
/// ones are on average.
/// @param probabilities out of fold, see QualityCheck. @throws ShapeError if lengths differ.
[[nodiscard]] std::vector<SuspectedVerdict> secondLook(std::span<const QualityPair> pairs,
                                                       std::span<const double> probabilities,
                                                       std::size_t limit);

} // namespace tagalign::model::tags
