#include "model/pipeline/EvaluationScores.h"

#include "model/Error.h"
#include "model/pipeline/StoredPatches.h"

#include <torch/torch.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace tagalign::model::pipeline {

namespace {

constexpr std::int64_t kBlock = 256; // rows of similarities at a time

/// Scores of one model while they are tensors.
struct Answers
{
    std::vector<torch::Tensor> tags;    ///< [T] each image
    std::vector<torch::Tensor> vectors; ///< [D] each image, unit length
};

struct SplitAnswers
{
    Answers before;
    Answers after;
    Answers whole;
};

class Scorer
{
public:
    Scorer(const ModelFiles& model, const std::vector<PilotTag>& tags,
           const std::filesystem::path& headFile, const OnProgress& onProgress)
        : m_patches(model, headFile),
          m_onProgress(onProgress),
          m_tags(tags.empty() ? torch::zeros({0, m_patches.embeddingWidth()})
                              : m_patches.texts().tags(tags, onProgress))
    {
    }

    [[nodiscard]] SplitAnswers answers(const std::vector<const PilotImage*>& images)
    {
        SplitAnswers result;
        for (const PilotImage* image : images) {
            const auto done = std::int64_t(result.whole.tags.size());
            if (m_onProgress && m_onProgress({done, std::int64_t(images.size()),
                                              image->file.string()}) == Next::Stop) {
                throw Cancelled();
            }
            add(result, *image);
        }
        return result;
    }

    /// [M, D] of all captions of the images, in order.
    [[nodiscard]] torch::Tensor captions(const std::vector<const PilotImage*>& images)
    {
        std::vector<std::string> texts;
        for (const PilotImage* image : images) {
            texts.insert(texts.end(), image->captions.begin(), image->captions.end());
        }
        return texts.empty()
                   ? torch::zeros({0, m_patches.embeddingWidth()})
                   : m_patches.texts().texts(texts, TextEmbedding::Keep::OnDisk, m_onProgress);
    }

private:
    void add(SplitAnswers& result, const PilotImage& image)
    {
        const PatchPair pair = m_patches.of(image);
        addPatches(result.before, pair.before, pair.global);
        addPatches(result.after, pair.after, pair.global);
        const torch::Tensor own = align::normalised(pair.global)[0];
        result.whole.tags.push_back(m_tags.matmul(own));
        result.whole.vectors.push_back(own);
    }

    /// @param patches [1, P, D]. @param global [1, D].
    void addPatches(Answers& answers, const torch::Tensor& patches, const torch::Tensor& global)
    {
        const align::HeadInfo& head = m_patches.headInfo();
        // A tag is told by the picture as a whole or by some place in it.
        answers.tags.push_back(align::poolTags(patches, m_tags, head.pooling, head.kappa)[0] +
                               m_tags.matmul(align::normalised(global)[0]));
        answers.vectors.push_back(align::retrievalVector(patches.mean(1), global)[0]);
    }

    StoredPatches m_patches;
    const OnProgress& m_onProgress;
    torch::Tensor m_tags; ///< [T, D]
};

/// "After" with its share of "before".
torch::Tensor mixed(const torch::Tensor& after, const torch::Tensor& before, double blend)
{
    return after * (1.0 - blend) + before * blend;
}

/// [tag][image]
std::vector<std::vector<float>> tagRows(const std::vector<torch::Tensor>& perImage,
                                        std::size_t tags)
{
    std::vector<std::vector<float>> rows(tags, std::vector<float>(perImage.size()));
    for (std::size_t image = 0; image < perImage.size(); ++image) {
        const torch::Tensor scores = perImage[image].to(torch::kFloat).contiguous();
        const auto* values = scores.data_ptr<float>();
        for (std::size_t tag = 0; tag < tags; ++tag) {
            rows[tag][image] = values[tag];
        }
    }
    return rows;
}

/// Similarities of some images with some captions, by block so that they fit into memory.
class Similarities
{
public:
    Similarities(torch::Tensor captions, const Answers& answers)
        : m_captions(std::move(captions)),
          m_images(torch::stack(answers.vectors))
    {
    }

    void mixWith(const Answers& frozen, double blend)
    {
        m_frozen = torch::stack(frozen.vectors);
        m_blend = blend;
    }

    /// [rows, M]
    [[nodiscard]] torch::Tensor ofImages(std::int64_t first, std::int64_t last) const
    {
        return of(first, last, 0, m_captions.size(0)).contiguous();
    }

    /// [rows, N]
    [[nodiscard]] torch::Tensor ofCaptions(std::int64_t first, std::int64_t last) const
    {
        return of(0, m_images.size(0), first, last).t().contiguous();
    }

    [[nodiscard]] std::int64_t images() const { return m_images.size(0); }

    [[nodiscard]] std::int64_t captions() const { return m_captions.size(0); }

private:
    [[nodiscard]] torch::Tensor of(std::int64_t firstImage, std::int64_t lastImage,
                                   std::int64_t firstCaption, std::int64_t lastCaption) const
    {
        const torch::Tensor captions = m_captions.slice(0, firstCaption, lastCaption).t();
        const torch::Tensor after = m_images.slice(0, firstImage, lastImage).matmul(captions);
        return m_frozen.defined()
                   ? mixed(after, m_frozen.slice(0, firstImage, lastImage).matmul(captions),
                           m_blend)
                   : after;
    }

    torch::Tensor m_captions; ///< [M, D]
    torch::Tensor m_images;   ///< [N, D]
    torch::Tensor m_frozen;   ///< [N, D] or undefined
    double m_blend = 0.0;
};

/// Calls visit(i, scores of row i) for each row of blocks made by block(first, last).
template <typename Block, typename Visit>
void forEachRow(std::int64_t rows, const Block& block, const Visit& visit)
{
    for (std::int64_t first = 0; first < rows; first += kBlock) {
        const std::int64_t last = std::min(rows, first + kBlock);
        const torch::Tensor scores = block(first, last);
        const auto width = std::size_t(scores.size(1));
        for (std::int64_t row = first; row < last; ++row) {
            const float* values = scores.data_ptr<float>() + std::size_t(row - first) * width;
            visit(std::size_t(row), std::span<const float>(values, width));
        }
    }
}

/// Which captions and images say the same: a caption that several images carry finds any of them,
/// as in training, where equal texts are never each other's negatives.
class Captions
{
public:
    explicit Captions(const std::vector<const PilotImage*>& images)
    {
        for (std::size_t i = 0; i < images.size(); ++i) {
            for (const std::string& text : images[i]->captions) {
                Uses& uses = m_uses[text];
                uses.captions.push_back(m_owners.size());
                if (uses.images.empty() || uses.images.back() != i) {
                    uses.images.push_back(i);
                }
                m_owners.push_back(i);
                m_texts.push_back(&uses);
            }
            m_starts.push_back(m_owners.size());
        }
    }

    [[nodiscard]] bool isEmpty() const { return m_owners.empty(); }

    /// Captions of the image: first to last.
    [[nodiscard]] std::size_t first(std::size_t image) const { return m_starts[image]; }

    [[nodiscard]] std::size_t last(std::size_t image) const { return m_starts[image + 1]; }

    [[nodiscard]] std::size_t owner(std::size_t caption) const { return m_owners[caption]; }

    [[nodiscard]] const std::vector<std::size_t>& imagesWithTextOf(std::size_t caption) const
    {
        return m_texts[caption]->images;
    }

    /// All captions that say what one of the image's own says.
    [[nodiscard]] std::vector<std::size_t> captionsWithTextsOf(std::size_t image) const
    {
        std::set<std::size_t> captions;
        for (std::size_t own = first(image); own < last(image); ++own) {
            captions.insert(m_texts[own]->captions.begin(), m_texts[own]->captions.end());
        }
        return {captions.begin(), captions.end()};
    }

private:
    struct Uses
    {
        std::vector<std::size_t> captions;
        std::vector<std::size_t> images; ///< each once
    };

    std::map<std::string, Uses> m_uses; ///< its elements stay where they are
    std::vector<const Uses*> m_texts;   ///< of each caption
    std::vector<std::size_t> m_owners;  ///< of each caption
    std::vector<std::size_t> m_starts{0};
};

void rankCaptions(ModelScores& scores, const Similarities& similarities, const Captions& captions)
{
    scores.textToImage.resize(std::size_t(similarities.images()));
    scores.imageToText.resize(std::size_t(similarities.images()));
    if (captions.isEmpty()) {
        return;
    }
    forEachRow(
        similarities.images(),
        [&](std::int64_t first, std::int64_t last) { return similarities.ofImages(first, last); },
        [&](std::size_t image, std::span<const float> row) {
            if (captions.first(image) < captions.last(image)) {
                scores.imageToText[image] = {eval::rankOf(row, captions.first(image),
                                                          captions.last(image),
                                                          captions.captionsWithTextsOf(image))};
            }
        });
    forEachRow(
        similarities.captions(),
        [&](std::int64_t first, std::int64_t last) { return similarities.ofCaptions(first, last); },
        [&](std::size_t caption, std::span<const float> row) {
            const std::size_t owner = captions.owner(caption);
            scores.textToImage[owner].push_back(
                eval::rankOf(row, owner, owner + 1, captions.imagesWithTextOf(caption)));
        });
}

void blendTags(SplitAnswers& split, double blend)
{
    for (std::size_t i = 0; i < split.after.tags.size(); ++i) {
        split.after.tags[i] = mixed(split.after.tags[i], split.before.tags[i], blend);
    }
}

} // namespace

EvaluationScores scoreImages(const ModelFiles& model, const std::vector<PilotTag>& tags,
                             const EvaluationImages& images, const std::filesystem::path& headFile,
                             double blend, const OnProgress& onProgress)
{
    const torch::InferenceMode guard;
    Scorer scorer(model, tags, headFile, onProgress);
    SplitAnswers test = scorer.answers(images.test);
    SplitAnswers validation = scorer.answers(images.validation);
    const torch::Tensor captionVectors = scorer.captions(images.test);
    const Captions captions(images.test);
    blendTags(test, blend);
    blendTags(validation, blend);
    EvaluationScores scores;
    const auto fill = [&](ModelScores& target, Answers SplitAnswers::*side, bool isBlended) {
        target.testTags = tagRows((test.*side).tags, tags.size());
        target.validationTags = tagRows((validation.*side).tags, tags.size());
        Similarities similarities(captionVectors, test.*side);
        if (isBlended) {
            similarities.mixWith(test.before, blend);
        }
        rankCaptions(target, similarities, captions);
    };
    fill(scores.before, &SplitAnswers::before, false);
    fill(scores.after, &SplitAnswers::after, true);
    fill(scores.whole, &SplitAnswers::whole, false);
    return scores;
}

} // namespace tagalign::model::pipeline
