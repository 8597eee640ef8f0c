#include "app/jobs/CaptionParsers.h"

#include "model/tags/JapaneseCaptionParser.h"
#include "model/tags/RuleCaptionParser.h"

namespace tagalign::app {

using model::tags::JapaneseCaptionParser;
using model::tags::RuleCaptionParser;

namespace {

const QString kJapanese = QStringLiteral("ja");

} // namespace

const std::vector<ParserOfLanguage>& parsersByLanguage()
{
    static const std::vector<ParserOfLanguage> parsers{
        {QStringLiteral("en"), QLatin1String(RuleCaptionParser::kName),
         QLatin1String(RuleCaptionParser::kVersion)},
        {kJapanese, QLatin1String(JapaneseCaptionParser::kName),
         QLatin1String(JapaneseCaptionParser::kVersion)}};
    return parsers;
}

const model::tags::CaptionParser& CaptionParsers::of(const QString& language)
{
    auto& parser = m_parsers[language];
    if (!parser && language == kJapanese) {
        parser = std::make_unique<JapaneseCaptionParser>(model::tags::MorphemeReader());
    } else if (!parser) {
        parser = std::make_unique<RuleCaptionParser>(model::tags::WordNet());
    }
    return *parser;
}

} // namespace tagalign::app
