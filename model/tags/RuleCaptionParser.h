#pragma once

#include "model/tags/CaptionParser.h"
#include "model/tags/WordNet.h"

namespace tagalign::model::tags {

/// Tags by a few rules over WordNet, for English: nouns (and noun compounds) are objects;
/// adjectives, participles and numbers before a noun, and adjectives after "is", are attributes
/// of that object. What is negated ("no cars") gives no tag but an absence. Its confidences are
/// fixed guesses by rule, lower for what the rules often get wrong.
class RuleCaptionParser : public CaptionParser
{
public:
    explicit RuleCaptionParser(WordNet wordNet)
        : m_wordNet(std::move(wordNet))
    {
    }

    static constexpr const char* kName = "rules";
    static constexpr const char* kVersion = "1"; ///< another one: captions are read again

    [[nodiscard]] std::string name() const override { return kName; }

    [[nodiscard]] std::string version() const override { return kVersion; }

    [[nodiscard]] ParsedCaption parse(std::string_view caption) const override;

private:
    WordNet m_wordNet;
};

} // namespace tagalign::model::tags
