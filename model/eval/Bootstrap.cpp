#include "model/eval/Bootstrap.h"

#include "model/Error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>

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

/// [figure][resample]
std::vector<std::vector<double>> resampled(std::size_t items, const BootstrapSettings& settings,
                                           const Statistics& statistics,
                                           const OnProgress& onProgress)
{
    if (items == 0 || settings.resamples < 1) {
        throw RangeError("a bootstrap needs at least one item and one resample");
    }
    std::mt19937_64 generator(settings.seed);
    std::vector<std::vector<double>> values;
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
    return values;
}

/// Around the mean of the values that are numbers; NaN if none is.
double standardDeviation(const std::vector<double>& values)
{
    double count = 0.0;
    double mean = 0.0;
    double squares = 0.0;
    for (const double value : values) { // Welford 1962
        if (!std::isnan(value)) {
            count += 1.0;
            const double step = value - mean;
            mean += step / count;
            squares += step * (value - mean);
        }
    }
    return count > 0.0 ? std::sqrt(squares / count) : std::numeric_limits<double>::quiet_NaN();
}

/// The 95 % point of each resample's greatest deviation, in standard errors.
double criticalValue(const std::vector<std::vector<double>>& values,
                     std::span<const double> estimates, const std::vector<double>& errors)
{
    std::vector<double> greatest;
    for (std::size_t resample = 0; !values.empty() && resample < values[0].size(); ++resample) {
        double deviation = 0.0;
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (errors[i] > 0.0 && !std::isnan(values[i][resample])) {
                deviation =
                    std::max(deviation, std::abs(values[i][resample] - estimates[i]) / errors[i]);
            }
        }
        greatest.push_back(deviation);
    }
    std::sort(greatest.begin(), greatest.end());
    return greatest.empty() ? 0.0 : quantile(greatest, 0.95);
}

} // namespace

std::vector<Interval> bootstrapIntervals(std::size_t items, const BootstrapSettings& settings,
                                         const Statistics& statistics, const OnProgress& onProgress)
{
    std::vector<Interval> intervals;
    for (auto& figure : resampled(items, settings, statistics, onProgress)) {
        intervals.push_back(percentileInterval(std::move(figure)));
    }
    return intervals;
}

std::vector<Interval> simultaneousIntervals(std::size_t items, const BootstrapSettings& settings,
                                            std::span<const double> estimates,
                                            const Statistics& statistics,
                                            const OnProgress& onProgress)
{
    const auto values = resampled(items, settings, statistics, onProgress);
    if (values.size() != estimates.size()) {
        throw ShapeError("expected an estimate a figure, got " + std::to_string(estimates.size()) +
                         " for " + std::to_string(values.size()));
    }
    std::vector<double> errors;
    errors.reserve(values.size());
    for (const auto& figure : values) {
        errors.push_back(standardDeviation(figure));
    }
    const double critical = criticalValue(values, estimates, errors);
    std::vector<Interval> intervals;
    intervals.reserve(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double arm = critical * errors[i];
        intervals.push_back({estimates[i] - arm, estimates[i] + arm});
    }
    return intervals;
}

} // namespace tagalign::model::eval
