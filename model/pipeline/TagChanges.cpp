#include "model/pipeline/TagChanges.h"

#include "model/eval/Bootstrap.h"
#include "model/pipeline/Figures.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tagalign::model::pipeline {

namespace {

/// One object's images.
struct Slice
{
    std::size_t object = 0;
    std::size_t images = 0;
    std::vector<eval::TagRanking> before; ///< attributes, as given
    std::vector<eval::TagRanking> after;
};

std::vector<std::size_t> frequentObjects(const TagLabels& labels,
                                         const std::vector<std::size_t>& objects)
{
    const auto images = [&labels](std::size_t tag) {
        return std::size_t(
            std::count(labels[tag].begin(), labels[tag].end(), eval::Label::Present));
    };
    std::vector<std::size_t> frequent;
    std::copy_if(objects.begin(), objects.end(), std::back_inserter(frequent),
                 [&images](std::size_t tag) { return images(tag) >= kSliceImages; });
    std::stable_sort(frequent.begin(), frequent.end(),
                     [&images](std::size_t a, std::size_t b) { return images(a) > images(b); });
    frequent.resize(std::min(frequent.size(), kMostSlices));
    return frequent;
}

Slice sliceOf(std::size_t object, const TagScores& before, const TagScores& after,
              const TagLabels& labels, const std::vector<std::size_t>& attributes)
{
    Slice slice;
    slice.object = object;
    const std::vector<eval::Label>& inside = labels[object];
    slice.images = std::size_t(std::count(inside.begin(), inside.end(), eval::Label::Present));
    for (const std::size_t tag : attributes) {
        std::vector<eval::Label> known = labels[tag];
        for (std::size_t image = 0; image < known.size(); ++image) {
            if (inside[image] != eval::Label::Present) {
                known[image] = eval::Label::Unknown;
            }
        }
        slice.before.emplace_back(before[tag], known);
        slice.after.emplace_back(after[tag], known);
    }
    return slice;
}

} // namespace

std::vector<TagRow> tagRows(const std::vector<eval::TagRanking>& before,
                            const std::vector<eval::TagRanking>& after, std::size_t images,
                            const EvaluationSettings& settings, const OnProgress& onProgress)
{
    std::vector<TagRow> rows;
    std::vector<std::size_t> frequent; // places in rows
    std::vector<double> changes;
    for (std::size_t tag = 0; tag < before.size(); ++tag) {
        const auto own = before[tag].averagePrecision();
        if (!own) {
            continue;
        }
        rows.push_back({.tag = tag,
                        .before = *own,
                        .after = *after[tag].averagePrecision(),
                        .positives = before[tag].positives()});
        if (rows.back().positives >= kFewPositives) {
            frequent.push_back(rows.size() - 1);
            changes.push_back(rows.back().after - rows.back().before);
        }
    }
    const auto intervals = eval::simultaneousIntervals(
        images, {settings.resamples, settings.seed}, changes,
        [&](Weights weights) {
            std::vector<double> drawn;
            drawn.reserve(frequent.size());
            for (const std::size_t place : frequent) {
                const auto first = before[rows[place].tag].averagePrecision(weights);
                const auto second = after[rows[place].tag].averagePrecision(weights);
                drawn.push_back(first && second ? *second - *first
                                                : std::numeric_limits<double>::quiet_NaN());
            }
            return drawn;
        },
        resampling(onProgress));
    for (std::size_t i = 0; i < frequent.size(); ++i) {
        rows[frequent[i]].low = intervals[i].low;
        rows[frequent[i]].high = intervals[i].high;
    }
    return rows;
}

std::vector<SliceRow> sliceRows(const TagScores& before, const TagScores& after,
                                const TagLabels& labels, const std::vector<std::size_t>& objects,
                                const std::vector<std::size_t>& attributes,
                                const EvaluationSettings& settings, const OnProgress& onProgress)
{
    std::vector<SliceRow> rows;
    std::vector<Slice> slices;
    std::vector<double> changes;
    for (const std::size_t object : frequentObjects(labels, objects)) {
        Slice slice = sliceOf(object, before, after, labels, attributes);
        const double own = meanPrecision(slice.before, {});
        if (std::isnan(own)) {
            continue;
        }
        rows.push_back({.object = object,
                        .before = own,
                        .after = meanPrecision(slice.after, {}),
                        .images = slice.images});
        changes.push_back(rows.back().after - own);
        slices.push_back(std::move(slice));
    }
    if (slices.empty()) {
        return rows;
    }
    const auto intervals = eval::simultaneousIntervals(
        labels[0].size(), {settings.resamples, settings.seed}, changes,
        [&slices](Weights weights) {
            std::vector<double> drawn;
            drawn.reserve(slices.size());
            for (const Slice& slice : slices) {
                drawn.push_back(meanPrecision(slice.after, weights) -
                                meanPrecision(slice.before, weights));
            }
            return drawn;
        },
        resampling(onProgress));
    for (std::size_t i = 0; i < rows.size(); ++i) {
        rows[i].low = intervals[i].low;
        rows[i].high = intervals[i].high;
    }
    return rows;
}

} // namespace tagalign::model::pipeline
