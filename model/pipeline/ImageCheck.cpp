#include "model/pipeline/ImageCheck.h"

#include "model/Error.h"
#include "model/align/Losses.h"
#include "model/pipeline/StoreKey.h"
#include "model/pipeline/TextEmbedding.h"
#include "model/tensor_io/FeatureStore.h"

#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <random>
#include <set>
#include <span>

namespace tagalign::model::pipeline {

namespace {

constexpr double kKappa = 0.07; // of the pooling, as heads begin
constexpr std::size_t kReferenceImages = 128;
constexpr std::size_t kRandomTags = 200;
constexpr std::size_t kFewRandomTags = 5;
constexpr double kSmallDeviation = 1e-6; // of cosines: all random tags score alike

/// Scores of all tags on one image.
class ImageScorer
{
public:
    ImageScorer(const ModelFiles& model, const std::vector<PilotTag>& tags,
                const OnProgress& onProgress)
        : m_texts(model),
          m_store(model.store, storeKey(model)),
          m_tags(m_texts.tags(tags, onProgress))
    {
    }

    /// @return [T]; nothing if the store does not hold the image's features.
    [[nodiscard]] std::optional<torch::Tensor> scores(const PilotImage& image)
    {
        const auto features = m_store.get(image.contentHash);
        if (!features || features->global.size(0) != m_tags.size(1)) {
            return std::nullopt;
        }
        const torch::Tensor tokens = features->tokens.to(torch::kFloat).unsqueeze(0);
        const torch::Tensor patches = m_texts.clip()->projectTokens(tokens).to(torch::kFloat);
        const torch::Tensor pooled =
            align::poolTags(patches, m_tags, align::TagPooling::LogSumExp, kKappa)[0];
        const torch::Tensor whole =
            m_tags.matmul(align::normalised(features->global.to(torch::kFloat)));
        return 0.5 * (pooled + whole);
    }

private:
    TextEmbedding m_texts;
    tensor_io::FeatureStore m_store;
    torch::Tensor m_tags; ///< [T, D]
};

/// Mean score of each tag over images spread evenly through the data. [T]
torch::Tensor usualScores(ImageScorer& scorer, const PilotData& data)
{
    torch::Tensor sum = torch::zeros({std::int64_t(data.tags.size())});
    double count = 0.0;
    const std::size_t stride = std::max<std::size_t>(1, data.images.size() / kReferenceImages);
    for (std::size_t i = 0; i < data.images.size(); i += stride) {
        if (const auto scores = scorer.scores(data.images[i])) {
            sum += *scores;
            count += 1.0;
        }
    }
    return sum / std::max(count, 1.0);
}

/// Tags of each kind, objects first, in an order of chance that is always the same.
std::array<std::vector<std::size_t>, 2> shuffledByKind(const std::vector<PilotTag>& tags)
{
    std::array<std::vector<std::size_t>, 2> kinds;
    for (std::size_t tag = 0; tag < tags.size(); ++tag) {
        kinds[tags[tag].kind == tags::TagKind::Object ? 0 : 1].push_back(tag);
    }
    std::mt19937 random(1);
    for (auto& kind : kinds) {
        for (std::size_t i = kind.size(); i > 1; --i) {
            std::swap(kind[i - 1], kind[random() % i]);
        }
    }
    return kinds;
}

/// Of the random tags' scores.
struct Spread
{
    double mean = 0.0;
    double deviation = 0.0; ///< 0: too few, or all alike
};

Spread spreadOf(std::span<const float> scores, const std::vector<std::size_t>& kind,
                const std::set<std::size_t>& targets)
{
    double sum = 0.0;
    double squares = 0.0;
    std::size_t count = 0;
    for (std::size_t i = 0; i < kind.size() && count < kRandomTags; ++i) {
        if (targets.count(kind[i]) == 0) {
            sum += double(scores[kind[i]]);
            squares += double(scores[kind[i]]) * double(scores[kind[i]]);
            ++count;
        }
    }
    if (count < kFewRandomTags) {
        return {};
    }
    const double mean = sum / double(count);
    const double deviation = std::sqrt(std::max(0.0, squares / double(count) - mean * mean));
    return {mean, deviation > kSmallDeviation ? deviation : 0.0};
}

} // namespace

void checkTags(const ModelFiles& model, const PilotData& data,
               const std::function<void(const ImageMargins&)>& onImage,
               const OnProgress& onProgress)
{
    const auto isOpen = [](const PilotImage& image) { return !image.targets.empty(); };
    if (std::none_of(data.images.begin(), data.images.end(), isOpen)) {
        return; // without loading the model
    }
    const torch::InferenceMode guard;
    ImageScorer scorer(model, data.tags, onProgress);
    const torch::Tensor usual = usualScores(scorer, data);
    const auto kinds = shuffledByKind(data.tags);
    for (std::size_t i = 0; i < data.images.size(); ++i) {
        const PilotImage& image = data.images[i];
        if (onProgress && onProgress({std::int64_t(i), std::int64_t(data.images.size()),
                                      image.file.string()}) == Next::Stop) {
            throw Cancelled();
        }
        const auto scores = image.targets.empty() ? std::nullopt : scorer.scores(image);
        if (!scores) {
            continue;
        }
        const torch::Tensor above = (*scores - usual).contiguous();
        const std::span<const float> values(above.data_ptr<float>(), data.tags.size());
        std::set<std::size_t> targets;
        for (const TagTarget& target : image.targets) {
            targets.insert(target.tag);
        }
        const std::array spreads{spreadOf(values, kinds[0], targets),
                                 spreadOf(values, kinds[1], targets)};
        ImageMargins result{i, {}};
        for (const TagTarget& target : image.targets) {
            const Spread& spread =
                spreads[data.tags[target.tag].kind == tags::TagKind::Object ? 0 : 1];
            result.margins.push_back(spread.deviation > 0.0
                                         ? (double(values[target.tag]) - spread.mean) /
                                               spread.deviation
                                         : std::nan(""));
        }
        onImage(result);
    }
}

std::string imageCheckKey(const ModelFiles& model)
{
    return textKey(model.checkpoint) + '-' + nameOf(model.patchPath) + "-1";
}

} // namespace tagalign::model::pipeline
