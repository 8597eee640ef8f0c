#pragma once

#include "model/tags/CaptionParser.h"
#include "model/tags/japanese/JapaneseMorphemes.h"

namespace tagalign::model::tags {

/// Tags by rules over MeCab's morphemes, for Japanese: nouns and compounds are objects;
/// adjectives, verbs in attributive position (割れたコップ), counts, places (左の) and nouns of
/// material, colour, pattern, shape or state before の are attributes of the next object; what is
/// said after は or が belongs to the subject. What is negated gives no tag, and sales talk none.
/// Lemmas are dictionary forms (割れる, 木, 静か), displays stand before a noun (割れた, 木の,
/// 静かな). Confidences are fixed guesses by rule.
class JapaneseCaptionParser : public CaptionParser
{
public:
    explicit JapaneseCaptionParser(MorphemeReader reader)
        : m_reader(std::move(reader))
    {
    }

    static constexpr const char* kName = "mecab-rules";
    static constexpr const char* kVersion = "1"; ///< another one: captions are read again

    [[nodiscard]] std::string name() const override { return kName; }

    [[nodiscard]] std::string version() const override { return kVersion; }

    [[nodiscard]] ParsedCaption parse(std::string_view caption) const override;

private:
    MorphemeReader m_reader;
};

} // namespace tagalign::model::tags
