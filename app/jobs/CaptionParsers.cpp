#include "app/jobs/CaptionParsers.h"

#include "app/ModelChoice.h"
#include "model/tags/RuleCaptionParser.h"
#include "model/tags/japanese/JapaneseCaptionParser.h"
#include "model/tags/learned/LearnedCaptionParser.h"

namespace tagalign::app {

using model::tags::JapaneseCaptionParser;
using model::tags::LearnedCaptionParser;
using model::tags::RuleCaptionParser;

namespace {

const QString kJapanese = QStringLiteral("ja");

} // namespace

QString parserFolder()
{
    return resourceFolder() + QStringLiteral("/parser");
}

const std::vector<ParserOfLanguage>& parsersByLanguage()
{
    static const std::vector<ParserOfLanguage> parsers{
        {QStringLiteral("en"), QLatin1String(LearnedCaptionParser::kName),
         QLatin1String(LearnedCaptionParser::kVersion)},
        {kJapanese, QLatin1String(JapaneseCaptionParser::kName),
         QLatin1String(JapaneseCaptionParser::kVersion)}};
    return parsers;
}

const model::tags::CaptionParser& CaptionParsers::of(const QString& language)
{
    auto& parser = m_parsers[language];
    if (!parser && language == kJapanese) {
        parser = std::make_unique<JapaneseCaptionParser>(model::tags::MorphemeReader());
    } else if (!parser && m_english == EnglishParser::Rules) {
        parser = std::make_unique<RuleCaptionParser>(model::tags::WordNet());
    } else if (!parser) {
        const QString weights = parserFolder() + QStringLiteral("/parser.safetensors");
        parser =
            std::make_unique<LearnedCaptionParser>(weights.toStdString(), model::tags::WordNet());
    }
    return *parser;
}

} // namespace tagalign::app
