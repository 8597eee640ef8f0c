#pragma once

#include "app/jobs/FairnessReport.h"

#include <optional>

namespace tagalign::app {

/// A value with its 95 % interval.
struct Estimate
{
    double value = 0.0;
    model::eval::Interval interval;

    /// Sure to be below or above 0.
    [[nodiscard]] bool isSure() const { return interval.low > 0.0 || interval.high < 0.0; }
};

/// One fairness figure in a sentence.
struct FairnessFinding
{
    enum class Topic { Groups, Amplification, Reporting };

    Topic topic = Topic::Groups;
    QString sentence;
    Estimate before; ///< the gap, shift or share; 0 is fair
    std::optional<Estimate> after;
    std::optional<Estimate> change; ///< after - before
    bool isSure = false; ///< an interval of `after` (to the worse) or `change` excludes 0

    /// A group below the rest, a tag said too often or too rarely beside another, a tag left out.
    [[nodiscard]] bool isWorry(double value) const
    {
        return topic == Topic::Groups ? value < 0.0 : value != 0.0;
    }

    /// What it is now.
    [[nodiscard]] const Estimate& last() const { return after ? *after : before; }
};

/// Of each topic those sure first, the greatest first.
[[nodiscard]] QList<FairnessFinding> fairnessFindings(const FairnessReport& report);

/// What was looked at, how much of it is sure, and what could not be told and why; one sentence
/// each.
[[nodiscard]] QStringList fairnessRemarks(const FairnessReport& report);

/// Sure findings and remarks for a terminal.
[[nodiscard]] QString fairnessText(const FairnessReport& report);

} // namespace tagalign::app
