#include "model/pipeline/Pretraining.h"

#include "model/Error.h"
#include "model/align/Autocast.h"
#include "model/clip/ClipModel.h"
#include "model/clip/Device.h"
#include "model/pipeline/TextEmbedding.h"
#include "model/text/ClipTokenizer.h"

#include <chrono>
#include <cmath>
#include <future>
#include <numbers>

namespace tagalign::model::pipeline {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kSaveEvery = std::chrono::minutes(5);
constexpr double kWarmUpShare = 0.03;
constexpr double kMaxScale = 100.0; ///< CLIP, section 2.5
constexpr int kContextLength = 32;  ///< tokens; its captions are short

clip::ClipConfig starterConfig(const PretrainSettings& settings,
                               const text::ClipTokenizer& tokenizer)
{
    clip::ClipConfig config;
    config.vision.width = 192;
    config.vision.layers = 6;
    config.vision.heads = 6;
    config.vision.mlpWidth = 768;
    config.vision.patchSize = 8;
    config.vision.imageSize = settings.stages.back().side;
    config.vision.activation = clip::Activation::Gelu;
    config.text.width = 128;
    config.text.layers = 3;
    config.text.heads = 4;
    config.text.mlpWidth = 512;
    config.text.contextLength = kContextLength;
    config.text.activation = clip::Activation::Gelu;
    config.text.vocabularySize = std::int64_t(tokenizer.vocabularySize());
    config.text.endTokenId = tokenizer.endOfText();
    config.embedDim = 128;
    return config;
}

torch::Tensor pixelsOf(const std::vector<std::uint8_t>& rgb, std::int64_t side,
                       const clip::ClipConfig& config)
{
    const auto count = std::int64_t(rgb.size()) / (side * side * 3);
    const torch::Tensor bytes =
        torch::from_blob(const_cast<std::uint8_t*>(rgb.data()), {count, side, side, 3}, torch::kU8);
    const auto options = torch::TensorOptions().dtype(torch::kFloat64);
    const torch::Tensor mean =
        torch::tensor(std::vector<double>(config.mean.begin(), config.mean.end()), options)
            .to(torch::kFloat32);
    const torch::Tensor deviation =
        torch::tensor(std::vector<double>(config.deviation.begin(), config.deviation.end()),
                      options)
            .to(torch::kFloat32);
    return ((bytes.to(torch::kFloat32) / 255.0 - mean) / deviation)
        .permute({0, 3, 1, 2})
        .contiguous();
}

/// Label rows that sum to 1, or to 0 for pictures without a class.
torch::Tensor labelsOf(const std::vector<std::vector<std::int64_t>>& classes, std::int64_t count)
{
    torch::Tensor labels = torch::zeros({std::int64_t(classes.size()), count});
    auto rows = labels.accessor<float, 2>();
    for (std::size_t i = 0; i < classes.size(); ++i) {
        for (const std::int64_t label : classes[i]) {
            rows[std::int64_t(i)][label] += 1.0F / float(classes[i].size());
        }
    }
    return labels;
}

struct Losses
{
    double contrast = 0.0;
    double classes = 0.0;
};

struct Samples
{
    torch::Tensor pixels; ///< [N, 3, side, side]
    torch::Tensor kept;   ///< [N, K] patches that are seen; undefined: all
    torch::Tensor ids;    ///< [N, length]
    torch::Tensor labels; ///< [N, classes]

    [[nodiscard]] Samples slice(std::int64_t from, std::int64_t to) const
    {
        return {pixels.slice(0, from, to),
                kept.defined() ? kept.slice(0, from, to) : torch::Tensor(), ids.slice(0, from, to),
                labels.slice(0, from, to)};
    }
};

/// Which patches are seen, drawn anew for each picture. [N, K]; undefined: all of them.
torch::Tensor drawPatches(std::int64_t count, std::int64_t patches, double kept)
{
    const auto seen = std::max<std::int64_t>(std::llround(kept * double(patches)), 1);
    return seen < patches ? torch::rand({count, patches}).argsort(std::int64_t(1)).slice(1, 0, seen)
                          : torch::Tensor();
}

/// The image vectors, from the kept patches alone. -> [N, D], not normalised.
torch::Tensor encodeKept(clip::ClipModel& model, const Samples& part)
{
    if (!part.kept.defined()) {
        return model->encodeImage(part.pixels, clip::PatchPath::Plain).global;
    }
    clip::VisionTower& tower = model->visual;
    const auto [rows, columns] = clip::patchGrid(part.pixels, model->config().vision);
    const torch::Tensor patches = tower->conv1->forward(part.pixels).flatten(2).transpose(1, 2);
    const torch::Tensor all = tower->embed(patches, rows, columns);
    const torch::Tensor wanted =
        (part.kept + tower->firstPatch()).unsqueeze(2).expand({-1, -1, all.size(2)});
    const torch::Tensor seen =
        torch::cat({all.slice(1, 0, tower->firstPatch()), all.gather(1, wanted)}, 1);
    return tower->global(tower->transformer->forward(seen, clip::Sight::All));
}

torch::Tensor unit(const torch::Tensor& vectors)
{
    return torch::nn::functional::normalize(vectors.to(torch::kFloat32));
}

/// Adds the gradients of a part's losses, times `weight`. @return the losses times `weight`.
Losses learnPart(clip::ClipModel& model, const Samples& part, const torch::Tensor& promptIds,
                 double weight, double classWeight)
{
    torch::Tensor image;
    torch::Tensor text;
    torch::Tensor prompts;
    {
        const align::Autocast autocast(torch::kCPU, clip::cpuHasBFloat16());
        image = encodeKept(model, part);
        text = model->encodeText(part.ids);
        prompts = model->encodeText(promptIds);
    }
    const torch::Tensor z = unit(image);
    const torch::Tensor logits = torch::matmul(z, unit(text).t()) * model->logitScale();
    const torch::Tensor targets = torch::arange(z.size(0));
    const torch::Tensor contrast = (torch::cross_entropy_loss(logits, targets) +
                                    torch::cross_entropy_loss(logits.t(), targets)) /
                                   2.0;
    const torch::Tensor byClass = torch::matmul(z, unit(prompts).t()) * model->logitScale();
    const torch::Tensor classes = -(torch::log_softmax(byClass, 1) * part.labels).sum(1).mean();
    (weight * (contrast + classWeight * classes)).backward();
    return {weight * contrast.item<double>(), weight * classes.item<double>()};
}

/// One part of the batch a thread, each alone with its negatives: products this small do not share
/// a thread pool well.
Losses learn(clip::ClipModel& model, const Samples& batch, const torch::Tensor& promptIds,
             const PretrainSettings& settings)
{
    const std::int64_t count = batch.pixels.size(0);
    const std::int64_t parts = std::clamp<std::int64_t>(count / 2, 1, settings.threads);
    std::vector<std::future<Losses>> running;
    for (std::int64_t part = 0; part < parts; ++part) {
        const Samples samples = batch.slice(part * count / parts, (part + 1) * count / parts);
        const double weight = double(samples.pixels.size(0)) / double(count);
        running.push_back(std::async(std::launch::async, [&, samples, weight] {
            torch::set_num_threads(1);
            return learnPart(model, samples, promptIds, weight, settings.classWeight);
        }));
    }
    Losses sum;
    for (std::future<Losses>& part : running) {
        const Losses losses = part.get();
        sum.contrast += losses.contrast;
        sum.classes += losses.classes;
    }
    return sum;
}

double rateAt(double progress)
{
    return progress < kWarmUpShare
               ? progress / kWarmUpShare
               : 0.5 * (1.0 + std::cos(std::numbers::pi * (progress - kWarmUpShare) /
                                       (1.0 - kWarmUpShare)));
}

std::size_t stageAt(const std::vector<PretrainStage>& stages, double progress)
{
    std::size_t stage = 0;
    for (double end = stages.front().share; progress >= end && stage + 1 < stages.size();
         end += stages[stage].share) {
        ++stage;
    }
    return stage;
}

/// A checkpoint to go on from. @throws Error unless it has the shape that is trained here.
clip::ClipModel loadedFor(const clip::ClipConfig& config, const std::filesystem::path& folder)
{
    clip::ClipModel model = clip::loadClip(folder);
    const clip::ClipConfig& found = model->config();
    if (found.vision.width != config.vision.width || found.vision.layers != config.vision.layers ||
        found.vision.imageSize != config.vision.imageSize || found.embedDim != config.embedDim ||
        found.text.vocabularySize != config.text.vocabularySize) {
        throw Error(folder.string() +
                    ": is not of the shape that pretraining makes; start without it");
    }
    model->train();
    return model;
}

void save(clip::ClipModel& model, const PretrainSettings& settings,
          const std::filesystem::path& folder)
{
    const torch::NoGradGuard noGrad;
    clip::saveClip(model, folder, torch::kFloat16);
    text::ClipTokenizer::writeVocabulary(folder, settings.merges, kContextLength);
}

} // namespace

void pretrainClip(const PretrainSettings& settings, const NextBatch& nextBatch,
                  const std::filesystem::path& folder,
                  const std::function<Next(const PretrainEvent&)>& onStep)
{
    (void)clip::loadCuda();    // before the seed
    torch::set_num_threads(1); // see learn()
    torch::manual_seed(settings.seed);
    if (!settings.from.empty()) {
        (void)clip::readClipConfig(settings.from); // refused before anything is written
    }
    text::ClipTokenizer::writeVocabulary(folder, settings.merges, kContextLength);
    const text::ClipTokenizer tokenizer = text::ClipTokenizer::load(folder);
    const clip::ClipConfig config = starterConfig(settings, tokenizer);
    clip::ClipModel model =
        settings.from.empty() ? clip::ClipModel(config) : loadedFor(config, settings.from);
    const std::vector<torch::Tensor> parameters = model->parameters();
    torch::optim::AdamW optimizer(parameters, torch::optim::AdamWOptions(settings.learningRate)
                                                  .betas({0.9, 0.98})
                                                  .weight_decay(settings.weightDecay));
    const std::int64_t steps = std::max<std::int64_t>(settings.samples / settings.batchSize, 1);
    const auto start = Clock::now();
    const auto minutes = [start] {
        return std::chrono::duration<double, std::ratio<60>>(Clock::now() - start).count();
    };
    const auto progressAt = [&](std::int64_t step) {
        return settings.minutes > 0.0 ? minutes() / settings.minutes : double(step) / double(steps);
    };
    const auto make = [&](double progress) {
        const std::size_t stage = stageAt(settings.stages, progress);
        return std::pair(stage, nextBatch(settings.batchSize, stage));
    };
    auto pending = std::async(std::launch::async, make, 0.0);
    auto lastSave = start;
    for (std::int64_t step = 0; progressAt(step) < 1.0; ++step) {
        const double progress = progressAt(step);
        const auto [place, batch] = pending.get();
        if (const double next = progressAt(step + 1); next < 1.0) {
            pending = std::async(std::launch::async, make, next);
        }
        const PretrainStage& stage = settings.stages[place];
        const std::int64_t grid = stage.side / config.vision.patchSize;
        for (auto& group : optimizer.param_groups()) {
            group.options().set_lr(settings.learningRate * rateAt(progress));
        }
        optimizer.zero_grad();
        const Losses losses =
            learn(model,
                  {pixelsOf(batch.rgb, stage.side, config),
                   drawPatches(std::int64_t(batch.captions.size()), grid * grid, stage.kept),
                   idsOf(batch.captions, tokenizer, config.text.contextLength),
                   labelsOf(batch.classes, std::int64_t(batch.prompts.size()))},
                  idsOf(batch.prompts, tokenizer, config.text.contextLength), settings);
        torch::nn::utils::clip_grad_norm_(parameters, 1.0);
        optimizer.step();
        {
            const torch::NoGradGuard noGrad;
            model->logit_scale.clamp_(0.0, std::log(kMaxScale));
        }
        // By the clock, how many steps there will be is a guess.
        const auto expected = std::int64_t(std::llround(double(step + 1) / progressAt(step + 1)));
        const PretrainEvent event{step + 1, std::max(expected, step + 1), losses.contrast,
                                  losses.classes,
                                  double((step + 1) * settings.batchSize) / (60.0 * minutes())};
        if (!std::isfinite(event.loss)) {
            throw Error("pretraining diverged at step " + std::to_string(step + 1) +
                        "; the folder holds the model saved before, try a lower learning rate");
        }
        if (onStep(event) == Next::Stop) {
            if (pending.valid()) {
                pending.wait();
            }
            throw Cancelled();
        }
        if (Clock::now() - lastSave > kSaveEvery) {
            save(model, settings, folder);
            lastSave = Clock::now();
        }
    }
    save(model, settings, folder);
}

ZeroShotAccuracy zeroShotAccuracy(const std::filesystem::path& checkpoint,
                                  const std::vector<std::uint8_t>& rgb, int side,
                                  const std::vector<std::string>& prompts,
                                  const std::vector<std::size_t>& labels)
{
    const torch::NoGradGuard noGrad;
    clip::ClipModel model = clip::loadClip(checkpoint);
    const auto tokenizer = tokenizerFor(checkpoint, model->config());
    const torch::Tensor texts = torch::nn::functional::normalize(
        model->encodeText(idsOf(prompts, *tokenizer, model->config().text.contextLength)));
    const torch::Tensor pixels = pixelsOf(rgb, side, model->config());
    ZeroShotAccuracy accuracy;
    for (std::int64_t i = 0; i < pixels.size(0); ++i) {
        const torch::Tensor image = torch::nn::functional::normalize(
            model->encodeImage(pixels.slice(0, i, i + 1), clip::PatchPath::Plain).global);
        const torch::Tensor scores = torch::matmul(image, texts.t()).flatten();
        const auto better =
            (scores > scores[std::int64_t(labels[std::size_t(i)])]).sum().item<std::int64_t>();
        accuracy.top1 += better == 0 ? 1.0 : 0.0;
        accuracy.top5 += better < 5 ? 1.0 : 0.0;
    }
    accuracy.top1 /= double(std::max<std::int64_t>(pixels.size(0), 1));
    accuracy.top5 /= double(std::max<std::int64_t>(pixels.size(0), 1));
    return accuracy;
}

} // namespace tagalign::model::pipeline
