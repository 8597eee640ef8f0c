#pragma once

#include "model/eval/Interval.h"

#include <cstdint>
#include <optional>

namespace tagalign::model::eval {

enum class Decision { StrongGo, Go, NoGo, NotDecided };

/// The metric that a pilot is judged by; greater is better.
struct PrimaryMetric
{
    double before = 0.0; ///< > 0: improvements are relative to it
    double after = 0.0;
    Interval difference;            ///< 95 % interval of after - before
    std::int64_t verifiedPairs = 0; ///< what the interval rests on
};

/// What the model could do before and has to keep; greater is better.
struct Retention
{
    double before = 0.0;
    double after = 0.0;
};

struct GoNoGoSettings
{
    double threshold = 0.10;       ///< relative improvement that is a go, > 0
    double strongThreshold = 0.20; ///< a strong go, >= threshold
    double retentionLimit = 0.02;  ///< greatest loss of retention that a go bears, >= 0, absolute
};

struct Verdict
{
    Decision decision = Decision::NotDecided;
    double improvement = 0.0; ///< (after - before) / before
    Interval improvementRange;
    /// More was lost on the retention set than the limit: no go whatever was gained.
    bool isForgetful = false;
    /// NotDecided: verified pairs besides those at hand after which the interval, shrinking with
    /// the square root of their number around today's estimate, would decide. Absent where no
    /// number would: no pair was verified yet.
    std::optional<std::int64_t> morePairs;
};

/// Go (or StrongGo): the improvement is at least the threshold and the interval excludes 0.
/// NoGo: even the interval's upper end is below the threshold, or retention lost more than its
/// limit. NotDecided: anything else.
/// @param retention absent = not measured.
/// @throws RangeError if before is not above 0, a figure is not finite, or a threshold is wrong.
[[nodiscard]] Verdict goNoGo(const PrimaryMetric& metric,
                             const std::optional<Retention>& retention = {},
                             const GoNoGoSettings& settings = {});

} // namespace tagalign::model::eval
