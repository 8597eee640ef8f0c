#pragma once

#include "model/tags/learned/CaptionGenerator.h"
#include "model/tags/learned/ParserNetwork.h"

#include <random>

namespace tagalign::model::tags {

/// A labelled caption ready for the network.
struct ParserSample
{
    std::vector<WordFeatures> features;
    std::vector<WordLabel> labels;
    std::vector<std::optional<std::size_t>> owners;
};

using SampleBatch = std::vector<const ParserSample*>; ///< the longest first

/// What the network should say. N captions, L words.
struct ParserTargets
{
    static constexpr std::int64_t kNone = -100;

    torch::Tensor labels; ///< [N, L], kNone in the padding
    torch::Tensor owners; ///< [N, L], kNone where no attribute begins
};

struct SampleSettings
{
    double joinedShare = 0.3; ///< of the samples: two to five captions as one
    std::uint64_t seed = 1;
};

/// Makes the samples of an epoch: order, casing, joining and dropout of words anew each time.
class SampleMaker
{
public:
    /// Vocabulary and dictionary outlive this.
    SampleMaker(const SampleSettings& settings, const ParserVocabulary& vocabulary,
                const WordNet& wordNet);

    [[nodiscard]] std::vector<ParserSample>
    samplesOf(const std::vector<const std::vector<LabelledCaption>*>& captions);

    /// Samples of similar length together, in random order. @param samples outlive the batches.
    [[nodiscard]] std::vector<SampleBatch> batchesOf(const std::vector<ParserSample>& samples,
                                                     std::size_t batchSize);

private:
    [[nodiscard]] bool chance(double share);
    [[nodiscard]] const std::string& joint();
    [[nodiscard]] Casing casing();
    [[nodiscard]] ParserSample sampleOf(const LabelledCaption& caption);

    SampleSettings m_settings;
    const ParserVocabulary& m_vocabulary;
    const WordNet& m_wordNet;
    std::mt19937_64 m_random;
};

[[nodiscard]] std::vector<const std::vector<WordFeatures>*> featuresOf(const SampleBatch& batch);
[[nodiscard]] ParserTargets targetsOf(const SampleBatch& batch, std::int64_t longest);

} // namespace tagalign::model::tags
