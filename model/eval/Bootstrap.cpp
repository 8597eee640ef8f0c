#include "model/eval/Bootstrap.h"

#include "model/Error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <random>
#include <string>

namespace tagalign::model::eval {

namespace {

constexpr double kNormal975 = 1.959963984540054; ///< 97.5 % point of the normal distribution
constexpr double kMostSkew = 0.1;                ///< acceleration; more is noise of few items
constexpr std::size_t kBlocks = 200;             ///< of items left out to find the acceleration

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

/// Standard normal distribution function.
double normalBelow(double x)
{
    return 0.5 * std::erfc(-x / std::numbers::sqrt2);
}

/// Its inverse, by bisection. @param part in (0, 1).
double normalPoint(double part)
{
    double low = -9.0;
    double high = 9.0;
    for (int step = 0; step < 60; ++step) {
        const double middle = (low + high) / 2.0;
        (normalBelow(middle) < part ? low : high) = middle;
    }
    return low;
}

/// Part of the resamples below the estimate, equal ones half; never quite 0 or 1.
double partBelow(const std::vector<double>& sorted, double estimate)
{
    const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), estimate);
    const double below = double(first - sorted.begin()) + 0.5 * double(last - first);
    return (below + 0.5) / (double(sorted.size()) + 1.0);
}

/// Efron's BCa interval. @param acceleration as accelerationOf().
Interval acceleratedInterval(std::vector<double> values, double estimate, double acceleration)
{
    std::erase_if(values, [](double value) { return std::isnan(value); });
    if (values.empty() || std::isnan(estimate)) {
        const double none = std::numeric_limits<double>::quiet_NaN();
        return {none, none};
    }
    std::sort(values.begin(), values.end());
    const double bias = normalPoint(partBelow(values, estimate));
    const auto end = [&](double point) {
        const double moved = bias + point;
        return quantile(values, normalBelow(bias + moved / (1.0 - acceleration * moved)));
    };
    return {end(-kNormal975), end(kNormal975)};
}

/// How the spread grows with the figure: from the skewness of leave-some-out values (Efron 1987,
/// equation 6.6, with blocks of items). 0 where it cannot be told.
double accelerationOf(const std::vector<double>& leftOut)
{
    double mean = 0.0;
    for (const double value : leftOut) {
        mean += value / double(leftOut.size());
    }
    double squares = 0.0;
    double cubes = 0.0;
    for (const double value : leftOut) {
        squares += (mean - value) * (mean - value);
        cubes += (mean - value) * (mean - value) * (mean - value);
    }
    const double acceleration = cubes / (6.0 * std::pow(squares, 1.5));
    return std::isfinite(acceleration) ? std::clamp(acceleration, -kMostSkew, kMostSkew) : 0.0;
}

/// The figures with each block of the items left out in turn. [figure][block]
std::vector<std::vector<double>> leaveOut(std::size_t items, const Statistics& statistics)
{
    const std::size_t blocks = std::min(items, kBlocks);
    std::vector<std::vector<double>> values;
    std::vector<std::uint32_t> weights(items);
    for (std::size_t block = 0; block < blocks; ++block) {
        for (std::size_t i = 0; i < items; ++i) {
            weights[i] = i % blocks == block ? 0U : 1U;
        }
        const std::vector<double> figures = statistics(weights);
        values.resize(figures.size());
        for (std::size_t i = 0; i < figures.size(); ++i) {
            values[i].push_back(figures[i]);
        }
    }
    return values;
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
    auto values = resampled(items, settings, statistics, onProgress);
    const std::vector<double> estimates = statistics(std::vector<std::uint32_t>(items, 1U));
    const auto leftOut = leaveOut(items, statistics);
    std::vector<Interval> intervals;
    intervals.reserve(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        intervals.push_back(
            acceleratedInterval(std::move(values[i]), estimates[i], accelerationOf(leftOut[i])));
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
