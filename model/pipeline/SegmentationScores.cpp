#include "model/pipeline/SegmentationScores.h"

#include "model/eval/Bootstrap.h"
#include "model/pipeline/Figures.h"

#include <span>

namespace tagalign::model::pipeline {

namespace {

/// What has an interval.
struct Pair
{
    double meanIou = 0.0;
    double pixelAccuracy = 0.0;
};

Pair operator-(const Pair& left, const Pair& right)
{
    return {left.meanIou - right.meanIou, left.pixelAccuracy - right.pixelAccuracy};
}

/// The pairs of all views in the order in which intervalsInto() takes them again.
std::vector<double> statisticsOf(const std::vector<SegmentationCounts>& views, std::size_t classes,
                                 Weights weights)
{
    std::vector<double> all;
    const auto add = [&all](const Pair& pair) {
        all.push_back(pair.meanIou);
        all.push_back(pair.pixelAccuracy);
    };
    const auto pairOf = [&](const std::vector<eval::PixelCounts>& images) {
        const auto score = eval::scoreSegmentation(images, classes, weights);
        return Pair{score.meanIou, score.pixelAccuracy};
    };
    const Pair first = pairOf(views.front().before);
    for (const SegmentationCounts& view : views) {
        const Pair before = pairOf(view.before);
        add(before);
        add(before - first);
        if (!view.after.empty()) {
            const Pair after = pairOf(view.after);
            add(after);
            add(after - before);
        }
    }
    return all;
}

/// Takes intervals off the front.
class Intervals
{
public:
    explicit Intervals(std::span<const eval::Interval> intervals)
        : m_left(intervals)
    {
    }

    SegmentationChange next()
    {
        const SegmentationChange taken{m_left[0], m_left[1]};
        m_left = m_left.subspan(2);
        return taken;
    }

private:
    std::span<const eval::Interval> m_left;
};

SegmentationSide sideOf(const std::vector<eval::PixelCounts>& images, std::size_t classes,
                        const SegmentationChange& intervals)
{
    return {eval::scoreSegmentation(images, classes), intervals.meanIou, intervals.pixelAccuracy};
}

} // namespace

std::vector<SegmentationRow> scoreViews(const std::vector<SegmentationCounts>& views,
                                        std::size_t classes, const SegmentationSettings& settings,
                                        const OnProgress& onProgress)
{
    const auto all = eval::bootstrapIntervals(
        views.front().before.size(), {settings.resamples, settings.seed},
        [&](Weights weights) { return statisticsOf(views, classes, weights); },
        resampling(onProgress));
    Intervals intervals(all);
    std::vector<SegmentationRow> rows;
    for (const SegmentationCounts& view : views) {
        SegmentationRow row;
        row.view = view.view;
        row.before = sideOf(view.before, classes, intervals.next());
        row.fromFirst = intervals.next();
        if (rows.empty()) {
            row.fromFirst.reset();
        }
        if (!view.after.empty()) {
            row.after = sideOf(view.after, classes, intervals.next());
            row.byHead = intervals.next();
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

} // namespace tagalign::model::pipeline
