#include "model/align/Trainer.h"

#include "model/align/Autocast.h"
#include "model/align/Batches.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace tagalign::model::align {

namespace {

/// Forward work between two calls of the callback. With the backward pass (twice that) some
/// 100 ms on two cores of 190 GFLOP/s.
constexpr double kChunkFlops = 6e9;
constexpr double kGpuChunkFlops = 6e11; // as long on the slowest that one would train on
constexpr double kWarmUp = 0.05;        // of all steps

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

torch::Tensor gathered(const SampleSet& set, const Indices& batch, torch::Tensor Sample::*member,
                       torch::Device device)
{
    std::vector<torch::Tensor> rows;
    rows.reserve(batch.size());
    for (const std::int64_t image : batch)
        rows.push_back(set.samples[std::size_t(image)].*member);
    return torch::stack(rows).to(device, torch::kFloat32);
}

torch::Tensor indexTensor(const Indices& indices)
{
    return torch::tensor(indices, torch::kInt64);
}

/// A mean that grows by batches.
struct Mean
{
    double sum = 0.0;
    double weight = 0.0;

    void add(double value, double of)
    {
        if (of > 0.0) {
            sum += value * of;
            weight += of;
        }
    }

    [[nodiscard]] double value() const { return weight > 0.0 ? sum / weight : 0.0; }
};

/// One of the losses of a batch, with the number of images it was computed on.
struct Part
{
    torch::Tensor value;
    double images = 0.0;
};

/// @param terms [N, T] of the loss. @param counted [N] bool: images that have one.
Part meanOf(const torch::Tensor& terms, const torch::Tensor& counted)
{
    const auto images = counted.sum().item<std::int64_t>();
    return {images > 0 && terms.size(1) > 0 ? terms.sum() / double(images)
                                            : torch::zeros({}, terms.options()),
            double(images)};
}

torch::Tensor gradientOf(const torch::Tensor& leaf)
{
    return leaf.grad().defined() ? leaf.grad() : torch::zeros_like(leaf);
}

} // namespace

std::optional<double> EpochReport::tagMap() const
{
    if (objectMap && attributeMap)
        return 0.5 * (*objectMap + *attributeMap);
    return objectMap ? objectMap : attributeMap;
}

DivergedError::DivergedError(int epoch, int step, int keptEpoch)
    : Error("The training became not a number at epoch " + std::to_string(epoch) + ", step " +
            std::to_string(step) + "; " +
            (keptEpoch > 0 ? "the head of epoch " + std::to_string(keptEpoch) + " is kept"
                           : std::string("there is no head yet")) +
            ". Try a lower learning rate."),
      m_epoch(epoch),
      m_step(step)
{
}

/// What the losses need of some images: a row each.
struct Trainer::Pooled
{
    torch::Tensor mean; ///< [n, D] mean patch
    torch::Tensor tags; ///< [n, T] pooled cosines
    torch::Tensor pull; ///< [n]

    static Pooled joined(const std::vector<Pooled>& parts)
    {
        std::vector<torch::Tensor> mean, tags, pull;
        for (const Pooled& part : parts) {
            mean.push_back(part.mean.detach());
            tags.push_back(part.tags.detach());
            pull.push_back(part.pull.detach());
        }
        return {torch::cat(mean), torch::cat(tags), torch::cat(pull)};
    }

    void requireGradient()
    {
        mean.requires_grad_();
        tags.requires_grad_();
        pull.requires_grad_();
    }
};

struct Trainer::BatchLoss
{
    Part caption, objects, attributes, pull;
    torch::Tensor total;
};

struct Trainer::Sums
{
    Mean caption, objects, attributes, pull;

    void add(const BatchLoss& loss)
    {
        caption.add(loss.caption.value.item<double>(), loss.caption.images);
        objects.add(loss.objects.value.item<double>(), loss.objects.images);
        attributes.add(loss.attributes.value.item<double>(), loss.attributes.images);
        pull.add(loss.pull.value.item<double>(), loss.pull.images);
    }

    [[nodiscard]] LossParts parts(const TrainerSettings& settings) const
    {
        LossParts parts{caption.value(), objects.value(), attributes.value(), pull.value(), 0.0};
        parts.total =
            settings.captionWeight * parts.caption + settings.objectWeight * parts.objects +
            settings.attributeWeight * parts.attributes + settings.pullWeight * parts.pull;
        return parts;
    }
};

/// Asks the caller between pieces of work whether to go on.
class Trainer::Poll
{
public:
    Poll(const OnStep& onStep, StepReport report)
        : m_onStep(onStep),
          m_report(report)
    {
    }

    void finished(int steps) { m_report.step = steps; }

    void operator()() const
    {
        if (m_onStep && m_onStep(m_report) == Next::Stop)
            throw Cancelled();
    }

private:
    const OnStep& m_onStep;
    StepReport m_report;
};

double Trainer::flopsPerPatch() const
{
    const auto tags = double(m_data.tagEmbeddings.size(0));
    return m_head->flopsPerPatch() + 2.0 * tags * double(m_head->embeddingWidth());
}

double Trainer::chunkFlops() const
{
    return m_device.is_cuda() ? kGpuChunkFlops : kChunkFlops;
}

Trainer::Pooled Trainer::forward(const SampleSet& set, const Indices& chunk)
{
    const Sample& first = set.samples[std::size_t(chunk.front())];
    const auto tokens = gathered(set, chunk, &Sample::tokens, m_device);
    torch::Tensor patches, frozen;
    {
        const Autocast autocast(m_device.type(), m_device.is_cuda() && m_type == torch::kBFloat16);
        patches = m_head->forward(tokens, first.rows, first.columns).to(torch::kFloat32);
        const torch::NoGradGuard noGrad;
        frozen = project(tokens, m_data.projection).to(torch::kFloat32);
    }
    return {patches.mean(1),
            poolTags(patches, m_data.tagEmbeddings, m_settings.pooling, m_settings.kappa),
            pullPerImage(patches, frozen)};
}

/// So that a tag of average score begins at the share of images that carry one: else every tag
/// would first have to be unlearned.
double Trainer::startBias()
{
    torch::NoGradGuard noGrad;
    const auto count = std::min<std::int64_t>(std::int64_t(m_data.train.samples.size()), 32);
    double sum = 0.0;
    for (std::int64_t image = 0; image < count; ++image) // their grids may differ
        sum += forward(m_data.train, {image}).tags.mean().item<double>();
    const double share =
        std::clamp(m_data.train.targets.gt(0).to(torch::kFloat64).mean().item<double>(), 1e-4, 0.5);
    return std::log(share / (1.0 - share)) - sum / double(count) / m_settings.startTemperature;
}

bool Trainer::isJoint() const
{
    return m_settings.objective == TagObjective::Softmax && m_settings.groups == TagGroups::Joint;
}

torch::Tensor Trainer::tagTermsOf(const torch::Tensor& scores, const torch::Tensor& targets,
                                  const torch::Tensor& unknown) const
{
    return tagTerms(m_settings.objective, scores, targets, unknown,
                    {m_tagLogScale.exp(), m_tagBias});
}

/// Images that have a tag loss: with a softmax those with a tag, else those of which anything is
/// known. [N]
torch::Tensor Trainer::isCounted(const torch::Tensor& targets, const torch::Tensor& unknown) const
{
    const auto tagged = targets.gt(0);
    return m_settings.objective == TagObjective::Softmax
               ? tagged.any(1)
               : tagged.logical_or(unknown.logical_not()).any(1);
}

Trainer::BatchLoss Trainer::lossOf(const Pooled& pooled, const SampleSet& set, const Indices& batch,
                                   const Indices& captions)
{
    const auto images = retrievalVector(
        pooled.mean, gathered(set, batch, &Sample::global, m_device), m_settings.captionShare);
    const auto ids = indexTensor(captions);
    const auto captioned = ids.ge(0).nonzero().squeeze(1);
    const auto rows = ids.index_select(0, captioned).to(m_device);
    BatchLoss loss;
    loss.caption = {torch::zeros({}, pooled.mean.options()), 0.0};
    if (captioned.size(0) >= 2)
        loss.caption = {infoNce(images.index_select(0, captioned.to(m_device)),
                                m_data.captionEmbeddings.index_select(0, rows),
                                m_captionLogScale.exp(), rows),
                        double(captioned.size(0))};

    const auto order = indexTensor(batch);
    const auto targets = set.targets.index_select(0, order).to(m_device, torch::kFloat32);
    const auto unknown = set.unknown.index_select(0, order).to(m_device);
    if (isJoint()) {
        const auto terms = tagTermsOf(pooled.tags, targets, unknown);
        const auto counted = isCounted(targets, unknown);
        loss.objects = meanOf(terms.index_select(1, m_data.objects), counted);
        loss.attributes = meanOf(terms.index_select(1, m_data.attributes), counted);
    } else {
        const auto partOf = [&](const torch::Tensor& columns) {
            const auto wanted = targets.index_select(1, columns);
            const auto left = unknown.index_select(1, columns);
            return meanOf(tagTermsOf(pooled.tags.index_select(1, columns), wanted, left),
                          isCounted(wanted, left));
        };
        loss.objects = partOf(m_data.objects);
        loss.attributes = partOf(m_data.attributes);
    }
    loss.pull = {pooled.pull.mean(), double(batch.size())};
    loss.total = m_settings.captionWeight * loss.caption.value +
                 m_settings.objectWeight * loss.objects.value +
                 m_settings.attributeWeight * loss.attributes.value +
                 m_settings.pullWeight * loss.pull.value;
    return loss;
}

/// The contrastive loss needs the whole batch, a long backward pass must be left in between:
/// the loss goes back to the pooled rows first, then each part of the batch on its own.
void Trainer::backward(const BatchLoss& loss, const Pooled& leaves, std::vector<Pooled>& parts,
                       const Poll& poll)
{
    loss.total.backward();
    const auto mean = gradientOf(leaves.mean);
    const auto tags = gradientOf(leaves.tags);
    const auto pull = gradientOf(leaves.pull);
    std::int64_t row = 0;
    for (Pooled& part : parts) {
        const std::int64_t end = row + part.mean.size(0);
        torch::autograd::backward(
            {part.mean, part.tags, part.pull},
            {mean.slice(0, row, end), tags.slice(0, row, end), pull.slice(0, row, end)});
        part = {}; // frees its graph
        row = end;
        poll();
    }
}

/// One step of AdamW. @return the norm of the gradient before clipping
double Trainer::update(std::int64_t step, std::int64_t steps)
{
    const double warm = std::min(1.0, double(step + 1) / std::max(1.0, kWarmUp * double(steps)));
    const double cosine = 0.5 * (1.0 + std::cos(M_PI * double(step) / double(steps)));
    for (auto& group : m_optimizer->param_groups())
        group.options().set_lr(m_settings.learningRate * warm * cosine);
    std::vector<torch::Tensor> tensors;
    for (const auto& [name, tensor] : trained())
        tensors.push_back(tensor);
    const double norm = torch::nn::utils::clip_grad_norm_(tensors, m_settings.clipNorm);
    if (!std::isfinite(norm))
        return norm;
    m_optimizer->step();
    torch::NoGradGuard noGrad;
    m_captionLogScale.clamp_max_(std::log(kMaxLogitScale));
    m_tagLogScale.clamp_max_(std::log(kMaxLogitScale));
    return norm;
}

int Trainer::stepsPerEpoch() const
{
    const auto images = int(m_data.train.samples.size());
    return (images + m_settings.batchSize - 1) / m_settings.batchSize;
}

EpochReport Trainer::runEpoch(const OnStep& onStep)
{
    const auto start = Clock::now();
    const int epoch = m_epoch + 1;
    auto batches = shuffledBatches(std::int64_t(m_data.train.samples.size()), m_settings.batchSize,
                                   m_settings.seed, epoch);
    const int steps = stepsPerEpoch();
    Poll poll(onStep, {epoch, m_settings.epochs, 0, steps, nullptr});
    EpochReport report;
    Sums sums;
    for (int step = 0; step < steps; ++step) {
        Indices& batch = batches[std::size_t(step)];
        std::vector<Pooled> parts;
        for (const Indices& chunk : chunksOf(m_data.train, batch, flopsPerPatch(), chunkFlops())) {
            parts.push_back(forward(m_data.train, chunk));
            poll();
        }
        auto leaves = Pooled::joined(parts);
        leaves.requireGradient();
        const auto loss = lossOf(leaves, m_data.train, batch,
                                 drawCaptions(m_data.train, batch, m_settings.seed, epoch));
        if (!std::isfinite(loss.total.item<double>()))
            throw DivergedError(epoch, step + 1);
        m_optimizer->zero_grad();
        backward(loss, leaves, parts, poll);
        const double norm =
            update(std::int64_t(m_epoch) * steps + step, std::int64_t(m_settings.epochs) * steps);
        if (!std::isfinite(norm))
            throw DivergedError(epoch, step + 1);
        sums.add(loss);
        report.gradientNorm = std::max(report.gradientNorm, norm);
        poll.finished(step + 1);
        poll();
    }
    const double largestNorm = report.gradientNorm;
    report = validated(poll);
    m_epoch = epoch;
    report.epoch = epoch;
    report.gradientNorm = largestNorm;
    report.train = sums.parts(m_settings);
    report.seconds = secondsSince(start);
    return report;
}

EpochReport Trainer::validate(const OnStep& onStep)
{
    return validated(Poll(onStep, {m_epoch + 1, m_settings.epochs, 0, stepsPerEpoch(), nullptr}));
}

EpochReport Trainer::validated(const Poll& poll)
{
    torch::NoGradGuard noGrad;
    EpochReport report;
    report.captionTemperature = std::exp(-m_captionLogScale.item<double>());
    report.tagTemperature = std::exp(-m_tagLogScale.item<double>());
    const SampleSet& set = m_data.validation;
    const auto count = std::int64_t(set.samples.size());
    if (count == 0)
        return report;
    const auto start = Clock::now();
    Sums sums;
    std::vector<torch::Tensor> scores;
    Indices order;
    for (Indices& batch : orderedBatches(count, m_settings.batchSize)) {
        std::vector<Pooled> parts;
        for (const Indices& chunk : chunksOf(set, batch, flopsPerPatch(), chunkFlops())) {
            parts.push_back(forward(set, chunk));
            poll();
        }
        const auto pooled = Pooled::joined(parts);
        sums.add(lossOf(pooled, set, batch, drawCaptions(set, batch, m_settings.seed, 0)));
        scores.push_back(pooled.tags.to(torch::kCPU));
        order.insert(order.end(), batch.begin(), batch.end());
    }
    const auto rows = indexTensor(order);
    const auto targets = set.targets.index_select(0, rows);
    const auto known = set.unknown.index_select(0, rows).logical_and(targets.le(0)).logical_not();
    const auto all = torch::cat(scores);
    const auto mapOf = [&](const torch::Tensor& kind) {
        const auto columns = kind.to(torch::kCPU);
        return meanAveragePrecision(all.index_select(1, columns),
                                    targets.index_select(1, columns).gt(0),
                                    known.index_select(1, columns));
    };
    report.objectMap = mapOf(m_data.objects);
    report.attributeMap = mapOf(m_data.attributes);
    report.validation = sums.parts(m_settings);
    report.hasValidation = true;
    report.seconds = secondsSince(start);
    return report;
}

} // namespace tagalign::model::align
