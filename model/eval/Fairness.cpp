#include "model/eval/Fairness.h"

#include "model/Error.h"

#include <limits>
#include <string>

namespace tagalign::model::eval {

namespace {

using Weights = std::span<const std::uint32_t>;

/// Carriers of one tag, or of its part in a group.
struct Count
{
    double all = 0.0;
    double found = 0.0;
};

/// Sums over the tags of a group.
struct Sums
{
    double weight = 0.0;
    double inside = 0.0;
    double outside = 0.0;

    void add(const Count& in, const Count& out)
    {
        if (in.all > 0.0 && out.all > 0.0) {
            const double whole = in.all + out.all;
            weight += in.all * out.all / whole;
            inside += in.found * out.all / whole;
            outside += out.found * in.all / whole;
        }
    }

    [[nodiscard]] GroupRecall recall() const
    {
        const double none = std::numeric_limits<double>::quiet_NaN();
        return weight > 0.0 ? GroupRecall{inside / weight, outside / weight}
                            : GroupRecall{none, none};
    }
};

constexpr std::size_t kImagined = 4; ///< found and missed, inside and outside

Count countOf(const std::vector<std::uint32_t>& images, const std::vector<std::uint8_t>& found,
              Weights weights)
{
    Count count;
    for (const std::uint32_t image : images) {
        const double weight = weights.empty() ? 1.0 : weights[image];
        count.all += weight;
        count.found += found[image] != 0 ? weight : 0.0;
    }
    return count;
}

/// @param imagined kImagined weights for each group, or none.
std::vector<GroupRecall> recalls(const RecallGroups& all, const Decisions& found, Weights weights,
                                 Weights imagined)
{
    std::vector<GroupRecall> rows;
    rows.reserve(all.groups.size());
    for (const RecallGroup& group : all.groups) {
        Sums sums;
        for (const GroupedTag& part : group) {
            sums.add(countOf(part.inside, found[part.tag], weights),
                     countOf(part.outside, found[part.tag], weights));
        }
        if (!imagined.empty()) {
            const auto own = imagined.subspan(rows.size() * kImagined, kImagined);
            sums.add({double(own[0]) + own[1], double(own[0])},
                     {double(own[2]) + own[3], double(own[2])});
        }
        rows.push_back(sums.recall());
    }
    return rows;
}

void requireShape(const RecallGroups& all, const Decisions& found)
{
    if (found.size() != all.tags) {
        throw ShapeError("expected decisions on " + std::to_string(all.tags) + " tags, got " +
                         std::to_string(found.size()));
    }
    for (const auto& row : found) {
        if (row.size() != all.images) {
            throw ShapeError("expected decisions on " + std::to_string(all.images) +
                             " images, got " + std::to_string(row.size()));
        }
    }
}

std::vector<double> gaps(const std::vector<GroupRecall>& rows)
{
    std::vector<double> values;
    values.reserve(rows.size());
    for (const GroupRecall& row : rows) {
        values.push_back(row.gap());
    }
    return values;
}

std::vector<double> minus(std::vector<double> values, const std::vector<double>& others)
{
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] -= others[i];
    }
    return values;
}

} // namespace

GroupSize sizeOf(const RecallGroup& group)
{
    GroupSize size;
    for (const GroupedTag& part : group) {
        if (!part.inside.empty() && !part.outside.empty()) {
            size.inside += part.inside.size();
            size.outside += part.outside.size();
            ++size.tags;
        }
    }
    return size;
}

std::vector<GroupRecall> groupRecalls(const RecallGroups& all, const Decisions& found,
                                      Weights weights)
{
    requireShape(all, found);
    if (!weights.empty() && weights.size() != all.images) {
        throw ShapeError("expected " + std::to_string(all.images) + " weights, got " +
                         std::to_string(weights.size()));
    }
    return recalls(all, found, weights, {});
}

GapIntervals gapIntervals(const RecallGroups& all, const Decisions& before, const Decisions& after,
                          const BootstrapSettings& settings, const OnProgress& onProgress)
{
    requireShape(all, before);
    requireShape(all, after);
    if (all.groups.empty()) {
        return {};
    }
    // Items: the images, then what is imagined of "before", then of "after".
    const std::size_t imagined = kImagined * all.groups.size();
    const std::size_t items = all.images + 2 * imagined;
    const auto gapsOf = [&](const Decisions& found, Weights weights, std::size_t side) {
        return gaps(recalls(all, found, weights.first(all.images),
                            weights.subspan(all.images + side * imagined, imagined)));
    };
    const auto intervals = [&](const Statistics& statistics) {
        const std::vector<std::uint32_t> once(items, 1U);
        return simultaneousIntervals(items, settings, statistics(once), statistics, onProgress);
    };
    return {.before = intervals([&](Weights weights) { return gapsOf(before, weights, 0); }),
            .after = intervals([&](Weights weights) { return gapsOf(after, weights, 1); }),
            .change = intervals([&](Weights weights) {
                return minus(gapsOf(after, weights, 1), gapsOf(before, weights, 0));
            })};
}

} // namespace tagalign::model::eval
