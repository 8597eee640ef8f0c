#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tagalign::model::text {

/// A unigram model of SentencePiece (arXiv 1808.06226), as published in "spiece.model": the ids of
/// its SentencePieceProcessor::Encode. Immutable after construction, so any thread may call it.
///
/// Debian's libsentencepiece does this too, but shares the name of a global variable with
/// LibTorch's libc10 (FLAGS_minloglevel, of different types): in one process each writes over the
/// other's memory.
class UnigramModel
{
public:
    /// @throws FormatError naming the file: cut off, damaged, or a model of another kind (BPE, byte
    ///         fallback, blanks behind words); Error if it cannot be read.
    [[nodiscard]] static UnigramModel load(const std::filesystem::path& file);

    /// The pieces of the most probable segmentation; a run of unknown characters is one piece.
    /// @param text UTF-8.
    [[nodiscard]] std::vector<std::int64_t> encode(std::string_view text) const;

    [[nodiscard]] std::optional<std::int64_t> idOf(const std::string& piece) const;

    [[nodiscard]] std::size_t size() const { return m_pieces.size(); }

private:
    /// sentencepiece_model.proto, ModelProto.SentencePiece.Type
    enum class Kind { Normal = 1, Unknown, Control, UserDefined, Unused, Byte };

    struct Piece
    {
        std::string text;
        float score = 0.0F; ///< log probability
        Kind kind = Kind::Normal;
    };

    struct Prefix
    {
        std::string_view replacement;
        std::size_t length = 0; ///< bytes of the text that it stands for
    };

    void read(std::string_view model);
    void readNormalizer(std::string_view spec);
    void readCharacterMap(std::string_view map);
    void index();

    [[nodiscard]] static Piece pieceFrom(std::string_view message);
    [[nodiscard]] std::string normalized(std::string_view text) const;
    [[nodiscard]] Prefix normalizedPrefix(std::string_view text) const;
    [[nodiscard]] float scoreOf(std::int64_t id) const;

    std::vector<Piece> m_pieces;
    std::unordered_map<std::string, std::int64_t> m_ids;   ///< every piece
    std::unordered_map<std::string, std::int64_t> m_known; ///< those that a text can give
    std::vector<std::string> m_userDefined;
    std::size_t m_longest = 0; ///< bytes of the longest piece in m_known
    std::int64_t m_unknown = -1;
    float m_lowest = 0.0F;              ///< score of a normal piece
    float m_highest = 0.0F;             ///< score of a normal piece
    std::vector<std::uint32_t> m_rules; ///< double array (Darts-clone) from texts to m_replacements
    std::string m_replacements;         ///< each ends with a zero byte
    bool m_addsBlank = true;            ///< before the text
    bool m_joinsBlanks = true;
    bool m_escapesBlanks = true; ///< a blank becomes U+2581
};

} // namespace tagalign::model::text
