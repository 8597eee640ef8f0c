#include "model/pipeline/PromptSession.h"

#include "model/Error.h"
#include "model/align/Losses.h"
#include "model/clip/ClipModel.h"
#include "model/image/Decode.h"
#include "model/image/Preprocess.h"
#include "model/pipeline/ImageTower.h"
#include "model/pipeline/StoreKey.h"
#include "model/pipeline/StoredPatches.h"
#include "model/pipeline/TextEmbedding.h"
#include "model/tensor_io/FeatureStore.h"

#include <torch/torch.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <sstream>
#include <tuple>

namespace tagalign::model::pipeline {

namespace {

constexpr int kTemplateWords = 3;
constexpr double kLowQuantile = 0.01;   ///< of the reference's cosines: the cold end,
constexpr double kHighQuantile = 0.999; ///< and the hot end, as most patches show another thing

/// Tags and other short prompts go into CLIP's most common template; whole phrases do not.
std::string templated(const std::string& prompt)
{
    std::istringstream stream(prompt);
    std::string word;
    int words = 0;
    while (stream >> word) {
        ++words;
    }
    return words <= kTemplateWords ? "a photo of " + prompt : prompt;
}

Heatmap heatmapOf(const torch::Tensor& patches, const torch::Tensor& text, int rows, int columns)
{
    const torch::Tensor cosine = patches.matmul(text).contiguous();
    const auto* values = cosine.data_ptr<float>();
    return {rows, columns, std::vector<float>(values, values + cosine.numel())};
}

struct Scale
{
    float low = 0.0F;
    float high = 1.0F;
};

Scale scaleOf(float low, float high)
{
    return {low, std::max(high, low + 1e-4F)};
}

Scale ownScale(const HeatmapPair& pair)
{
    auto [low, high] = std::minmax_element(pair.before.values.begin(), pair.before.values.end());
    Scale scale = scaleOf(*low, *high);
    if (pair.after) {
        std::tie(low, high) =
            std::minmax_element(pair.after->values.begin(), pair.after->values.end());
        scale = scaleOf(std::min(scale.low, *low), std::max(scale.high, *high));
    }
    return scale;
}

} // namespace

struct PromptSession::Impl
{
    /// Unit patch vectors [P, D] of the picture looked at last, so that typing costs one product.
    struct Picture
    {
        std::string contentHash;
        torch::Tensor tokens; ///< [P, C] float
        torch::Tensor before; ///< [P, D]
        torch::Tensor after;  ///< [P, D]; undefined without a head
        int rows = 0;
        int columns = 0;
    };

    explicit Impl(const ModelFiles& model)
        : files(model),
          texts(model),
          crops(model.store, storeKey(model)),
          wholes(model.store, wholeStoreKey(model))
    {
        (void)texts.clip(); // a bad checkpoint is told now, not at the first prompt
    }

    /// Unit vector [D]; remembered, as people go back and forth between a few prompts.
    torch::Tensor textVector(const std::string& prompt)
    {
        return texts.texts({templated(prompt)}, TextEmbedding::Keep::InMemory, {})[0];
    }

    tensor_io::ImageFeatures wholeFeatures(const std::filesystem::path& file,
                                           const std::string& contentHash)
    {
        if (auto stored = wholes.get(contentHash)) {
            return *std::move(stored);
        }
        if (!tower) {
            tower =
                std::make_unique<ImageTower>(texts.clip(), files.patchPath, Precision::Automatic);
        }
        const clip::ClipConfig& config = tower->config();
        const torch::Tensor pixels = image::preprocessWhole(
            image::decodeImage(file, contentHash), int(config.vision.imageSize),
            int(config.vision.patchSize), {config.mean, config.deviation});
        tensor_io::ImageFeatures features = tower->encode(pixels.unsqueeze(0)).front();
        features.tokens = features.tokens.to(torch::kHalf);
        if (!features.tokens.isfinite().all().item<bool>()) {
            throw Error(file.string() + ": its features are not finite; check the checkpoint "
                                        "with `tagalign model check`");
        }
        wholes.put(contentHash, features);
        return features;
    }

    const Picture& open(const std::filesystem::path& file, const std::string& contentHash)
    {
        if (picture.contentHash != contentHash) {
            const tensor_io::ImageFeatures features = wholeFeatures(file, contentHash);
            Picture next;
            next.contentHash = contentHash;
            next.tokens = features.tokens.to(torch::kFloat);
            next.rows = static_cast<int>(features.rows);
            next.columns = static_cast<int>(features.columns);
            next.before =
                align::normalised(texts.clip()->projectTokens(next.tokens).to(torch::kFloat));
            picture = next;
        }
        if (head && !picture.after.defined()) {
            const torch::Tensor patches =
                head->forward(picture.tokens.unsqueeze(0), picture.rows, picture.columns);
            picture.after = align::normalised(patches[0].to(torch::kFloat));
        }
        return picture;
    }

    /// Unit retrieval vector of a stored image; undefined where nothing is stored.
    torch::Tensor imageVector(const std::string& contentHash, bool withHead)
    {
        auto& known = withHead ? headVectors : globalVectors;
        if (const auto found = known.find(contentHash); found != known.end()) {
            return found->second;
        }
        const auto features = crops.get(contentHash);
        if (!features) {
            return {};
        }
        torch::Tensor vector = align::normalised(features->global.to(torch::kFloat));
        if (withHead) {
            const torch::Tensor tokens = features->tokens.to(torch::kFloat).unsqueeze(0);
            const torch::Tensor patches =
                head->forward(tokens, features->rows, features->columns)[0].to(torch::kFloat);
            vector = align::retrievalVector(patches.mean(0, true), vector.unsqueeze(0),
                                            retrievalShare)[0];
        }
        return known[contentHash] = vector;
    }

    /// All cosines of the reference's prompts with the patches of its images, before and after.
    torch::Tensor referenceCosines()
    {
        std::vector<torch::Tensor> prompts;
        for (const std::string& prompt : referencePrompts) {
            prompts.push_back(textVector(prompt));
        }
        std::vector<torch::Tensor> cosines;
        for (const std::string& hash : referenceImages) {
            const auto features = crops.get(hash);
            if (!features || prompts.empty()) {
                continue;
            }
            const torch::Tensor tokens = features->tokens.to(torch::kFloat).unsqueeze(0);
            torch::Tensor patches = texts.clip()->projectTokens(tokens).to(torch::kFloat);
            if (head) {
                const torch::Tensor after =
                    head->forward(tokens, features->rows, features->columns).to(torch::kFloat);
                patches = torch::cat({patches, after}, 1);
            }
            const torch::Tensor unit = align::normalised(patches[0]);
            cosines.push_back(unit.matmul(torch::stack(prompts, 1)).flatten());
        }
        return cosines.empty() ? torch::Tensor() : torch::cat(cosines);
    }

    /// Nothing while no image of the reference is stored.
    std::optional<Scale> referenceScale()
    {
        if (!scale) {
            const torch::Tensor cosines = referenceCosines();
            if (!cosines.defined()) {
                return std::nullopt;
            }
            const torch::Tensor sorted = std::get<0>(cosines.sort());
            const auto at = [&sorted](double quantile) {
                return sorted[std::int64_t(quantile * double(sorted.numel() - 1))].item<float>();
            };
            scale = scaleOf(at(kLowQuantile), at(kHighQuantile));
        }
        return scale;
    }

    ModelFiles files;
    TextEmbedding texts; ///< holds the checkpoint
    tensor_io::FeatureStore crops;
    tensor_io::FeatureStore wholes;
    std::unique_ptr<ImageTower> tower; ///< made when the first picture has to be encoded
    std::shared_ptr<align::Head> head;
    double retrievalShare = 0.5; ///< of the head's patches
    std::map<std::string, torch::Tensor> globalVectors;
    std::map<std::string, torch::Tensor> headVectors;
    Picture picture;
    std::vector<std::string> referenceImages;
    std::vector<std::string> referencePrompts;
    std::optional<Scale> scale; ///< of the reference, with the present head
};

PromptSession::PromptSession(const ModelFiles& model)
    : m_impl(std::make_unique<Impl>(model))
{
}

PromptSession::~PromptSession() = default;

void PromptSession::setHead(const std::filesystem::path& headFile)
{
    align::LoadedHead next;
    if (!headFile.empty()) {
        next = loadHeadFor(m_impl->files, m_impl->texts.clip()->config(), headFile);
    }
    m_impl->head = next.head;
    m_impl->retrievalShare = next.info.shares.retrieval;
    m_impl->headVectors.clear();
    m_impl->picture.after = torch::Tensor();
    m_impl->scale.reset();
}

void PromptSession::setReference(const std::vector<std::string>& contentHashes,
                                 const std::vector<std::string>& prompts)
{
    m_impl->referenceImages = contentHashes;
    m_impl->referencePrompts = prompts;
    m_impl->scale.reset();
}

HeatmapPair PromptSession::heatmaps(const std::filesystem::path& file,
                                    const std::string& contentHash, const std::string& prompt)
{
    const torch::InferenceMode guard;
    const torch::Tensor text = m_impl->textVector(prompt);
    const Impl::Picture& picture = m_impl->open(file, contentHash);
    HeatmapPair pair;
    pair.before = heatmapOf(picture.before, text, picture.rows, picture.columns);
    if (m_impl->head) {
        pair.after = heatmapOf(picture.after, text, picture.rows, picture.columns);
    }
    const Scale scale = m_impl->referenceScale().value_or(ownScale(pair));
    pair.low = scale.low;
    pair.high = scale.high;
    return pair;
}

std::vector<SearchHit> PromptSession::search(const std::vector<std::string>& contentHashes,
                                             const std::string& prompt, bool withHead,
                                             std::size_t limit)
{
    if (withHead && !m_impl->head) {
        throw Error("no head is loaded to search with; train one or choose a run");
    }
    const torch::InferenceMode guard;
    const torch::Tensor text = m_impl->textVector(prompt);
    std::vector<SearchHit> hits;
    std::vector<torch::Tensor> vectors;
    for (std::size_t i = 0; i < contentHashes.size(); ++i) {
        const torch::Tensor vector = m_impl->imageVector(contentHashes[i], withHead);
        if (vector.defined()) {
            hits.push_back({i, 0.0F});
            vectors.push_back(vector);
        }
    }
    if (hits.empty()) {
        return hits;
    }
    const torch::Tensor scores = torch::stack(vectors).matmul(text).contiguous();
    for (std::size_t i = 0; i < hits.size(); ++i) {
        hits[i].score = scores.data_ptr<float>()[i];
    }
    std::stable_sort(hits.begin(), hits.end(), [](const SearchHit& left, const SearchHit& right) {
        return left.score > right.score;
    });
    hits.resize(std::min(limit, hits.size()));
    return hits;
}

} // namespace tagalign::model::pipeline
