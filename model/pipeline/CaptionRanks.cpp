#include "model/pipeline/CaptionRanks.h"

#include <algorithm>
#include <set>
#include <span>

namespace tagalign::model::pipeline {

namespace {

constexpr std::int64_t kBlock = 256; // rows of similarities at a time

/// Calls visit(i, scores of row i) for the rows of from · toᵀ, by block so that they fit into
/// memory.
template <typename Visit>
void forEachRow(const torch::Tensor& from, const torch::Tensor& to, const Visit& visit)
{
    for (std::int64_t first = 0; first < from.size(0); first += kBlock) {
        const std::int64_t last = std::min(from.size(0), first + kBlock);
        const torch::Tensor scores = from.slice(0, first, last).matmul(to.t()).contiguous();
        const auto width = std::size_t(scores.size(1));
        for (std::int64_t row = first; row < last; ++row) {
            const float* values = scores.data_ptr<float>() + std::size_t(row - first) * width;
            visit(std::size_t(row), std::span<const float>(values, width));
        }
    }
}

/// Mean of 1/rank over the images that were searched.
double reciprocalRank(const std::vector<eval::ImageRanks>& images)
{
    double sum = 0.0;
    double count = 0.0;
    for (const eval::ImageRanks& ranks : images) {
        for (const std::size_t rank : ranks) {
            sum += 1.0 / double(rank);
            count += 1.0;
        }
    }
    return count > 0.0 ? sum / count : 0.0;
}

} // namespace

Captions::Captions(const std::vector<const PilotImage*>& images)
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

std::vector<std::size_t> Captions::captionsWithTextsOf(std::size_t image) const
{
    std::set<std::size_t> captions;
    for (std::size_t own = first(image); own < last(image); ++own) {
        captions.insert(m_texts[own]->captions.begin(), m_texts[own]->captions.end());
    }
    return {captions.begin(), captions.end()};
}

CaptionRanks rankCaptions(const torch::Tensor& images, const torch::Tensor& captions,
                          const Captions& texts)
{
    CaptionRanks ranks;
    ranks.textToImage.resize(std::size_t(images.size(0)));
    ranks.imageToText.resize(std::size_t(images.size(0)));
    if (texts.isEmpty()) {
        return ranks;
    }
    forEachRow(images, captions, [&](std::size_t image, std::span<const float> row) {
        if (texts.first(image) < texts.last(image)) {
            ranks.imageToText[image] = {eval::rankOf(row, texts.first(image), texts.last(image),
                                                     texts.captionsWithTextsOf(image))};
        }
    });
    forEachRow(captions, images, [&](std::size_t caption, std::span<const float> row) {
        const std::size_t owner = texts.owner(caption);
        ranks.textToImage[owner].push_back(
            eval::rankOf(row, owner, owner + 1, texts.imagesWithTextOf(caption)));
    });
    return ranks;
}

double meanReciprocalRank(const CaptionRanks& ranks)
{
    return 0.5 * (reciprocalRank(ranks.textToImage) + reciprocalRank(ranks.imageToText));
}

} // namespace tagalign::model::pipeline
