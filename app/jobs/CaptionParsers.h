#pragma once

#include "model/tags/CaptionParser.h"

#include <QString>

#include <map>
#include <memory>
#include <vector>

namespace tagalign::app {

/// Folder with the learned parser's weights and the grammar that its training reads.
[[nodiscard]] QString parserFolder();

/// Which parser reads captions of a language, by name and version as stored with every parse.
struct ParserOfLanguage
{
    QString language; ///< as model::tags::captionLanguage gives it
    QString parser;
    QString version;
};

/// One for each language that captions can be read in: the best there is.
[[nodiscard]] const std::vector<ParserOfLanguage>& parsersByLanguage();

/// Names of all parsers of captions in English, the best first.
[[nodiscard]] const std::vector<QString>& englishParsers();

/// As parsersByLanguage(), with this parser for English. @param name one of englishParsers().
[[nodiscard]] std::vector<ParserOfLanguage> parsersWithEnglish(const QString& name);

/// The parsers, each loaded when it is first asked for. For one thread.
class CaptionParsers
{
public:
    /// @param name of a parser in any of the lists above. @throws model::Error if its dictionary
    ///        or weights are missing or broken, with the remedy.
    [[nodiscard]] const model::tags::CaptionParser& named(const QString& name);

private:
    std::map<QString, std::unique_ptr<model::tags::CaptionParser>> m_parsers;
};

} // namespace tagalign::app
