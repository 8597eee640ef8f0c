#include "app/jobs/CaptionParsers.h"

#include "app/ModelChoice.h"
#include "model/tags/RuleCaptionParser.h"
#include "model/tags/japanese/JapaneseCaptionParser.h"
#include "model/tags/learned/LearnedCaptionParser.h"

#include <stdexcept>

namespace tagalign::app {

using model::tags::JapaneseCaptionParser;
using model::tags::LearnedCaptionParser;
using model::tags::RuleCaptionParser;

namespace {

template <typename Parser>
ParserOfLanguage readerOf(const char* language)
{
    return {QLatin1String(language), QLatin1String(Parser::kName), QLatin1String(Parser::kVersion)};
}

std::unique_ptr<model::tags::CaptionParser> load(const QString& name)
{
    if (name == QLatin1String(JapaneseCaptionParser::kName)) {
        return std::make_unique<JapaneseCaptionParser>(model::tags::MorphemeReader());
    }
    if (name == QLatin1String(RuleCaptionParser::kName)) {
        return std::make_unique<RuleCaptionParser>(model::tags::WordNet());
    }
    if (name == QLatin1String(LearnedCaptionParser::kName)) {
        const QString weights = parserFolder() + QStringLiteral("/parser.safetensors");
        return std::make_unique<LearnedCaptionParser>(weights.toStdString(),
                                                      model::tags::WordNet());
    }
    throw std::logic_error("no parser is called " + name.toStdString());
}

} // namespace

QString parserFolder()
{
    return resourceFolder() + QStringLiteral("/parser");
}

const std::vector<ParserOfLanguage>& parsersByLanguage()
{
    static const std::vector<ParserOfLanguage> parsers{readerOf<LearnedCaptionParser>("en"),
                                                       readerOf<JapaneseCaptionParser>("ja")};
    return parsers;
}

const std::vector<QString>& englishParsers()
{
    static const std::vector<QString> names{QLatin1String(LearnedCaptionParser::kName),
                                            QLatin1String(RuleCaptionParser::kName)};
    return names;
}

std::vector<ParserOfLanguage> parsersWithEnglish(const QString& name)
{
    std::vector<ParserOfLanguage> parsers = parsersByLanguage();
    if (name == QLatin1String(RuleCaptionParser::kName)) {
        parsers.front() = readerOf<RuleCaptionParser>("en");
    }
    return parsers;
}

const model::tags::CaptionParser& CaptionParsers::named(const QString& name)
{
    auto& parser = m_parsers[name];
    if (!parser) {
        parser = load(name);
    }
    return *parser;
}

} // namespace tagalign::app
