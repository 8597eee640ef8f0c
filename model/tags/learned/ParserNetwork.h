#pragma once

#include "model/tags/learned/WordFeatures.h"
#include "model/tags/learned/WordLabels.h"

#include <torch/torch.h>

#include <filesystem>
#include <string>
#include <vector>

namespace tagalign::model::tags {

/// Captions as the network takes them, padded to the longest. N captions, L words.
struct ParserBatch
{
    torch::Tensor words;      ///< [N, L] int64
    torch::Tensor characters; ///< [N, L, WordFeatures::kCharacters] int64
    torch::Tensor flags;      ///< [N, L, WordFeatures::kFlags] float32
    torch::Tensor lengths;    ///< [N] int64, each >= 1, falling
};

/// @param captions N >= 1 of them, none empty, the longest first.
[[nodiscard]] ParserBatch batchOf(const std::vector<const std::vector<WordFeatures>*>& captions);

struct ParserScores
{
    torch::Tensor labels; ///< [N, L, kLabelCount] logits
    torch::Tensor owners; ///< [N, L, L] logits: is word [.., .., j] the head that word i describes?
};

/// Reads labels and owners off the words of captions: word embedding, character convolution
/// (Kim et al., arXiv 1508.06615) and flags into a bidirectional LSTM with a classifier on each
/// word, as Ma and Hovy (arXiv 1603.01354), and a deep biaffine scorer of arcs (Dozat and Manning,
/// arXiv 1611.01734) plus a learned term for the distance of the two words.
class ParserNetworkImpl : public torch::nn::Module
{
public:
    /// @param words size of the vocabulary, padding and unknown included.
    explicit ParserNetworkImpl(std::int64_t words);

    /// Differentiable; dropout only while training.
    [[nodiscard]] ParserScores forward(const ParserBatch& batch);

private:
    [[nodiscard]] torch::Tensor embed(const ParserBatch& batch);
    [[nodiscard]] torch::Tensor ownerScores(const torch::Tensor& states);

    torch::nn::Embedding m_words{nullptr};
    torch::nn::Embedding m_characters{nullptr};
    torch::nn::Conv1d m_convolution{nullptr};
    torch::nn::Linear m_flags{nullptr};
    torch::nn::LSTM m_context{nullptr};
    torch::nn::Linear m_hidden{nullptr};
    torch::nn::Linear m_labels{nullptr};
    torch::nn::Linear m_attributes{nullptr};
    torch::nn::Linear m_heads{nullptr};
    torch::Tensor m_biaffine; ///< [A + 1, A], A width of an arc's ends
    torch::Tensor m_distance; ///< [2 · farthest + 1]
};

TORCH_MODULE(ParserNetwork);

/// Everything that a learned parser is: one safetensors file, weights in fp16, the vocabulary as
/// a tensor of bytes.
struct ParserModel
{
    ParserNetwork network{nullptr};
    ParserVocabulary vocabulary;
};

/// @throws Error naming the file.
void saveParser(const ParserModel& model, const std::filesystem::path& file);

/// Ready to run, in fp32. @throws Error, FormatError naming the file and what is wrong with it.
[[nodiscard]] ParserModel loadParser(const std::filesystem::path& file);

} // namespace tagalign::model::tags
