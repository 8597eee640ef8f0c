#include "model/pipeline/TrainingInput.h"

#include "model/Error.h"
#include "model/pipeline/Leakage.h"
#include "model/pipeline/StoreKey.h"
#include "model/tensor_io/FeatureStore.h"

#include <nlohmann/json.hpp>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstdio>
#include <map>

namespace tagalign::model::pipeline {

namespace {

constexpr std::int64_t kPollEvery = 64; // images: a read takes well under a millisecond

/// Rows of the caption embeddings, the same text in the same row.
class CaptionRows
{
public:
    std::vector<std::int64_t> rowsOf(const std::vector<std::string>& captions)
    {
        std::vector<std::int64_t> rows;
        for (const std::string& caption : captions) {
            const auto [found, isNew] = m_rows.emplace(caption, std::int64_t(m_texts.size()));
            if (isNew)
                m_texts.push_back(caption);
            rows.push_back(found->second);
        }
        return rows;
    }

    [[nodiscard]] const std::vector<std::string>& texts() const { return m_texts; }

private:
    std::map<std::string, std::int64_t> m_rows;
    std::vector<std::string> m_texts;
};

/// What is known of one tag on one image, after all statements on it.
struct Knowledge
{
    double probability = 0.0;
    bool isVerified = false;
};

std::map<std::size_t, Knowledge> knowledgeOf(const PilotImage& image, std::size_t tags)
{
    std::map<std::size_t, Knowledge> result;
    for (const TagTarget& target : image.targets) {
        if (target.tag >= tags || !(target.probability >= 0.0 && target.probability <= 1.0))
            throw RangeError(image.file.string() + ": tag " + std::to_string(target.tag) +
                             " with probability " + std::to_string(target.probability) +
                             " is outside the " + std::to_string(tags) +
                             " enabled tags or [0, 1].");
        Knowledge& known = result[target.tag];
        if (target.verified && !known.isVerified)
            known = {target.probability, true};
        else if (target.verified == known.isVerified)
            known.probability = std::max(known.probability, target.probability);
    }
    return result;
}

void writeTargets(const PilotImage& image, const std::vector<PilotTag>& tags, double threshold,
                  torch::Tensor targets, torch::Tensor unknown)
{
    auto targetCells = targets.accessor<float, 1>();
    auto unknownCells = unknown.accessor<bool, 1>();
    for (const auto& [tag, known] : knowledgeOf(image, tags.size())) {
        const auto column = std::int64_t(tag);
        if (known.isVerified || known.probability >= threshold)
            targetCells[column] = float(known.probability * tags[tag].weight);
        else
            unknownCells[column] = true;
    }
}

align::Sample sampleOf(const tensor_io::FeatureStore& store, const PilotImage& image)
{
    auto features = store.get(image.contentHash);
    if (!features)
        throw Error(image.file.string() +
                    ": its features are missing from the store; encode the images again.");
    align::Sample sample;
    // Copies: a mapping for each image of a large pilot would meet the system's limit.
    sample.tokens = features->tokens.clone();
    sample.global = features->global.clone();
    sample.rows = features->rows;
    sample.columns = features->columns;
    return sample;
}

align::SampleSet setOf(Split split, const tensor_io::FeatureStore& store, const PilotData& data,
                       double threshold, CaptionRows& captions, const OnProgress& onProgress)
{
    std::vector<const PilotImage*> images;
    for (const PilotImage& image : data.images) {
        if (image.split == split)
            images.push_back(&image);
    }
    const auto count = std::int64_t(images.size());
    const auto tags = std::int64_t(data.tags.size());
    align::SampleSet set;
    set.targets = torch::zeros({count, tags});
    set.unknown = torch::zeros({count, tags}, torch::kBool);
    for (std::int64_t i = 0; i < count; ++i) {
        const PilotImage& image = *images[std::size_t(i)];
        assert(image.split != Split::Test);
        auto sample = sampleOf(store, image);
        sample.captions = captions.rowsOf(image.captions);
        set.samples.push_back(std::move(sample));
        writeTargets(image, data.tags, threshold, set.targets[i], set.unknown[i]);
        if (i % kPollEvery == 0 && onProgress &&
            onProgress({i, count, image.file.string()}) == Next::Stop)
            throw Cancelled();
    }
    return set;
}

torch::Tensor columnsOf(tags::TagKind kind, const std::vector<PilotTag>& tags)
{
    std::vector<std::int64_t> columns;
    for (std::size_t tag = 0; tag < tags.size(); ++tag) {
        if (tags[tag].kind == kind)
            columns.push_back(std::int64_t(tag));
    }
    return torch::tensor(columns, torch::kInt64);
}

/// Leaves the rarer tags of a kind unknown everywhere. @param limit 0: keeps all.
void keepMostFrequent(align::SampleSet& set, const torch::Tensor& columns, int limit)
{
    if (limit == 0 || columns.size(0) <= limit)
        return;
    const auto counts = set.targets.index_select(1, columns).gt(0).sum(0);
    const auto order = counts.argsort(/*stable=*/true, /*dim=*/0, /*descending=*/true);
    const auto rare = columns.index_select(0, order.slice(0, limit));
    set.targets.index_fill_(1, rare, 0.0);
    set.unknown.index_fill_(1, rare, true);
}

void requireWeights(const std::vector<PilotTag>& tags)
{
    for (const PilotTag& tag : tags) {
        if (!(tag.weight > 0.0 && std::isfinite(tag.weight)))
            throw RangeError("The tag \"" + tag.text + "\" has the weight " +
                             std::to_string(tag.weight) + "; it must be greater than 0.");
    }
}

} // namespace

align::Projection projectionOf(clip::ClipModel& clip)
{
    const auto parameters = clip->named_parameters();
    const auto copy = [&parameters](const char* name) {
        return parameters[name].detach().to(torch::kCPU, torch::kFloat32).clone();
    };
    align::Projection projection{copy("visual.ln_post.weight"),
                                 copy("visual.ln_post.bias"),
                                 {},
                                 clip->config().vision.layerNormEpsilon,
                                 {}};
    if (clip->config().family == clip::Family::Clip) {
        projection.matrix = copy("visual.proj");
        return projection;
    }
    const std::int64_t width = clip->config().vision.width;
    const auto values = [&](const char* name) { // behind queries and keys
        return copy(name).slice(0, 2 * width).to(torch::kFloat64);
    };
    const auto output = copy("visual.pool.attn.out_proj.weight").to(torch::kFloat64);
    projection.matrix = torch::matmul(output, values("visual.pool.attn.in_proj_weight"))
                            .t()
                            .to(torch::kFloat32)
                            .contiguous();
    projection.tail = {(torch::matmul(output, values("visual.pool.attn.in_proj_bias")) +
                        copy("visual.pool.attn.out_proj.bias"))
                           .to(torch::kFloat32),
                       copy("visual.pool.ln.weight"),
                       copy("visual.pool.ln.bias"),
                       copy("visual.pool.mlp.c_fc.weight"),
                       copy("visual.pool.mlp.c_fc.bias"),
                       copy("visual.pool.mlp.c_proj.weight"),
                       copy("visual.pool.mlp.c_proj.bias")};
    return projection;
}

align::TrainingData gatherTraining(const ModelFiles& model, const PilotData& data,
                                   const TrainSettings& settings, TextEmbedding& texts,
                                   const OnProgress& onProgress)
{
    requireWeights(data.tags);
    requireDisjointSplits(data);
    const tensor_io::FeatureStore store(model.store, storeKey(model));
    CaptionRows captions;
    align::TrainingData result;
    result.train =
        setOf(Split::Train, store, data, settings.confidenceThreshold, captions, onProgress);
    result.validation =
        setOf(Split::Validation, store, data, settings.confidenceThreshold, captions, onProgress);
    result.objects = columnsOf(tags::TagKind::Object, data.tags);
    result.attributes = columnsOf(tags::TagKind::Attribute, data.tags);
    for (const torch::Tensor& columns : {result.objects, result.attributes})
        keepMostFrequent(result.train, columns, settings.tagLimit);
    result.captionEmbeddings =
        texts.texts(captions.texts(), TextEmbedding::Keep::OnDisk, onProgress);
    result.tagEmbeddings = texts.tags(data.tags, onProgress);
    result.projection = projectionOf(texts.clip());
    return result;
}

std::string fingerprintOf(const ModelFiles& model, const PilotData& data)
{
    nlohmann::json all = {{"store", storeKey(model)}, {"texts", textKey(model.checkpoint)}};
    for (const PilotTag& tag : data.tags) {
        nlohmann::json entry = {tag.text, int(tag.kind), tag.weight};
        if (!tag.templates.empty()) // others go on with what earlier versions began
            entry.push_back(tag.templates);
        all["tags"].push_back(std::move(entry));
    }
    for (const PilotImage& image : data.images) {
        if (image.split == Split::Test)
            continue;
        nlohmann::json entry = {image.contentHash, int(image.split), image.captions};
        for (const TagTarget& target : image.targets)
            entry.push_back({target.tag, target.probability, target.verified});
        all["images"].push_back(std::move(entry));
    }
    // Captions are anyone's text: broken UTF-8 must not stop a training.
    const std::string text = all.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
    std::array<char, 33> digits{};
    std::snprintf(digits.data(), digits.size(), "%016llx%016llx",
                  static_cast<unsigned long long>(hash.high64),
                  static_cast<unsigned long long>(hash.low64));
    return digits.data();
}

} // namespace tagalign::model::pipeline
