#include "model/eval/GoNoGo.h"

#include "model/Error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace tagalign::model::eval {

namespace {

void check(const PrimaryMetric& metric, const std::optional<Retention>& retention,
           const GoNoGoSettings& settings)
{
    const bool isFinite = std::isfinite(metric.before) && std::isfinite(metric.after) &&
                          std::isfinite(metric.difference.low) &&
                          std::isfinite(metric.difference.high);
    if (!isFinite || metric.before <= 0.0 || metric.verifiedPairs < 0) {
        throw RangeError("go or no-go needs finite figures and a base above 0, not " +
                         std::to_string(metric.before));
    }
    if (!(settings.threshold > 0.0 && settings.strongThreshold >= settings.threshold)) {
        throw RangeError("the thresholds of go and strong go must be above 0 and in this order");
    }
    const bool isRetentionFinite =
        !retention || (std::isfinite(retention->before) && std::isfinite(retention->after));
    if (!isRetentionFinite || !(settings.retentionLimit >= 0.0)) {
        throw RangeError("go or no-go needs finite figures of retention and a limit of at least 0");
    }
}

/// Pairs to add until an interval's arm of this length has shrunk below the distance.
std::optional<std::int64_t> pairsUntil(double arm, double distance, std::int64_t pairs)
{
    if (pairs == 0 || distance <= 0.0) {
        return std::nullopt;
    }
    const double needed = std::floor(double(pairs) * (arm / distance) * (arm / distance)) + 1.0;
    if (needed > double(std::numeric_limits<std::int64_t>::max()) / 2.0) {
        return std::nullopt;
    }
    return std::max<std::int64_t>(1, std::int64_t(needed) - pairs);
}

} // namespace

Verdict goNoGo(const PrimaryMetric& metric, const std::optional<Retention>& retention,
               const GoNoGoSettings& settings)
{
    check(metric, retention, settings);
    Verdict verdict;
    verdict.improvement = (metric.after - metric.before) / metric.before;
    verdict.improvementRange = {metric.difference.low / metric.before,
                                metric.difference.high / metric.before};
    const Interval range = verdict.improvementRange;
    const bool isEnough = verdict.improvement >= settings.threshold;
    verdict.isForgetful =
        retention && retention->before - retention->after > settings.retentionLimit;
    const bool isTooLittle = !isEnough && range.high < settings.threshold;
    if (verdict.isForgetful || isTooLittle) {
        verdict.decision = Decision::NoGo;
    } else if (isEnough && range.low > 0.0) {
        verdict.decision =
            verdict.improvement >= settings.strongThreshold ? Decision::StrongGo : Decision::Go;
    } else if (isEnough) {
        verdict.morePairs =
            pairsUntil(verdict.improvement - range.low, verdict.improvement, metric.verifiedPairs);
    } else {
        verdict.morePairs =
            pairsUntil(range.high - verdict.improvement, settings.threshold - verdict.improvement,
                       metric.verifiedPairs);
    }
    return verdict;
}

} // namespace tagalign::model::eval
