#pragma once

#include "model/tags/CaptionParser.h"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tagalign::model::tags {

/// A morpheme of a Japanese caption, with what tags need to know of IPADIC's features.
struct Morpheme
{
    std::string surface; ///< NFKC: full-width kana, half-width letters and digits
    std::string base;    ///< dictionary form
    std::string part;    ///< 名詞, 動詞, 形容詞, 助詞, ..
    std::string detail;  ///< 一般, 接尾, 数, 自立, ..
    std::string detail2; ///< 助数詞, 地域, ..
    std::string form;    ///< of what inflects: 基本形, 連用形, ..
    Span span;           ///< in the caption's bytes
    bool afterSpace = false;
};

/// Splits Japanese text by MeCab (Kudo et al., EMNLP 2004) with IPADIC. Immutable after
/// construction, so any thread may call it.
class MorphemeReader
{
public:
    /// Where Debian's package mecab-ipadic-utf8 puts the dictionary.
    static constexpr const char* kFolder = "/var/lib/mecab/dic/ipadic-utf8";

    /// @throws Error naming the folder and the package if it is missing or not in UTF-8.
    explicit MorphemeReader(const std::filesystem::path& folder = kFolder);
    ~MorphemeReader();
    MorphemeReader(MorphemeReader&&) noexcept;
    MorphemeReader& operator=(MorphemeReader&&) noexcept;
    MorphemeReader(const MorphemeReader&) = delete;
    MorphemeReader& operator=(const MorphemeReader&) = delete;

    /// @param text UTF-8; invalid bytes and HTML tags count as spaces. What is past 20,000 bytes
    ///        is not read.
    [[nodiscard]] std::vector<Morpheme> read(std::string_view text) const;

private:
    struct Model;
    std::unique_ptr<Model> m_model;
};

} // namespace tagalign::model::tags
