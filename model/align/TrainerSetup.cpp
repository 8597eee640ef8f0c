#include "model/align/Trainer.h"

#include <cmath>
#include <sstream>

namespace tagalign::model::align {

namespace {

/// Features of a set that a GPU may hold for a whole training.
constexpr double kResidentBytes = 2e9;

void requireRange(bool holds, const char* setting, const char* range, double found)
{
    if (!holds) {
        std::ostringstream text;
        text << "The training setting \"" << setting << "\" must be " << range << "; it is "
             << found << ".";
        throw RangeError(text.str());
    }
}

void requireSettings(const TrainerSettings& s)
{
    requireRange(s.epochs >= 1, "epochs", "at least 1", s.epochs);
    requireRange(s.batchSize >= 2, "batch size", "at least 2", s.batchSize);
    requireRange(s.learningRate > 0.0 && std::isfinite(s.learningRate), "learning rate",
                 "greater than 0", s.learningRate);
    requireRange(s.clipNorm > 0.0, "gradient clip", "greater than 0", s.clipNorm);
    requireRange(s.patience >= 0, "patience", "0 or greater", s.patience);
    requireRange(s.captionShare >= 0.0 && s.captionShare <= 1.0, "caption share", "in [0, 1]",
                 s.captionShare);
    requireRange(s.kappa > 0.0, "kappa", "greater than 0", s.kappa);
    requireRange(s.startTemperature >= 1.0 / kMaxLogitScale && std::isfinite(s.startTemperature),
                 "start temperature", "at least 0.01", s.startTemperature);
    for (const auto& [name, value] : {std::pair{"caption weight", s.captionWeight},
                                      {"object weight", s.objectWeight},
                                      {"attribute weight", s.attributeWeight},
                                      {"pull weight", s.pullWeight},
                                      {"weight decay", s.weightDecay}})
        requireRange(value >= 0.0 && std::isfinite(value), name, "0 or greater", value);
}

void requireShape(const char* name, const torch::Tensor& tensor,
                  const std::vector<std::int64_t>& expected)
{
    if (tensor.sizes().vec() != expected) {
        std::ostringstream text;
        text << "Training needs " << name << " of shape " << torch::IntArrayRef(expected)
             << ", found " << tensor.sizes() << ".";
        throw ShapeError(text.str());
    }
}

void requireWidth(const char* of, std::int64_t head, std::int64_t checkpoint)
{
    if (head != checkpoint)
        throw ShapeError("The head has " + std::string(of) + " of width " + std::to_string(head) +
                         ", the checkpoint of width " + std::to_string(checkpoint) + ".");
}

void requireSet(const SampleSet& set, const TrainingData& data)
{
    const auto count = std::int64_t(set.samples.size());
    const auto tags = data.tagEmbeddings.size(0);
    requireShape("tag targets", set.targets, {count, tags});
    requireShape("a mask of unknown tags", set.unknown, {count, tags});
    for (const Sample& sample : set.samples) {
        requireShape("patch tokens", sample.tokens,
                     {sample.rows * sample.columns, data.projection.tokenWidth()});
        requireShape("a global embedding", sample.global, {data.projection.embeddingWidth()});
    }
}

} // namespace

Trainer::Trainer(std::shared_ptr<Head> head, TrainingData data, const TrainerSettings& settings,
                 torch::Device device, torch::Dtype type)
    : m_head(std::move(head)),
      m_data(std::move(data)),
      m_settings(settings),
      m_device(device),
      m_type(type)
{
    requireUsable();
    m_head->to(device);
    if (device.is_cuda()) {
        keepOnGpu(m_data.train);
        keepOnGpu(m_data.validation);
    } else {
        m_head->setConvolutionType(type);
    }
    Projection& projection = m_data.projection;
    for (torch::Tensor* tensor : {&projection.normWeight, &projection.normBias, &projection.matrix})
        *tensor = tensor->to(device);
    if (projection.tail.width() > 0) {
        for (const auto& [name, part] : kPoolTailParts)
            projection.tail.*part = (projection.tail.*part).to(device);
    }
    m_data.captionEmbeddings = m_data.captionEmbeddings.to(device, torch::kFloat32);
    m_data.tagEmbeddings = normalised(m_data.tagEmbeddings.to(device, torch::kFloat32));
    m_data.objects = m_data.objects.to(device);
    m_data.attributes = m_data.attributes.to(device);
    const auto start = torch::full({}, -std::log(settings.startTemperature),
                                   torch::TensorOptions().device(device).dtype(torch::kFloat32));
    m_captionLogScale = start.clone().requires_grad_();
    m_tagLogScale = start.clone().requires_grad_();
    if (m_settings.objective != TagObjective::Softmax)
        m_tagBias = torch::full_like(start, startBias()).requires_grad_();
    buildOptimizer();
}

/// Else every step would send its tokens there anew. Leaves them where they are if they are many
/// or find no room.
void Trainer::keepOnGpu(SampleSet& set) const
{
    double bytes = 0.0;
    for (const Sample& sample : set.samples)
        bytes += double(sample.tokens.nbytes());
    if (bytes > kResidentBytes)
        return;
    std::vector<Sample> moved = set.samples;
    try {
        for (Sample& sample : moved) {
            sample.tokens = sample.tokens.to(m_device);
            sample.global = sample.global.to(m_device);
        }
    } catch (const c10::OutOfMemoryError&) {
        return;
    }
    set.samples = std::move(moved);
}

void Trainer::requireUsable() const
{
    requireSettings(m_settings);
    if (m_data.train.samples.size() < 2)
        throw Error("Training needs at least 2 training images with features, found " +
                    std::to_string(m_data.train.samples.size()) + "; import or encode more.");
    const auto embedding = m_data.projection.embeddingWidth();
    requireWidth("tokens", m_head->tokenWidth(), m_data.projection.tokenWidth());
    requireWidth("embeddings", m_head->embeddingWidth(), embedding);
    requireShape("caption embeddings", m_data.captionEmbeddings,
                 {m_data.captionEmbeddings.size(0), embedding});
    requireShape("tag embeddings", m_data.tagEmbeddings, {m_data.tagEmbeddings.size(0), embedding});
    requireSet(m_data.train, m_data);
    requireSet(m_data.validation, m_data);
}

std::vector<std::pair<std::string, torch::Tensor>> Trainer::trained()
{
    std::vector<std::pair<std::string, torch::Tensor>> result;
    for (const auto& parameter : m_head->named_parameters())
        result.emplace_back("head." + parameter.key(), parameter.value());
    result.emplace_back("log_scale.caption", m_captionLogScale);
    result.emplace_back("log_scale.tags", m_tagLogScale);
    if (m_tagBias.defined())
        result.emplace_back("bias.tags", m_tagBias);
    return result;
}

void Trainer::buildOptimizer()
{
    // Decay pulls towards 0; the copied projection must rather stay where it was.
    std::vector<torch::Tensor> decayed, free;
    for (const auto& [name, tensor] : trained())
        (tensor.dim() >= 2 && name != "head.projection" ? decayed : free).push_back(tensor);
    torch::optim::AdamWOptions options(m_settings.learningRate);
    std::vector<torch::optim::OptimizerParamGroup> groups;
    groups.emplace_back(decayed, std::make_unique<torch::optim::AdamWOptions>(
                                     options.weight_decay(m_settings.weightDecay)));
    groups.emplace_back(free,
                        std::make_unique<torch::optim::AdamWOptions>(options.weight_decay(0.0)));
    m_optimizer = std::make_unique<torch::optim::AdamW>(groups, options);
}

std::vector<std::pair<std::string, torch::Tensor>> Trainer::state()
{
    std::vector<std::pair<std::string, torch::Tensor>> result;
    const auto keep = [&result](const std::string& name, const torch::Tensor& tensor) {
        result.emplace_back(name, tensor.detach().to(torch::kCPU).contiguous());
    };
    for (const auto& [name, tensor] : trained()) {
        keep(name, tensor);
        const auto found = m_optimizer->state().find(tensor.unsafeGetTensorImpl());
        if (found == m_optimizer->state().end())
            continue; // never had a gradient
        const auto& moments = static_cast<torch::optim::AdamWParamState&>(*found->second);
        keep("adam.mean." + name, moments.exp_avg());
        keep("adam.square." + name, moments.exp_avg_sq());
        keep("adam.step." + name, torch::tensor(moments.step(), torch::kInt64));
    }
    return result;
}

void Trainer::restore(int epoch, const std::function<torch::Tensor(const std::string&)>& tensorOf)
{
    torch::NoGradGuard noGrad;
    const auto fitting = [&](const std::string& name, const torch::Tensor& like) {
        auto tensor = tensorOf(name);
        if (!tensor.defined() || tensor.sizes() != like.sizes() || !tensor.is_floating_point())
            throw FormatError("The tensor \"" + name + "\" is missing, has another shape or type.");
        return tensor.to(like.options());
    };
    for (auto& [name, tensor] : trained()) {
        tensor.copy_(fitting(name, tensor));
        auto& states = m_optimizer->state();
        states.erase(tensor.unsafeGetTensorImpl());
        const auto step = tensorOf("adam.step." + name);
        if (!step.defined())
            continue;
        if (step.numel() != 1)
            throw FormatError("The tensor \"adam.step." + name + "\" is not one number.");
        auto moments = std::make_unique<torch::optim::AdamWParamState>();
        moments->step(step.item<std::int64_t>());
        moments->exp_avg(fitting("adam.mean." + name, tensor).clone());
        moments->exp_avg_sq(fitting("adam.square." + name, tensor).clone());
        states[tensor.unsafeGetTensorImpl()] = std::move(moments);
    }
    m_epoch = epoch;
}

} // namespace tagalign::model::align
