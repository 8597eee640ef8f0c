#pragma once

#include "model/tags/WordNet.h"
#include "model/tags/learned/WordLabels.h"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace tagalign::model::tags {

/// One token of a production: a word or {rule}, with its mark.
struct GrammarToken
{
    std::string text; ///< the word or the rule's name
    bool isRule = false;
    bool isOptional = false;
    bool isPlural = false;
    WordLabel mark = WordLabel::None; ///< a begin
};

/// A context-free grammar of captions: a JSON object of rules, each a list of productions.
///
///     {"start": ["{title}", "{note}"], "title": ["{colour}/A {thing}/O"], "thing": ["mug", ..]}
///
/// A production is words and {rules} apart by blanks. "/O", "/A" and "/X" mark a word or all that
/// a rule gives as object, attribute, absence. An attribute belongs to the production's object, or
/// where it has none to that of the first rule in it that has one. {rule+s} puts its last word in
/// the plural, {?rule} appears half the time. Built in: {@5} a word of that WordNet field
/// (WordNet::nounField), {#} a number, {@name} an invented name, {@code} an invented model code.
class CaptionGrammar
{
public:
    /// @throws Error, FormatError naming the file and the rule that is missing.
    CaptionGrammar(const std::filesystem::path& file, const WordNet& wordNet);

    /// Never empty. @param rule one of the grammar's or a WordNet field's.
    [[nodiscard]] const std::vector<std::string>& productions(const std::string& rule) const
    {
        return m_rules.at(rule);
    }

    [[nodiscard]] static std::vector<GrammarToken> tokensOf(const std::string& production);
    [[nodiscard]] static std::string pluralOf(const std::string& noun);

private:
    void addNouns(const WordNet& wordNet);
    void check(const std::filesystem::path& file) const;

    std::map<std::string, std::vector<std::string>> m_rules;
};

} // namespace tagalign::model::tags
