#include "model/align/TrainBench.h"

#include "model/Error.h"
#include "model/align/Trainer.h"

#include <algorithm>
#include <cmath>

namespace tagalign::model::align {

namespace {

constexpr std::int64_t kTagsOfImage = 3; // of each kind

torch::Tensor randomTargets(const TrainBenchOptions& options, std::int64_t images)
{
    const auto kind = [images](std::int64_t tags) {
        const auto chosen =
            torch::rand({images, tags}).argsort(std::int64_t(1)).slice(1, 0, kTagsOfImage);
        return torch::zeros({images, tags}).scatter_(1, chosen, 1.0);
    };
    return torch::cat(std::vector<torch::Tensor>{kind(options.objects), kind(options.attributes)},
                      1);
}

TrainingData randomData(const TrainBenchOptions& options)
{
    const std::int64_t images = std::int64_t(options.batchSize) * options.steps;
    const std::int64_t tags = options.objects + options.attributes;
    const std::int64_t patches = options.gridSide * options.gridSide;
    TrainingData data;
    data.projection = {.normWeight = torch::ones({options.tokenWidth}),
                       .normBias = torch::zeros({options.tokenWidth}),
                       .matrix = torch::randn({options.tokenWidth, options.embeddingWidth}) /
                                 std::sqrt(double(options.tokenWidth))};
    data.captionEmbeddings = torch::randn({images, options.embeddingWidth});
    data.tagEmbeddings = torch::randn({tags, options.embeddingWidth});
    data.objects = torch::arange(options.objects);
    data.attributes = torch::arange(options.objects, tags);
    for (std::int64_t image = 0; image < images; ++image) {
        data.train.samples.push_back(
            {.tokens = torch::randn({patches, options.tokenWidth}).to(torch::kHalf),
             .global = torch::randn({options.embeddingWidth}),
             .rows = options.gridSide,
             .columns = options.gridSide,
             .captions = {image}});
    }
    data.train.targets = randomTargets(options, images);
    data.train.unknown = torch::zeros({images, tags}, torch::kBool);
    data.validation.targets = torch::zeros({0, tags});
    data.validation.unknown = torch::zeros({0, tags}, torch::kBool);
    return data;
}

void requireUsable(const TrainBenchOptions& options)
{
    if (options.steps < 1 || options.epochs < 1)
        throw RangeError("a benchmark needs at least one step and one epoch");
    if (std::min(options.objects, options.attributes) < kTagsOfImage)
        throw RangeError("a benchmark needs at least " + std::to_string(kTagsOfImage) +
                         " tags of each kind");
}

double medianSeconds(Trainer& trainer, int epochs)
{
    (void)trainer.runEpoch({}); // warms up
    std::vector<double> seconds;
    for (int epoch = 0; epoch < epochs; ++epoch)
        seconds.push_back(trainer.runEpoch({}).seconds);
    std::sort(seconds.begin(), seconds.end());
    return seconds[seconds.size() / 2];
}

} // namespace

std::vector<StepRate> stepRates(const TrainBenchOptions& options)
{
    requireUsable(options);
    torch::manual_seed(1);
    const TrainingData data = randomData(options);
    TrainerSettings settings;
    settings.batchSize = options.batchSize;
    settings.epochs = options.epochs + 1;
    const auto patches = double(options.batchSize * options.gridSide * options.gridSide);
    const double tagFlops =
        2.0 * double(data.tagEmbeddings.size(0)) * double(options.embeddingWidth);
    std::vector<StepRate> rates;
    for (const HeadKind kind : kHeadKinds) {
        const auto head = makeHead(kind, data.projection, settings.seed);
        Trainer trainer(head, data, settings, torch::Device(options.device),
                        options.isBFloat16 ? torch::kBFloat16 : torch::kFloat32);
        const double rate = options.steps / medianSeconds(trainer, options.epochs);
        rates.push_back({kind, rate, rate * 3.0 * patches * (head->flopsPerPatch() + tagFlops)});
    }
    return rates;
}

} // namespace tagalign::model::align
