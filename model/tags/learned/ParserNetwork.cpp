#include "model/tags/learned/ParserNetwork.h"

#include "model/Error.h"
#include "model/tensor_io/SafetensorsFile.h"

namespace tagalign::model::tags {

namespace {

constexpr std::int64_t kWordWidth = 64;
constexpr std::int64_t kCharacterWidth = 24;
constexpr std::int64_t kCharacterChannels = 48;
constexpr std::int64_t kFlagWidth = 40;
constexpr std::int64_t kContextWidth = 160; ///< each direction
constexpr std::int64_t kHiddenWidth = 96;
constexpr std::int64_t kArcWidth = 64;
constexpr std::int64_t kFarthest = 24; ///< words; what is farther counts as this far
constexpr double kDropout = 0.33;

constexpr const char* kFormat = "tagalign-parser-1";
constexpr const char* kVocabulary = "vocabulary";

} // namespace

ParserBatch batchOf(const std::vector<const std::vector<WordFeatures>*>& captions)
{
    const auto count = std::int64_t(captions.size());
    const auto longest = std::int64_t(captions.front()->size());
    constexpr auto kCharacters = std::int64_t(WordFeatures::kCharacters);
    constexpr auto kFlags = std::int64_t(WordFeatures::kFlags);
    ParserBatch batch{torch::zeros({count, longest}, torch::kInt64),
                      torch::zeros({count, longest, kCharacters}, torch::kInt64),
                      torch::zeros({count, longest, kFlags}), torch::zeros({count}, torch::kInt64)};
    for (std::int64_t i = 0; i < count; ++i) {
        const std::vector<WordFeatures>& words = *captions[std::size_t(i)];
        batch.lengths.data_ptr<std::int64_t>()[i] = std::int64_t(words.size());
        auto* ids = batch.words.data_ptr<std::int64_t>() + i * longest;
        auto* characters = batch.characters.data_ptr<std::int64_t>() + i * longest * kCharacters;
        auto* flags = batch.flags.data_ptr<float>() + i * longest * kFlags;
        for (const WordFeatures& word : words) {
            *ids++ = word.word;
            characters = std::copy(word.characters.begin(), word.characters.end(), characters);
            for (std::size_t flag = 0; flag < WordFeatures::kFlags; ++flag) {
                *flags++ = word.flags.test(flag) ? 1.0F : 0.0F;
            }
        }
    }
    return batch;
}

ParserNetworkImpl::ParserNetworkImpl(std::int64_t words)
{
    namespace nn = torch::nn;
    constexpr auto kFlags = std::int64_t(WordFeatures::kFlags);
    constexpr std::int64_t kInput = kWordWidth + kCharacterChannels + kFlagWidth;
    m_words = register_module("words", nn::Embedding(words, kWordWidth));
    m_characters = register_module("characters",
                                   nn::Embedding(WordFeatures::kCharacterKinds, kCharacterWidth));
    m_convolution = register_module(
        "convolution",
        nn::Conv1d(nn::Conv1dOptions(kCharacterWidth, kCharacterChannels, 3).padding(1)));
    m_flags = register_module("flags", nn::Linear(kFlags, kFlagWidth));
    m_context = register_module("context", nn::LSTM(nn::LSTMOptions(kInput, kContextWidth)
                                                        .num_layers(2)
                                                        .bidirectional(true)
                                                        .batch_first(true)
                                                        .dropout(kDropout)));
    m_hidden = register_module("hidden", nn::Linear(2 * kContextWidth, kHiddenWidth));
    m_labels = register_module("labels", nn::Linear(kHiddenWidth, kLabelCount));
    m_attributes = register_module("attributes", nn::Linear(2 * kContextWidth, kArcWidth));
    m_heads = register_module("heads", nn::Linear(2 * kContextWidth, kArcWidth));
    m_biaffine = register_parameter("biaffine", torch::zeros({kArcWidth + 1, kArcWidth}));
    m_distance = register_parameter("distance", torch::zeros({2 * kFarthest + 1}));
    nn::init::normal_(m_words->weight, 0.0, 0.3);
    nn::init::normal_(m_biaffine, 0.0, 0.02);
}

torch::Tensor ParserNetworkImpl::embed(const ParserBatch& batch)
{
    const auto count = batch.words.size(0);
    const auto longest = batch.words.size(1);
    const auto letters = m_characters(batch.characters.view({count * longest, -1})).transpose(1, 2);
    const auto spelling = m_convolution(letters).amax(2).relu().view({count, longest, -1});
    const auto input = torch::cat({m_words(batch.words), spelling, m_flags(batch.flags).relu()}, 2);
    return torch::dropout(input, kDropout, is_training());
}

ParserScores ParserNetworkImpl::forward(const ParserBatch& batch)
{
    namespace rnn = torch::nn::utils::rnn;
    const auto packed = rnn::pack_padded_sequence(embed(batch), batch.lengths, true);
    const auto context = std::get<0>(m_context->forward_with_packed_input(packed));
    const auto states = torch::dropout(std::get<0>(rnn::pad_packed_sequence(context, true)),
                                       kDropout, is_training());
    const auto hidden = torch::dropout(m_hidden(states).relu(), kDropout, is_training());
    return {m_labels(hidden), ownerScores(states)};
}

torch::Tensor ParserNetworkImpl::ownerScores(const torch::Tensor& states)
{
    const auto longest = states.size(1);
    const auto attributes = torch::dropout(m_attributes(states).relu(), kDropout, is_training());
    const auto heads = torch::dropout(m_heads(states).relu(), kDropout, is_training());
    const auto one = torch::ones({states.size(0), longest, 1});
    const auto scores =
        torch::cat({attributes, one}, 2).matmul(m_biaffine).bmm(heads.transpose(1, 2));
    const auto places = torch::arange(longest);
    const auto distance =
        (places.unsqueeze(0) - places.unsqueeze(1)).clamp(-kFarthest, kFarthest) + kFarthest;
    return scores + m_distance.index({distance});
}

void saveParser(const ParserModel& model, const std::filesystem::path& file)
{
    const torch::NoGradGuard noGradient;
    tensor_io::NamedTensors tensors;
    for (const auto& item : model.network->named_parameters()) {
        tensors.emplace_back(item.key(), item.value().detach().to(torch::kFloat16));
    }
    std::string text = model.vocabulary.toText();
    tensors.emplace_back(kVocabulary,
                         torch::from_blob(text.data(), {std::int64_t(text.size())}, torch::kUInt8));
    tensor_io::writeSafetensors(file, tensors, {{"format", kFormat}});
}

namespace {

std::string textOf(const torch::Tensor& bytes)
{
    if (bytes.scalar_type() != torch::kUInt8 || bytes.dim() != 1) {
        throw FormatError("its vocabulary is no text");
    }
    return {reinterpret_cast<const char*>(bytes.data_ptr<std::uint8_t>()),
            std::size_t(bytes.numel())};
}

ParserModel parserFrom(const tensor_io::SafetensorsFile& file)
{
    const auto format = file.metadata().find("format");
    if (format == file.metadata().end() || format->second != kFormat) {
        throw FormatError(std::string("it is no caption parser of the form ") + kFormat);
    }
    ParserModel model;
    model.vocabulary = ParserVocabulary::fromText(textOf(file.tensor(kVocabulary)));
    model.network = ParserNetwork(model.vocabulary.size());
    for (auto& item : model.network->named_parameters()) {
        const torch::Tensor weights = file.tensor(item.key());
        if (weights.sizes() != item.value().sizes() || !weights.is_floating_point()) {
            throw FormatError("tensor " + item.key() + " has another shape or type than expected");
        }
        item.value().copy_(weights);
        if (!item.value().isfinite().all().item<bool>()) {
            throw FormatError("tensor " + item.key() + " holds numbers that are not finite");
        }
    }
    model.network->eval();
    return model;
}

} // namespace

ParserModel loadParser(const std::filesystem::path& file)
{
    const torch::NoGradGuard noGradient;
    const tensor_io::SafetensorsFile opened(file); // names the file itself
    try {
        return parserFrom(opened);
    } catch (const FormatError& error) {
        const std::string what = error.what();
        const bool namesFile = what.find(file.string()) != std::string::npos;
        throw FormatError((namesFile ? what : file.string() + ": " + what) +
                          "; install the program again or train a parser anew");
    }
}

} // namespace tagalign::model::tags
