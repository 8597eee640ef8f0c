#include "model/tags/learned/ParserSamples.h"

#include <algorithm>

namespace tagalign::model::tags {

namespace {

constexpr double kWordDropout = 0.12; ///< share of words shown as unknown
constexpr double kFlagDropout = 0.3;  ///< share of those whose flags are hidden too
constexpr std::size_t kBucket = 40;   ///< batches sorted by length together
constexpr std::uint64_t kMostJoined = 4;

} // namespace

SampleMaker::SampleMaker(const SampleSettings& settings, const ParserVocabulary& vocabulary,
                         const WordNet& wordNet)
    : m_settings(settings),
      m_vocabulary(vocabulary),
      m_wordNet(wordNet),
      m_random(settings.seed + 1)
{
}

std::vector<ParserSample>
SampleMaker::samplesOf(const std::vector<const std::vector<LabelledCaption>*>& captions)
{
    std::vector<const LabelledCaption*> all;
    for (const auto* part : captions) {
        for (const LabelledCaption& caption : *part) {
            if (!caption.words.empty()) {
                all.push_back(&caption);
            }
        }
    }
    std::shuffle(all.begin(), all.end(), m_random);
    std::vector<ParserSample> samples;
    for (std::size_t next = 0; next < all.size();) {
        LabelledCaption caption = *all[next++];
        if (chance(m_settings.joinedShare)) {
            for (std::uint64_t more = 1 + m_random() % kMostJoined; more > 0 && next < all.size();
                 --more) {
                append(caption, *all[next++], joint());
            }
        }
        samples.push_back(sampleOf(caption));
    }
    return samples;
}

std::vector<SampleBatch> SampleMaker::batchesOf(const std::vector<ParserSample>& samples,
                                                std::size_t batchSize)
{
    std::vector<SampleBatch> batches;
    for (std::size_t begin = 0; begin < samples.size(); begin += batchSize * kBucket) {
        const std::size_t end = std::min(samples.size(), begin + batchSize * kBucket);
        SampleBatch bucket;
        for (std::size_t i = begin; i < end; ++i) {
            bucket.push_back(&samples[i]);
        }
        std::stable_sort(bucket.begin(), bucket.end(), [](const auto* a, const auto* b) {
            return a->features.size() > b->features.size();
        });
        for (std::size_t i = 0; i < bucket.size(); i += batchSize) {
            const std::size_t last = std::min(bucket.size(), i + batchSize);
            batches.emplace_back(bucket.begin() + std::ptrdiff_t(i),
                                 bucket.begin() + std::ptrdiff_t(last));
        }
    }
    std::shuffle(batches.begin(), batches.end(), m_random);
    return batches;
}

bool SampleMaker::chance(double share)
{
    return std::uniform_real_distribution<>()(m_random) < share;
}

const std::string& SampleMaker::joint()
{
    static const std::vector<std::string> joints{
        " ", ", ", ". ", " and ", " with ", " near ", " while ", " next to ", ", and ", "; "};
    return joints[m_random() % joints.size()];
}

Casing SampleMaker::casing()
{
    const double draw = std::uniform_real_distribution<>()(m_random);
    return draw < 0.45   ? Casing::Lower
           : draw < 0.80 ? Casing::AsIs
           : draw < 0.92 ? Casing::Title
                         : Casing::Upper;
}

ParserSample SampleMaker::sampleOf(const LabelledCaption& caption)
{
    ParserSample sample{
        tags::featuresOf(caption.text, caption.words, m_vocabulary, m_wordNet, casing()),
        caption.labels, caption.owners};
    for (WordFeatures& word : sample.features) {
        if (chance(kWordDropout)) {
            word.word = ParserVocabulary::kUnknown;
            if (chance(kFlagDropout)) {
                word.flags.reset();
            }
        }
    }
    return sample;
}

std::vector<const std::vector<WordFeatures>*> featuresOf(const SampleBatch& batch)
{
    std::vector<const std::vector<WordFeatures>*> features;
    for (const ParserSample* sample : batch) {
        features.push_back(&sample->features);
    }
    return features;
}

ParserTargets targetsOf(const SampleBatch& batch, std::int64_t longest)
{
    const auto count = std::int64_t(batch.size());
    ParserTargets targets{torch::full({count, longest}, ParserTargets::kNone, torch::kInt64),
                          torch::full({count, longest}, ParserTargets::kNone, torch::kInt64)};
    for (std::int64_t i = 0; i < count; ++i) {
        const ParserSample& sample = *batch[std::size_t(i)];
        auto* labels = targets.labels.data_ptr<std::int64_t>() + i * longest;
        auto* owners = targets.owners.data_ptr<std::int64_t>() + i * longest;
        for (std::size_t word = 0; word < sample.labels.size(); ++word) {
            labels[word] = std::int64_t(sample.labels[word]);
            if (sample.labels[word] == WordLabel::AttributeBegin && sample.owners[word]) {
                owners[word] = std::int64_t(*sample.owners[word]);
            }
        }
    }
    return targets;
}

} // namespace tagalign::model::tags
