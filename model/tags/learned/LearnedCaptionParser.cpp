#include "model/tags/learned/LearnedCaptionParser.h"

#include "model/tags/learned/ParserInference.h"

namespace tagalign::model::tags {

LearnedCaptionParser::LearnedCaptionParser(const std::filesystem::path& weights, WordNet wordNet)
    : m_model(std::make_unique<ParserModel>(loadParser(weights))),
      m_wordNet(std::move(wordNet))
{
}

LearnedCaptionParser::~LearnedCaptionParser() = default;

ParsedCaption LearnedCaptionParser::parse(std::string_view caption) const
{
    const std::string text(caption);
    return parseAll({&text, 1}).front();
}

std::vector<ParsedCaption>
LearnedCaptionParser::parseAll(std::span<const std::string> captions) const
{
    ReadCaptions read;
    for (const std::string& caption : captions) {
        read.add(caption, m_model->vocabulary, m_wordNet);
    }
    std::vector<ParsedCaption> parsed(captions.size());
    parseCaptions(*m_model, read, m_wordNet, [&parsed](std::size_t caption, ParsedCaption tags) {
        parsed[caption] = std::move(tags);
    });
    return parsed;
}

} // namespace tagalign::model::tags
