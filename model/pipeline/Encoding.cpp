#include "model/pipeline/Encoding.h"

#include "model/Error.h"
#include "model/image/Decode.h"
#include "model/pipeline/BoundedQueue.h"
#include "model/pipeline/EncodeWork.h"
#include "model/pipeline/StoreKey.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <thread>
#include <unordered_set>

namespace tagalign::model::pipeline {

namespace {

using Clock = std::chrono::steady_clock;

/// A batch may last this long, so that a cancel is answered within 200 ms.
constexpr double kBatchSeconds = 0.16;
constexpr std::size_t kLooksPerTick = 64; // of the store; one takes well under a millisecond
constexpr auto kTick = std::chrono::milliseconds(50);

double secondsSince(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// All cores but the one that feeds the GPU.
int otherCores()
{
    return std::max(1, int(std::thread::hardware_concurrency()) - 1);
}

/// One image between decoding and the tower: pixels, or why there are none.
struct Prepared
{
    std::size_t item = 0;
    torch::Tensor pixels; ///< [3, S, S]
    std::string problem;
};

/// One image between the tower and the store.
struct Encoded
{
    std::size_t item = 0;
    tensor_io::ImageFeatures features;
};

/// decode threads -> queue -> tower (the calling thread) -> queue -> writer thread.
/// The destructor stops and joins whatever still runs.
class EncodeWork
{
public:
    EncodeWork(const tensor_io::FeatureStore& store, ImageTower& tower,
               const std::vector<EncodeItem>& items, const EncodeSettings& settings,
               const OnProgress& onProgress)
        : m_store(store),
          m_tower(tower),
          m_items(items),
          m_onProgress(onProgress),
          m_largestBatch(std::size_t(settings.batchSize.value_or(tower.usualBatchSize()))),
          m_decodeThreads(
              std::size_t(settings.decodeThreads.value_or(tower.isOnGpu() ? otherCores() : 1))),
          m_prepared(m_largestBatch * 2),
          m_encoded(m_largestBatch * 2)
    {
    }

    ~EncodeWork() { finish(); }

    EncodeWork(const EncodeWork&) = delete;
    EncodeWork& operator=(const EncodeWork&) = delete;

    EncodeReport run()
    {
        const Clock::time_point start = Clock::now();
        choosePending();
        startThreads();
        std::vector<Prepared> batch;
        while (nextBatch(batch)) {
            encode(batch);
            tick(m_items[batch.back().item].file.filename().string());
        }
        finish();
        rethrowWriterError();
        tick({});
        m_report.encoded = m_written;
        m_report.seconds = secondsSince(start);
        sortProblems();
        return std::move(m_report);
    }

private:
    void choosePending()
    {
        std::unordered_set<std::string> seen;
        for (std::size_t i = 0; i < m_items.size(); ++i) {
            const EncodeItem& item = m_items[i];
            try {
                if (!seen.insert(item.contentHash).second || m_store.contains(item.contentHash)) {
                    ++m_report.reused;
                } else {
                    m_pending.push_back(i);
                }
            } catch (const RangeError& error) {
                addProblem(i, item.file.string() + ": " + error.what() + "; import it again");
            }
            if (i % kLooksPerTick == 0) {
                tick({});
            }
        }
        m_left = m_pending.size();
    }

    void startThreads()
    {
        const auto decoders = std::min(m_decodeThreads, m_pending.size());
        for (std::size_t i = 0; i < decoders; ++i) {
            m_decoders.emplace_back([this] { decodeLoop(); });
        }
        m_writer = std::thread([this] { writeLoop(); });
    }

    void decodeLoop()
    {
        while (true) {
            const std::size_t next = m_nextPending++;
            if (next >= m_pending.size() || !m_prepared.push(prepare(m_pending[next]))) {
                return;
            }
        }
    }

    Prepared prepare(std::size_t item) const
    {
        const auto& [file, contentHash] = m_items[item];
        try {
            return {
                item, squarePixels(image::decodeImage(file, contentHash), m_tower.config()), {}};
        } catch (const Error& error) {
            return {item, {}, error.what()};
        } catch (const std::exception& error) { // e.g. out of memory
            return {item, {}, file.string() + ": cannot be prepared (" + error.what() + ")"};
        }
    }

    /// Fills a batch; reports bad images and progress while it waits. @return false at the end.
    bool nextBatch(std::vector<Prepared>& batch)
    {
        batch.clear();
        while (batch.size() < m_batchSize && m_left > 0) {
            std::optional<Prepared> prepared = m_prepared.popWithin(kTick);
            if (!prepared) {
                tick({});
                continue;
            }
            --m_left;
            if (prepared->problem.empty()) {
                batch.push_back(std::move(*prepared));
            } else {
                addProblem(prepared->item, prepared->problem);
                tick(m_items[prepared->item].file.filename().string());
            }
        }
        return !batch.empty();
    }

    void encode(const std::vector<Prepared>& batch)
    {
        const Clock::time_point start = Clock::now();
        std::vector<torch::Tensor> pixels;
        for (const Prepared& prepared : batch) {
            pixels.push_back(prepared.pixels);
        }
        const std::vector<tensor_io::ImageFeatures> features = m_tower.encode(torch::stack(pixels));
        for (std::size_t i = 0; i < batch.size(); ++i) {
            m_encoded.push({batch[i].item, features[i]});
        }
        adaptBatchSize(secondsSince(start) / static_cast<double>(batch.size()));
    }

    void adaptBatchSize(double secondsPerImage)
    {
        const auto fitting = static_cast<std::size_t>(kBatchSeconds / secondsPerImage);
        // Doubling at most: the first, cold batch says little.
        m_batchSize = std::clamp<std::size_t>(
            fitting, 1, std::min<std::size_t>(m_batchSize * 2, m_largestBatch));
    }

    void writeLoop()
    {
        try {
            while (std::optional<Encoded> encoded = m_encoded.pop()) {
                write(*encoded);
            }
        } catch (...) {
            m_writerError = std::current_exception();
            m_hasWriterFailed = true;
            m_encoded.close();
        }
    }

    void write(const Encoded& encoded)
    {
        tensor_io::ImageFeatures features = encoded.features;
        features.tokens = features.tokens.to(torch::kHalf);
        features.global = features.global.to(torch::kHalf);
        if (!features.tokens.isfinite().all().item<bool>() ||
            !features.global.isfinite().all().item<bool>()) {
            addProblem(encoded.item, m_items[encoded.item].file.string() +
                                         ": its features are not finite; check the checkpoint "
                                         "with `tagalign model check`");
            return;
        }
        m_store.put(m_items[encoded.item].contentHash, features);
        ++m_written;
    }

    void tick(const std::string& text)
    {
        if (m_hasWriterFailed) {
            finish();
            rethrowWriterError();
        }
        if (!m_onProgress) {
            return;
        }
        std::size_t done = 0;
        {
            const std::lock_guard lock(m_problemMutex);
            done = m_report.reused + m_written + m_report.problems.size();
        }
        const Progress progress{static_cast<std::int64_t>(done),
                                static_cast<std::int64_t>(m_items.size()), text};
        if (m_onProgress(progress) == Next::Stop) {
            finish(); // what the tower has computed is still written
            throw Cancelled();
        }
    }

    void addProblem(std::size_t item, const std::string& message)
    {
        const std::lock_guard lock(m_problemMutex);
        m_report.problems.push_back({m_items[item].file, message});
        m_problemItems.push_back(item);
    }

    /// In the order of the items, whichever thread was faster.
    void sortProblems()
    {
        std::vector<std::size_t> order(m_problemItems.size());
        for (std::size_t i = 0; i < order.size(); ++i) {
            order[i] = i;
        }
        std::sort(order.begin(), order.end(), [this](std::size_t left, std::size_t right) {
            return m_problemItems[left] < m_problemItems[right];
        });
        std::vector<EncodeProblem> sorted;
        for (const std::size_t i : order) {
            sorted.push_back(std::move(m_report.problems[i]));
        }
        m_report.problems = std::move(sorted);
    }

    void finish()
    {
        m_prepared.close();
        for (std::thread& decoder : m_decoders) {
            decoder.join();
        }
        m_decoders.clear();
        m_encoded.close();
        if (m_writer.joinable()) {
            m_writer.join();
        }
    }

    void rethrowWriterError()
    {
        if (m_writerError) {
            std::rethrow_exception(m_writerError);
        }
    }

    const tensor_io::FeatureStore& m_store;
    ImageTower& m_tower;
    const std::vector<EncodeItem>& m_items;
    const OnProgress& m_onProgress;
    std::size_t m_largestBatch;
    std::size_t m_decodeThreads;
    BoundedQueue<Prepared> m_prepared;
    BoundedQueue<Encoded> m_encoded;
    std::vector<std::size_t> m_pending;
    std::atomic<std::size_t> m_nextPending{0};
    std::size_t m_left = 0; ///< pending images that have not come out of m_prepared
    std::size_t m_batchSize = 1;
    std::atomic<std::size_t> m_written{0};
    std::atomic<bool> m_hasWriterFailed{false};
    std::exception_ptr m_writerError; ///< read after the writer is joined
    std::mutex m_problemMutex;
    EncodeReport m_report;
    std::vector<std::size_t> m_problemItems; ///< item of each problem, in the same order
    std::vector<std::thread> m_decoders;
    std::thread m_writer;
};

void checkSettings(const EncodeSettings& settings)
{
    for (const auto& [name, value] : {std::pair("batch size", settings.batchSize),
                                      std::pair("decode threads", settings.decodeThreads)}) {
        if (value.value_or(1) < 1) {
            throw RangeError(std::string(name) + " must be at least 1, not " +
                             std::to_string(*value));
        }
    }
}

} // namespace

EncodeReport encodeInto(const tensor_io::FeatureStore& store, ImageTower& tower,
                        const std::vector<EncodeItem>& items, const EncodeSettings& settings,
                        const OnProgress& onProgress)
{
    checkSettings(settings);
    return EncodeWork(store, tower, items, settings, onProgress).run();
}

EncodeReport encodeImages(const ModelFiles& model, const std::vector<EncodeItem>& items,
                          const EncodeSettings& settings, const OnProgress& onProgress)
{
    checkSettings(settings);
    const tensor_io::FeatureStore store(model.store, storeKey(model));
    ImageTower tower(model.checkpoint, model.patchPath, settings.precision);
    return encodeInto(store, tower, items, settings, onProgress);
}

std::size_t countUnencoded(const ModelFiles& model, const std::vector<EncodeItem>& items)
{
    const tensor_io::FeatureStore store(model.store, storeKey(model));
    return static_cast<std::size_t>(
        std::count_if(items.begin(), items.end(), [&store](const EncodeItem& item) {
            return !store.contains(item.contentHash);
        }));
}

} // namespace tagalign::model::pipeline
