#include "model/tags/learned/ParserInference.h"

#include <c10/util/ParallelGuard.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <numeric>

namespace tagalign::model::tags {

namespace {

constexpr std::size_t kBatchWords = 4096;   ///< padding included
constexpr std::size_t kBatchArcs = 400'000; ///< pairs of words: what long captions need

void correctSpelling(std::vector<CaptionWord>& words, std::string_view caption,
                     const ParserVocabulary& vocabulary, const WordNet& wordNet)
{
    const auto isLetter = [](char c) { return c >= 'a' && c <= 'z'; };
    for (std::size_t i = 0; i < words.size(); ++i) {
        std::string& word = words[i].text;
        const auto first = static_cast<unsigned char>(caption[words[i].span.start]);
        const bool isName = i > 0 && std::isupper(first) != 0;
        if (isName || !std::all_of(word.begin(), word.end(), isLetter) ||
            vocabulary.idOf(word) != ParserVocabulary::kUnknown || isKnown(word, wordNet)) {
            continue;
        }
        if (const std::string_view nearest = vocabulary.nearest(word); !nearest.empty()) {
            word = nearest;
        }
    }
}

WordScores scoresOf(const torch::Tensor& labels, const torch::Tensor& owners, std::size_t words)
{
    WordScores scores;
    scores.labels.resize(words);
    const float* label = labels.data_ptr<float>();
    for (auto& row : scores.labels) {
        std::copy_n(label, kLabelCount, row.begin());
        label += kLabelCount;
    }
    scores.owners.reserve(words * words);
    const auto longest = std::size_t(owners.size(1));
    const float* owner = owners.data_ptr<float>();
    for (std::size_t i = 0; i < words; ++i, owner += longest) {
        scores.owners.insert(scores.owners.end(), owner, owner + words);
    }
    return scores;
}

/// Indices of the captions that have words, the longest first.
std::vector<std::size_t> byLength(const ReadCaptions& captions)
{
    std::vector<std::size_t> order(captions.features.size());
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::erase_if(order, [&](std::size_t i) { return captions.features[i].empty(); });
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return captions.features[a].size() > captions.features[b].size();
    });
    return order;
}

} // namespace

bool isKnown(const std::string& word, const WordNet& wordNet)
{
    constexpr std::array kParts{PartOfSpeech::Noun, PartOfSpeech::Verb, PartOfSpeech::Adjective,
                                PartOfSpeech::Adverb};
    return std::any_of(kParts.begin(), kParts.end(),
                       [&](PartOfSpeech part) { return wordNet.lemma(word, part).has_value(); });
}

std::vector<CaptionWord> readCorrected(std::string_view caption, const ParserVocabulary& vocabulary,
                                       const WordNet& wordNet)
{
    std::vector<CaptionWord> words = splitWords(caption);
    correctSpelling(words, caption, vocabulary, wordNet);
    findRoles(words, wordNet);
    return words;
}

void ReadCaptions::add(std::string_view caption, const ParserVocabulary& vocabulary,
                       const WordNet& wordNet)
{
    words.push_back(readCorrected(caption, vocabulary, wordNet));
    features.push_back(featuresOf(caption, words.back(), vocabulary, wordNet));
}

void parseCaptions(const ParserModel& model, const ReadCaptions& captions, const WordNet& wordNet,
                   const std::function<void(std::size_t, ParsedCaption)>& onParsed)
{
    const c10::InferenceMode noAutograd;
    const c10::ParallelGuard oneThread(true); // batches are too small to be worth splitting
    ParserNetwork network = model.network;
    const std::vector<std::size_t> order = byLength(captions);
    for (std::size_t begin = 0; begin < order.size();) {
        const std::size_t longest = captions.features[order[begin]].size();
        const std::size_t most = std::max<std::size_t>(
            1, std::min(kBatchWords / longest, kBatchArcs / (longest * longest)));
        const std::size_t end = std::min(order.size(), begin + most);
        std::vector<const std::vector<WordFeatures>*> features;
        for (std::size_t i = begin; i < end; ++i) {
            features.push_back(&captions.features[order[i]]);
        }
        const ParserScores scores = network->forward(batchOf(features));
        const torch::Tensor labels = scores.labels.softmax(2).contiguous();
        const torch::Tensor owners = scores.owners.contiguous();
        for (std::size_t i = begin; i < end; ++i) {
            const auto row = std::int64_t(i - begin);
            const auto& words = captions.words[order[i]];
            onParsed(order[i], decodeTags(words, scoresOf(labels[row], owners[row], words.size()),
                                          model.vocabulary, wordNet));
        }
        begin = end;
    }
}

} // namespace tagalign::model::tags
