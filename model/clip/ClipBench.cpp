#include "model/clip/ClipBench.h"

#include "model/Error.h"
#include "model/clip/ClipEncoder.h"
#include "model/clip/Device.h"
#include "model/clip/PackedLinear.h"

#include <algorithm>
#include <chrono>
#include <functional>

namespace tagalign::model::clip {

namespace {

using torch::Tensor;

struct Candidate
{
    std::string name;
    std::function<VisionOutput()> run;
    std::vector<double> seconds;
    double cosine = 0.0;
};

double smallestCosine(const Tensor& a, const Tensor& b)
{
    return torch::cosine_similarity(a.flatten(0, -2), b.flatten(0, -2), 1).min().item<double>();
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
    return {name, [encoder, pixels] { return encoder->encodeImage(pixels, PatchPath::Plain); }};
}

/// The products of all blocks on inputs that are ready, with nothing in between.
Candidate productsCandidate(const ClipConfig& config, int batch)
{
    const VisionConfig& vision = config.vision;
    const std::int64_t side = vision.imageSize / vision.patchSize;
    const auto layer = [](std::int64_t in, std::int64_t out) {
        return PackedLinear(torch::randn({out, in}), torch::zeros({out}), Precision::BFloat16);
    };
    const std::int64_t width = vision.width;
    const auto layers = std::make_shared<const std::vector<PackedLinear>>(std::vector<PackedLinear>{
        layer(width, 3 * width), layer(width, width), layer(width, vision.mlpWidth)});
    const auto down = std::make_shared<const PackedLinear>(layer(vision.mlpWidth, width));
    const Tensor narrow = torch::randn({batch, side * side + 1, width}).to(torch::kBFloat16);
    const Tensor wide =
        torch::randn({batch, side * side + 1, vision.mlpWidth}).to(torch::kBFloat16);
    return {"bf16 matrix products alone", [=, count = vision.layers] {
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

std::vector<Candidate> candidatesFor(ClipModel& model, const Tensor& pixels,
                                     const BenchOptions& options)
{
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
        candidates.push_back(productsCandidate(model->config(), options.batch));
    }
    return candidates;
}

double secondsOf(const std::function<VisionOutput()>& run)
{
    const auto start = std::chrono::steady_clock::now();
    (void)run();
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
    ClipModel model(vitB16Config());
    const std::int64_t side = model->config().vision.imageSize;
    const Tensor pixels = torch::randn({options.batch, 3, side, side});
    std::vector<Candidate> candidates = candidatesFor(model, pixels, options);
    const VisionOutput reference = candidates.front().run();
    for (Candidate& candidate : candidates) { // warms up, too
        const VisionOutput out = candidate.run();
        candidate.cosine = out.global.defined() ? agreement(reference, out) : 0.0;
    }
    for (int round = 0; round < options.rounds; ++round) {
        for (Candidate& candidate : candidates) {
            candidate.seconds.push_back(secondsOf(candidate.run));
        }
    }
    std::vector<ForwardRate> rates;
    for (const Candidate& candidate : candidates) {
        rates.push_back(
            {candidate.name, options.batch / median(candidate.seconds), candidate.cosine});
    }
    return rates;
}

} // namespace tagalign::model::clip
