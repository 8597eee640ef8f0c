#pragma once

#include "model/eval/Retrieval.h"
#include "model/pipeline/PilotData.h"

#include <torch/torch.h>

#include <map>
#include <string>
#include <vector>

namespace tagalign::model::pipeline {

/// Which captions and images say the same: a caption that several images carry finds any of them,
/// as in training, where equal texts are never each other's negatives.
class Captions
{
public:
    explicit Captions(const std::vector<const PilotImage*>& images);

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
    [[nodiscard]] std::vector<std::size_t> captionsWithTextsOf(std::size_t image) const;

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

/// Ranks of all searches. [image][its caption] and [image], one or none.
struct CaptionRanks
{
    std::vector<eval::ImageRanks> textToImage;
    std::vector<eval::ImageRanks> imageToText;
};

/// @param images [N, D] and captions [M, D], compared by their inner product, in the order of
///        `texts`.
[[nodiscard]] CaptionRanks rankCaptions(const torch::Tensor& images, const torch::Tensor& captions,
                                        const Captions& texts);

/// Mean of 1/rank over images and both ways of searching; 0 if there is no search.
[[nodiscard]] double meanReciprocalRank(const CaptionRanks& ranks);

} // namespace tagalign::model::pipeline
