#pragma once

#include "model/tags/CaptionParser.h"
#include "model/tags/WordNet.h"

#include <filesystem>
#include <memory>

namespace tagalign::model::tags {

struct ParserModel;

/// Tags by a small recurrent network, for English: a label for each word, an owner for each
/// attribute (ParserNetwork.h). Misspelt words that WordNet does not know are read as the nearest
/// word of the vocabulary. Confidences are calibrated probabilities of the tag being right.
class LearnedCaptionParser : public CaptionParser
{
public:
    static constexpr const char* kName = "learned";
    static constexpr const char* kVersion = "1"; ///< another one: captions are read again

    /// @param weights the file that `tagalign train-parser` writes.
    /// @throws Error, FormatError naming the file and what is wrong with it.
    LearnedCaptionParser(const std::filesystem::path& weights, WordNet wordNet);
    ~LearnedCaptionParser() override;
    LearnedCaptionParser(const LearnedCaptionParser&) = delete;
    LearnedCaptionParser& operator=(const LearnedCaptionParser&) = delete;

    [[nodiscard]] std::string name() const override { return kName; }

    [[nodiscard]] std::string version() const override { return kVersion; }

    [[nodiscard]] ParsedCaption parse(std::string_view caption) const override;

    /// In batches of similar length: several times as fast as one by one.
    [[nodiscard]] std::vector<ParsedCaption>
    parseAll(std::span<const std::string> captions) const override;

private:
    std::unique_ptr<ParserModel> m_model;
    WordNet m_wordNet;
};

} // namespace tagalign::model::tags
