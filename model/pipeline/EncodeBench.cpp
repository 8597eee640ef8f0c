#include "model/pipeline/EncodeBench.h"

#include "model/Error.h"
#include "model/clip/ClipModel.h"
#include "model/image/ContentHash.h"
#include "model/image/Decode.h"
#include "model/pipeline/EncodeWork.h"
#include "model/pipeline/ImageTower.h"

#include <torch/torch.h>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>

namespace tagalign::model::pipeline {

namespace {

class TemporaryFolder
{
public:
    TemporaryFolder()
    {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "tagalign-bench-XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr) {
            throw Error(pattern + ": cannot be made; check free space and permissions");
        }
        m_path = pattern;
    }

    ~TemporaryFolder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(m_path, ignored);
    }

    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return m_path; }

private:
    std::filesystem::path m_path;
};

/// Seconds for at least `images` bare forward passes, per image.
double secondsPerForward(ImageTower& tower, int images, int batchSize, const OnProgress& onProgress)
{
    const std::int64_t side = tower.config().vision.imageSize;
    const torch::Tensor pixels = torch::randn({batchSize, 3, side, side});
    int done = 0;
    const auto start = std::chrono::steady_clock::now();
    while (done < images) {
        (void)tower.encode(pixels);
        done += batchSize;
        if (onProgress && onProgress({done, images, "bare forward pass"}) == Next::Stop) {
            throw Cancelled();
        }
    }
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / done;
}

/// Copies of the files in turn. Each ends in a number, which no decoder reads, so that none has
/// the content of another and is reused.
std::vector<EncodeItem> itemsOf(const std::vector<std::filesystem::path>& files, int images,
                                const std::filesystem::path& folder)
{
    std::vector<EncodeItem> items;
    for (int i = 0; i < images; ++i) {
        const std::filesystem::path& file = files[static_cast<std::size_t>(i) % files.size()];
        std::ifstream stream(file, std::ios::binary);
        std::string bytes(std::istreambuf_iterator<char>(stream), {});
        if (bytes.empty()) {
            throw Error(file.string() + ": cannot be read");
        }
        bytes += std::to_string(i);
        const std::filesystem::path copy =
            folder / (std::to_string(i) + "-" + file.filename().string());
        image::writeWhole(copy, bytes);
        items.push_back({copy, image::contentHash(bytes)});
    }
    return items;
}

} // namespace

EncodeBenchResult benchEncoding(const std::vector<std::filesystem::path>& files,
                                const EncodeBenchSettings& settings, const OnProgress& onProgress)
{
    if (files.empty()) {
        throw Error("encoding cannot be measured without images; name a folder or files");
    }
    if (settings.images < 1 || settings.batchSize.value_or(1) < 1) {
        throw RangeError("images and batch size must be at least 1");
    }
    const TemporaryFolder folder;
    const tensor_io::FeatureStore store(folder.path(), "bench");
    const auto items = itemsOf(files, settings.images, folder.path() / "images");
    clip::ClipConfig config = settings.model;
    config.text.layers = 1; // not measured
    ImageTower tower(clip::ClipModel(config), settings.patchPath, settings.precision);
    const int batchSize = settings.batchSize.value_or(tower.usualBatchSize());
    (void)secondsPerForward(tower, 1, batchSize, {}); // warm-up
    double forward = 0.0;                             // seconds
    double pipeline = 0.0;
    int passed = 0;
    // Each round starts the decoders anew: on a GPU, where a batch is over at once, few rounds.
    const auto slice =
        std::size_t(tower.isOnGpu() ? std::max(batchSize, settings.images / 4) : batchSize);
    for (std::size_t first = 0; first < items.size(); first += slice) {
        const int rounds = int(slice) / batchSize * batchSize;
        forward += rounds * secondsPerForward(tower, rounds, batchSize, onProgress);
        passed += rounds;
        const auto begin = items.begin() + std::ptrdiff_t(first);
        const EncodeReport report = encodeInto(
            store, tower, {begin, begin + std::ptrdiff_t(std::min(slice, items.size() - first))},
            {batchSize, settings.precision, settings.decodeThreads}, onProgress);
        if (!report.problems.empty()) {
            throw Error(report.problems.front().message);
        }
        pipeline += report.seconds;
    }
    EncodeBenchResult result;
    result.forward = passed / forward;
    result.pipeline = static_cast<double>(items.size()) / pipeline;
    result.ratio = result.pipeline / result.forward;
    result.images = settings.images;
    result.threads = torch::get_num_threads();
    result.runsOn = tower.description();
    return result;
}

} // namespace tagalign::model::pipeline
