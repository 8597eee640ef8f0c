#include "model/align/Batches.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <tuple>

namespace tagalign::model::align {

namespace {

/// Independent streams for independent purposes.
std::mt19937_64 generatorFor(std::uint64_t seed, std::uint64_t epoch, std::uint64_t purpose)
{
    std::seed_seq sequence{std::uint32_t(seed), std::uint32_t(seed >> 32U), std::uint32_t(epoch),
                           std::uint32_t(purpose)};
    return std::mt19937_64(sequence);
}

/// The standard's shuffle and distributions differ between libraries; this does not. The bias
/// of the remainder is below 1e-12 for any number of images.
std::int64_t below(std::mt19937_64& generator, std::int64_t bound)
{
    return std::int64_t(generator() % std::uint64_t(bound));
}

std::vector<Indices> cut(const Indices& order, int batchSize)
{
    const auto count = std::int64_t(order.size());
    const std::int64_t batches = (count + batchSize - 1) / batchSize;
    std::vector<Indices> result;
    for (std::int64_t batch = 0; batch < batches; ++batch)
        result.emplace_back(order.begin() + count * batch / batches,
                            order.begin() + count * (batch + 1) / batches);
    return result;
}

Indices counted(std::int64_t count)
{
    Indices order(static_cast<std::size_t>(count));
    std::iota(order.begin(), order.end(), 0);
    return order;
}

} // namespace

std::vector<Indices> shuffledBatches(std::int64_t count, int batchSize, std::uint64_t seed,
                                     int epoch)
{
    Indices order = counted(count);
    auto generator = generatorFor(seed, std::uint64_t(epoch), 1);
    for (std::int64_t i = count - 1; i > 0; --i)
        std::swap(order[std::size_t(i)], order[std::size_t(below(generator, i + 1))]);
    return cut(order, batchSize);
}

std::vector<Indices> orderedBatches(std::int64_t count, int batchSize)
{
    return cut(counted(count), batchSize);
}

Indices drawCaptions(const SampleSet& set, const Indices& batch, std::uint64_t seed, int epoch)
{
    Indices drawn;
    drawn.reserve(batch.size());
    for (const std::int64_t image : batch) {
        const Indices& captions = set.samples[std::size_t(image)].captions;
        if (captions.empty()) {
            drawn.push_back(-1);
        } else if (epoch == 0) {
            drawn.push_back(captions.front());
        } else {
            auto generator = generatorFor(seed, std::uint64_t(epoch), 2 + std::uint64_t(image));
            drawn.push_back(captions[std::size_t(below(generator, std::int64_t(captions.size())))]);
        }
    }
    return drawn;
}

std::vector<Indices> chunksOf(const SampleSet& set, Indices& batch, double flopsPerPatch,
                              double budget)
{
    const auto grid = [&set](std::int64_t image) {
        const Sample& sample = set.samples[std::size_t(image)];
        return std::pair(sample.rows, sample.columns);
    };
    std::stable_sort(batch.begin(), batch.end(),
                     [&](std::int64_t a, std::int64_t b) { return grid(a) < grid(b); });
    std::vector<Indices> chunks;
    for (const std::int64_t image : batch) {
        const auto [rows, columns] = grid(image);
        const double cost = flopsPerPatch * double(rows * columns);
        const auto limit = std::max(1.0, std::floor(budget / cost));
        const bool fits = !chunks.empty() && grid(chunks.back().front()) == grid(image) &&
                          double(chunks.back().size()) < limit;
        if (!fits)
            chunks.emplace_back();
        chunks.back().push_back(image);
    }
    return chunks;
}

} // namespace tagalign::model::align
