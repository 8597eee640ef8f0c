#pragma once

#include "model/tags/CaptionParser.h"

#include <QString>

#include <map>
#include <memory>
#include <vector>

namespace tagalign::app {

/// Which parser reads English captions.
enum class EnglishParser { Learned, Rules };

/// Folder with the learned parser's weights and the grammar that its training reads.
[[nodiscard]] QString parserFolder();

/// Which parser reads captions of a language, by name and version as stored with every parse.
struct ParserOfLanguage
{
    QString language; ///< as model::tags::captionLanguage gives it
    QString parser;
    QString version;
};

/// One for each language that captions can be read in.
[[nodiscard]] const std::vector<ParserOfLanguage>& parsersByLanguage();

/// The parsers of all languages, each loaded when it is first asked for. For one thread.
class CaptionParsers
{
public:
    explicit CaptionParsers(EnglishParser english = EnglishParser::Learned)
        : m_english(english)
    {
    }

    /// @param language one of parsersByLanguage(). @throws model::Error if its dictionary or
    ///        weights are missing or broken, with the remedy.
    [[nodiscard]] const model::tags::CaptionParser& of(const QString& language);

private:
    EnglishParser m_english;
    std::map<QString, std::unique_ptr<model::tags::CaptionParser>> m_parsers;
};

} // namespace tagalign::app
