#pragma once

#include "model/text/Tokenizer.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tagalign::model::text {

/// CLIP's byte-pair tokenizer: the ids of OpenCLIP's, text cleaning included (TextCleaning.h).
class ClipTokenizer final : public Tokenizer
{
public:
    /// From a checkpoint folder's vocab.json and merges.txt, else from its tokenizer.json; a folder
    /// without a vocabulary (OpenCLIP's often have none) gets OpenAI's, which comes with the
    /// program.
    /// @throws FormatError naming the file: malformed, cut off (a token that no merge makes), or of
    ///         another kind than CLIP's byte-level BPE; Error if a file cannot be read.
    [[nodiscard]] static ClipTokenizer load(const std::filesystem::path& checkpoint);

    /// OpenAI's vocabulary of 49,408 tokens. @throws Error
    [[nodiscard]] static ClipTokenizer openAi();

    /// Writes a vocabulary of the 512 byte tokens, the first `mergeCount` of OpenAI's merges and
    /// the two marks, as `transformers` loads it: vocab.json, merges.txt, tokenizer_config.json,
    /// special_tokens_map.json.
    /// @param contextLength of the text tower, to which `transformers` then cuts and pads.
    /// @throws RangeError, Error
    static void writeVocabulary(const std::filesystem::path& folder, std::size_t mergeCount,
                                std::size_t contextLength);

    /// Where clip_merges.txt lies, if not where the program was built.
    static void setVocabularyFolder(const std::filesystem::path& folder);

    /// Ids of the text alone. @param text UTF-8; empty gives none.
    [[nodiscard]] std::vector<std::int64_t> encode(std::string_view text) const;

    /// Start mark, ids, end mark; cut so that the end mark is the last of `contextLength`, padded
    /// with 0. @throws RangeError if contextLength < 2.
    [[nodiscard]] std::vector<std::int64_t> tokenize(std::string_view text,
                                                     std::size_t contextLength) const override;

    [[nodiscard]] std::int64_t startOfText() const { return m_start; }

    [[nodiscard]] std::int64_t endOfText() const override { return m_end; }

    [[nodiscard]] std::size_t vocabularySize() const override { return m_size; }

    [[nodiscard]] std::int64_t highestId() const override { return m_highest; }

private:
    using Vocabulary = std::unordered_map<std::string, std::int64_t>;

    struct Merge
    {
        std::size_t rank = 0;
        std::int64_t joined = 0;
    };

    /// @param source, mergesSource where the two were read, for messages.
    ClipTokenizer(const Vocabulary& vocabulary, const std::vector<std::string>& merges,
                  const std::string& source, const std::string& mergesSource);

    [[nodiscard]] static ClipTokenizer ofTokenizerJson(const std::filesystem::path& file);

    void appendWord(std::string_view word, std::vector<std::int64_t>& ids) const;

    std::vector<std::int64_t> m_byteIds;     ///< 256, inside a word
    std::vector<std::int64_t> m_lastByteIds; ///< 256, at a word's end
    std::map<std::pair<std::int64_t, std::int64_t>, Merge> m_merges;
    std::int64_t m_start = 0;
    std::int64_t m_end = 0;
    std::int64_t m_highest = 0;
    std::size_t m_size = 0;
};

} // namespace tagalign::model::text
