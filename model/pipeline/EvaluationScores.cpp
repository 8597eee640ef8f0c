#include "model/pipeline/EvaluationScores.h"

#include "model/Error.h"
#include "model/pipeline/CaptionRanks.h"
#include "model/pipeline/StoredPatches.h"
#include "model/pipeline/TagFigures.h"

#include <torch/torch.h>

#include <cmath>
#include <optional>

namespace tagalign::model::pipeline {

namespace {

using align::ScoreShares;

constexpr int kShareSteps = 10;

/// What patches, or the whole-image vector, say of some images.
struct Answers
{
    torch::Tensor tags;    ///< [N, T] cosines, pooled over patches
    torch::Tensor vectors; ///< [N, D] unit; of patches: of their mean
};

struct SplitAnswers
{
    Answers before;
    Answers after;
    Answers whole; ///< the frozen image vector
};

/// Collects one row an image.
class Rows
{
public:
    void add(const torch::Tensor& tags, const torch::Tensor& vector)
    {
        m_tags.push_back(tags.to(torch::kFloat));
        m_vectors.push_back(vector.to(torch::kFloat));
    }

    /// @param tags, width of the rows where there is none.
    [[nodiscard]] Answers answers(std::int64_t tags, std::int64_t width) const
    {
        return m_tags.empty() ? Answers{torch::zeros({0, tags}), torch::zeros({0, width})}
                              : Answers{torch::stack(m_tags), torch::stack(m_vectors)};
    }

private:
    std::vector<torch::Tensor> m_tags;
    std::vector<torch::Tensor> m_vectors;
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
        Rows before;
        Rows after;
        Rows whole;
        std::int64_t done = 0;
        for (const PilotImage* image : images) {
            if (m_onProgress && m_onProgress({done++, std::int64_t(images.size()),
                                              image->file.string()}) == Next::Stop) {
                throw Cancelled();
            }
            const PatchPair pair = m_patches.of(*image);
            before.add(pooled(pair.before), align::normalised(pair.before.mean(1))[0]);
            after.add(pooled(pair.after), align::normalised(pair.after.mean(1))[0]);
            const torch::Tensor own = align::normalised(pair.global)[0];
            whole.add(m_tags.matmul(own), own);
        }
        const auto made = [this](const Rows& rows) {
            return rows.answers(m_tags.size(0), m_patches.embeddingWidth());
        };
        return {made(before), made(after), made(whole)};
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

    [[nodiscard]] const align::HeadInfo& headInfo() const { return m_patches.headInfo(); }

private:
    /// @param patches [1, P, D]. @return [T]
    [[nodiscard]] torch::Tensor pooled(const torch::Tensor& patches) const
    {
        return align::poolTags(patches, m_tags, headInfo().pooling, headInfo().kappa)[0];
    }

    StoredPatches m_patches;
    const OnProgress& m_onProgress;
    torch::Tensor m_tags; ///< [T, D]
};

/// [tag][image]
std::vector<std::vector<float>> tagRows(const torch::Tensor& scores)
{
    const torch::Tensor rows = scores.t().contiguous();
    const auto images = std::size_t(rows.size(1));
    std::vector<std::vector<float>> result;
    for (std::int64_t tag = 0; tag < rows.size(0); ++tag) {
        const float* values = rows.data_ptr<float>() + std::size_t(tag) * images;
        result.emplace_back(values, values + images);
    }
    return result;
}

/// A tag is told by the picture as a whole or by some place in it. [N, T]
torch::Tensor tagScores(const Answers& patches, const Answers& whole, const torch::Tensor& shares)
{
    return shares * patches.tags + (1.0 - shares) * whole.tags;
}

/// [T]
torch::Tensor sharesOf(const std::vector<PilotTag>& tags, const ScoreShares& shares)
{
    torch::Tensor row = torch::empty({std::int64_t(tags.size())});
    for (std::size_t tag = 0; tag < tags.size(); ++tag) {
        row[std::int64_t(tag)] =
            tags[tag].kind == tags::TagKind::Object ? shares.objects : shares.attributes;
    }
    return row;
}

/// The share of the highest score; one half unless another is better.
template <typename Score>
double bestShare(const Score& scoreAt)
{
    double best = 0.5;
    std::optional<double> highest = scoreAt(best);
    for (int step = 0; highest && step <= kShareSteps; ++step) {
        const double share = double(step) / kShareSteps;
        if (const auto score = scoreAt(share); *score > *highest) {
            best = share;
            highest = score;
        }
    }
    return best;
}

/// Mean average precision of the tags of one kind; nothing if no image carries any.
std::optional<double> precisionOf(const torch::Tensor& scores, const std::vector<PilotTag>& tags,
                                  const TagLabels& labels, tags::TagKind kind)
{
    std::vector<std::size_t> places;
    for (std::size_t tag = 0; tag < tags.size(); ++tag) {
        if (tags[tag].kind == kind) {
            places.push_back(tag);
        }
    }
    const double mean = meanPrecision(rankingsOf(tagRows(scores), labels), places, {});
    return std::isnan(mean) ? std::nullopt : std::optional(mean);
}

/// Chooses shares on validation images.
class ShareChoice
{
public:
    ShareChoice(Scorer& scorer, const std::vector<PilotTag>& tags,
                const std::vector<const PilotImage*>& images)
        : m_tags(tags),
          m_labels(labelsOf(images, tags.size())),
          m_texts(images),
          m_captions(scorer.captions(images)),
          m_isPaper(scorer.headInfo().captionShare == 1.0)
    {
    }

    [[nodiscard]] ScoreShares of(const Answers& patches, const Answers& whole) const
    {
        if (m_isPaper) {
            return {.objects = 1.0, .attributes = 1.0, .retrieval = 1.0};
        }
        const auto byTag = [&](tags::TagKind kind) {
            return bestShare([&](double share) {
                const auto all = torch::full({std::int64_t(m_tags.size())}, share);
                return precisionOf(tagScores(patches, whole, all), m_tags, m_labels, kind);
            });
        };
        const auto byCaption = [&](double share) -> std::optional<double> {
            if (m_texts.isEmpty()) {
                return std::nullopt;
            }
            return meanReciprocalRank(
                rankCaptions(align::retrievalVector(patches.vectors, whole.vectors, share),
                             m_captions, m_texts));
        };
        return {.objects = byTag(tags::TagKind::Object),
                .attributes = byTag(tags::TagKind::Attribute),
                .retrieval = bestShare(byCaption)};
    }

private:
    const std::vector<PilotTag>& m_tags;
    TagLabels m_labels;
    Captions m_texts;
    torch::Tensor m_captions; ///< [M, D]
    bool m_isPaper;
};

/// One model's scores with its shares.
struct Shared
{
    torch::Tensor testTags;
    torch::Tensor validationTags;
    torch::Tensor vectors; ///< [N, D] of test images

    /// "After" with its share of "before".
    [[nodiscard]] Shared mixedWith(const Shared& frozen, double blend) const
    {
        const auto mixed = [blend](const torch::Tensor& after, const torch::Tensor& before) {
            return after * (1.0 - blend) + before * blend;
        };
        return {mixed(testTags, frozen.testTags), mixed(validationTags, frozen.validationTags),
                mixed(vectors, frozen.vectors)};
    }
};

} // namespace

EvaluationImages evaluationImages(const PilotData& data)
{
    EvaluationImages images;
    for (const PilotImage& image : data.images) {
        if (image.split == Split::Test) {
            images.test.push_back(&image);
        } else if (image.split == Split::Validation) {
            images.validation.push_back(&image);
        }
    }
    return images;
}

EvaluationScores scoreImages(const ModelFiles& model, const std::vector<PilotTag>& tags,
                             const EvaluationImages& images, const std::filesystem::path& headFile,
                             double blend, const OnProgress& onProgress,
                             const std::optional<SharePair>& given)
{
    const torch::InferenceMode guard;
    Scorer scorer(model, tags, headFile, onProgress);
    const SplitAnswers test = scorer.answers(images.test);
    const SplitAnswers validation = scorer.answers(images.validation);
    const torch::Tensor captionVectors = scorer.captions(images.test);
    const Captions texts(images.test);
    EvaluationScores scores;
    if (given) {
        scores.shares = *given;
    } else {
        const ShareChoice choice(scorer, tags, images.validation);
        scores.shares = {choice.of(validation.before, validation.whole),
                         choice.of(validation.after, validation.whole)};
    }
    const auto shared = [&](Answers SplitAnswers::*side, const ScoreShares& shares) {
        const torch::Tensor row = sharesOf(tags, shares);
        return Shared{
            tagScores(test.*side, test.whole, row),
            tagScores(validation.*side, validation.whole, row),
            align::retrievalVector((test.*side).vectors, test.whole.vectors, shares.retrieval)};
    };
    const auto filled = [&](const Shared& side) {
        const CaptionRanks ranks = rankCaptions(side.vectors, captionVectors, texts);
        return ModelScores{tagRows(side.testTags), tagRows(side.validationTags), ranks.textToImage,
                           ranks.imageToText};
    };
    const Shared before = shared(&SplitAnswers::before, scores.shares.before);
    const Shared after = shared(&SplitAnswers::after, scores.shares.after);
    scores.before = filled(before);
    scores.after = filled(after.mixedWith(before, blend));
    scores.whole = filled({test.whole.tags, validation.whole.tags, test.whole.vectors});
    return scores;
}

ScoreShares chooseShares(const ModelFiles& model, const std::vector<PilotTag>& tags,
                         const std::vector<const PilotImage*>& validation,
                         const std::filesystem::path& headFile, const OnProgress& onProgress)
{
    const torch::InferenceMode guard;
    Scorer scorer(model, tags, headFile, onProgress);
    const SplitAnswers answers = scorer.answers(validation);
    return ShareChoice(scorer, tags, validation).of(answers.after, answers.whole);
}

} // namespace tagalign::model::pipeline
