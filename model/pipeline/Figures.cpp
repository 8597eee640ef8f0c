#include "model/pipeline/Figures.h"

#include "model/eval/Bootstrap.h"

#include <cmath>

namespace tagalign::model::pipeline {

OnProgress resampling(const OnProgress& onProgress)
{
    return [&onProgress](const Progress& progress) {
        return onProgress ? onProgress({progress.done, progress.total, "Resampling"})
                          : Next::Continue;
    };
}

std::vector<MetricRow> measured(const std::vector<Figure>& figures, std::size_t images,
                                const EvaluationSettings& settings, const OnProgress& onProgress)
{
    const auto intervals = eval::bootstrapIntervals(
        images, {settings.resamples, settings.seed},
        [&figures](Weights weights) {
            std::vector<double> differences;
            differences.reserve(figures.size());
            for (const Figure& figure : figures) {
                differences.push_back(figure.after(weights) - figure.before(weights));
            }
            return differences;
        },
        resampling(onProgress));
    std::vector<MetricRow> rows;
    for (std::size_t i = 0; i < figures.size(); ++i) {
        MetricRow row = figures[i].row;
        row.before = figures[i].before({});
        row.after = figures[i].after({});
        row.low = intervals[i].low;
        row.high = intervals[i].high;
        if (std::isfinite(row.before) && std::isfinite(row.low)) {
            rows.push_back(row);
        }
    }
    return rows;
}

} // namespace tagalign::model::pipeline
