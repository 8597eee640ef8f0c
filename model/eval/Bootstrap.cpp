#include "model/eval/Bootstrap.h"

#include "model/Error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace tagalign::model::eval {

namespace {

/// Whole number in [0, items); std::uniform_int_distribution differs between libraries. The bias
/// of scaling 64 bits is below items / 2^64.
std::size_t draw(std::mt19937_64& generator, std::size_t items)
{
    __extension__ using Wide = unsigned __int128;
    return std::size_t((Wide(generator()) * items) >> 64);
}

/// Linear between neighbours, as numpy's default. @param sorted not empty.
double quantile(const std::vector<double>& sorted, double part)
{
    const double place = part * double(sorted.size() - 1);
    const auto below = std::size_t(place);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] + (place - double(below)) * (sorted[above] - sorted[below]);
}

Interval percentileInterval(std::vector<double> values)
{
    std::erase_if(values, [](double value) { return std::isnan(value); });
    if (values.empty()) {
        const double none = std::numeric_limits<double>::quiet_NaN();
        return {none, none};
    }
    std::sort(values.begin(), values.end());
    return {quantile(values, 0.025), quantile(values, 0.975)};
}

} // namespace

std::vector<Interval> bootstrapIntervals(std::size_t items, const BootstrapSettings& settings,
                                         const Statistics& statistics, const OnProgress& onProgress)
{
    if (items == 0 || settings.resamples < 1) {
        throw RangeError("a bootstrap needs at least one item and one resample");
    }
    std::mt19937_64 generator(settings.seed);
    std::vector<std::vector<double>> values; // [figure][resample]
    std::vector<std::uint32_t> weights(items);
    for (int resample = 0; resample < settings.resamples; ++resample) {
        if (onProgress && onProgress({resample, settings.resamples, {}}) == Next::Stop) {
            throw Cancelled();
        }
        std::fill(weights.begin(), weights.end(), 0U);
        for (std::size_t i = 0; i < items; ++i) {
            ++weights[draw(generator, items)];
        }
        const std::vector<double> figures = statistics(weights);
        values.resize(figures.size());
        for (std::size_t i = 0; i < figures.size(); ++i) {
            values[i].push_back(figures[i]);
        }
    }
    std::vector<Interval> intervals;
    intervals.reserve(values.size());
    for (auto& figure : values) {
        intervals.push_back(percentileInterval(std::move(figure)));
    }
    return intervals;
}

} // namespace tagalign::model::eval
