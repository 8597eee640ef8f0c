#include "model/clip/ClipBench.h"

#include "model/Error.h"
#include "model/clip/ClipEncoder.h"
#include "model/clip/Device.h"
#include "model/clip/PackedLinear.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>

namespace tagalign::model::clip {

namespace {

using torch::Tensor;

/// Patches and the class token.
std::int64_t tokensOf(const VisionConfig& config)
{
    return config.gridSide() * config.gridSide() + 1;
}

/// Of all blocks for one image, attention's own products left out.
double layerFlops(const VisionConfig& config)
{
    const auto width = double(config.width);
    return 2.0 * double(config.layers) * double(tokensOf(config)) * width *
           (4.0 * width + 2.0 * double(config.mlpWidth));
}

struct Candidate
{
    std::string name;
    double flops = 0.0; ///< of one image
    std::function<VisionOutput()> run;
    std::vector<double> seconds = {};
    double cosine = 0.0;
};

double smallestCosine(const Tensor& a, const Tensor& b)
{
    return torch::cosine_similarity(a.flatten(0, -2).to(torch::kFloat32),
                                    b.flatten(0, -2).to(torch::kFloat32), 1)
        .min()
        .item<double>();
}

double agreement(const VisionOutput& reference, const VisionOutput& other)
{
    return std::min(smallestCosine(reference.global, other.global),
                    smallestCosine(reference.tokens, other.tokens));
}

Candidate encoderCandidate(ClipModel& model, const Tensor& pixels, Precision precision,
                           const char* name, const std::string& device)
{
    auto encoder = std::make_shared<ClipEncoder>(
        model, EncoderOptions{.precision = precision, .device = device});
    return {name, forwardFlops(model->config().vision),
            [encoder, pixels] { return encoder->encodeImage(pixels, PatchPath::Plain); }};
}

/// The products of all blocks on inputs that are ready, with nothing in between.
Candidate productsCandidate(const BenchOptions& options)
{
    const VisionConfig& vision = options.model.vision;
    const auto place = torch::dtype(torch::kFloat32).device(options.device);
    const auto layer = [&place](std::int64_t in, std::int64_t out) {
        return PackedLinear(torch::randn({out, in}, place), torch::zeros({out}, place),
                            Precision::BFloat16);
    };
    const std::int64_t width = vision.width;
    const auto layers = std::make_shared<const std::vector<PackedLinear>>(std::vector<PackedLinear>{
        layer(width, 3 * width), layer(width, width), layer(width, vision.mlpWidth)});
    const auto down = std::make_shared<const PackedLinear>(layer(vision.mlpWidth, width));
    const auto rows = [&](std::int64_t columns) {
        return torch::randn({options.batch, tokensOf(vision), columns}, place).to(torch::kBFloat16);
    };
    return {
        "bf16 matrix products alone", layerFlops(vision),
        [layers, down, narrow = rows(width), wide = rows(vision.mlpWidth), count = vision.layers] {
            const torch::NoGradGuard noGrad;
            for (std::int64_t i = 0; i < count; ++i) {
                for (const PackedLinear& each : *layers) {
                    (void)each(narrow);
                }
                (void)(*down)(wide);
            }
            return VisionOutput{};
        }};
}

std::vector<Candidate> candidatesFor(ClipModel& model, const BenchOptions& options)
{
    const std::int64_t side = options.model.vision.imageSize;
    const Tensor pixels =
        torch::randn({options.batch, 3, side, side}).to(torch::Device(options.device));
    std::vector<Candidate> candidates;
    const auto add = [&](Precision precision, const char* name) {
        candidates.push_back(encoderCandidate(model, pixels, precision, name, options.device));
    };
    add(Precision::Float32, "fp32");
    if (options.device != "cpu" || cpuHasBFloat16()) {
        add(Precision::BFloat16, "bf16");
    }
    if (options.device == "cpu") {
        add(Precision::Int8, "int8");
    }
    candidates.push_back(productsCandidate(options));
    return candidates;
}

void waitFor(const std::string& device)
{
    if (device != "cpu") {
        torch::cuda::synchronize();
    }
}

template <typename Run>
double secondsOf(const Run& run, const std::string& device)
{
    waitFor(device);
    const auto start = std::chrono::steady_clock::now();
    (void)run();
    waitFor(device);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values)
{
    std::sort(values.begin(), values.end());
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2.0;
}

} // namespace

std::vector<ForwardRate> bareForwardRates(const BenchOptions& options)
{
    if (options.batch < 1 || options.rounds < 1) {
        throw RangeError("a benchmark needs at least one image a batch and one round");
    }
    (void)loadCuda(); // before the seed
    const torch::NoGradGuard noGrad;
    torch::manual_seed(1);
    ClipConfig config = options.model;
    config.text.layers = 1; // not measured
    ClipModel model(config);
    std::vector<Candidate> candidates = candidatesFor(model, options);
    const VisionOutput reference = candidates.front().run();
    for (Candidate& candidate : candidates) { // warms up, too
        const VisionOutput out = candidate.run();
        candidate.cosine = out.global.defined() ? agreement(reference, out) : 0.0;
    }
    for (int round = 0; round < options.rounds; ++round) {
        for (Candidate& candidate : candidates) {
            candidate.seconds.push_back(secondsOf(candidate.run, options.device));
        }
    }
    std::vector<ForwardRate> rates;
    for (const Candidate& candidate : candidates) {
        const double rate = options.batch / median(candidate.seconds);
        rates.push_back({.name = candidate.name,
                         .imagesPerSecond = rate,
                         .flopsPerSecond = rate * candidate.flops,
                         .cosine = candidate.cosine});
    }
    return rates;
}

double peakFlopsPerSecond(const std::string& device, int side)
{
    constexpr int kProducts = 10;
    if (side < 1) {
        throw RangeError("the matrices to multiply need a side of at least 1");
    }
    (void)loadCuda();
    const torch::NoGradGuard noGrad;
    const auto square = [&] {
        return torch::randn({side, side}).to(torch::Device(device), torch::kBFloat16);
    };
    const Tensor a = square();
    const Tensor b = square();
    const auto product = [&] { return torch::matmul(a, b); };
    (void)product();
    std::vector<double> seconds;
    for (int i = 0; i < kProducts; ++i) {
        seconds.push_back(secondsOf(product, device));
    }
    return 2.0 * std::pow(double(side), 3) / median(seconds);
}

double forwardFlops(const VisionConfig& config)
{
    const auto tokens = double(tokensOf(config));
    const auto width = double(config.width);
    const double attention = 4.0 * double(config.layers) * tokens * tokens * width;
    const double patches =
        2.0 * (tokens - 1.0) * width * 3.0 * double(config.patchSize) * double(config.patchSize);
    return layerFlops(config) + attention + patches;
}

} // namespace tagalign::model::clip
