#include "model/tags/learned/CaptionGrammar.h"

#include "model/Error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace tagalign::model::tags {

namespace {

WordLabel labelOf(char mark)
{
    switch (mark) {
    case 'O':
        return WordLabel::ObjectBegin;
    case 'A':
        return WordLabel::AttributeBegin;
    case 'X':
        return WordLabel::AbsentBegin;
    default:
        return WordLabel::None;
    }
}

GrammarToken tokenOf(std::string text)
{
    GrammarToken token;
    const auto slash = text.rfind('/');
    if (slash != std::string::npos && slash + 2 == text.size()) {
        token.mark = labelOf(text.back());
        text.resize(slash);
    }
    token.isRule = text.size() > 2 && text.front() == '{' && text.back() == '}';
    if (token.isRule) {
        text = text.substr(1, text.size() - 2);
        token.isOptional = text.starts_with('?');
        text.erase(0, token.isOptional ? 1 : 0);
        token.isPlural = text.ends_with("+s");
        text.resize(text.size() - (token.isPlural ? 2 : 0));
    }
    token.text = std::move(text);
    return token;
}

/// Words that a noun of a field is worth having for: no names, no abbreviations, hardly ever
/// another part of speech; no compounds, whose first word annotators often call an attribute.
bool isPlainNoun(const std::string& word, const WordNet& wordNet)
{
    constexpr std::size_t kShortest = 3;
    constexpr std::size_t kLongest = 18;
    const bool isWord =
        std::all_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    return isWord && word.size() >= kShortest && word.size() <= kLongest &&
           wordNet.frequency(word, PartOfSpeech::Adjective) <= 1 &&
           wordNet.frequency(word, PartOfSpeech::Verb) <= 1;
}

} // namespace

CaptionGrammar::CaptionGrammar(const std::filesystem::path& file, const WordNet& wordNet)
{
    std::ifstream stream(file);
    if (!stream) {
        throw Error(file.string() + ": cannot be opened; name a grammar of captions");
    }
    try {
        m_rules = nlohmann::json::parse(stream).get<decltype(m_rules)>();
    } catch (const nlohmann::json::exception& error) {
        throw FormatError(file.string() +
                          ": expected rules, each a list of texts: " + error.what());
    }
    addNouns(wordNet);
    check(file);
}

void CaptionGrammar::addNouns(const WordNet& wordNet)
{
    constexpr int kFirstField = 3;
    constexpr int kLastField = 28;
    for (int field = kFirstField; field <= kLastField; ++field) {
        std::vector<std::string> nouns = wordNet.nounsOfField(field);
        std::erase_if(nouns, [&](const auto& word) { return !isPlainNoun(word, wordNet); });
        if (!nouns.empty()) {
            m_rules['@' + std::to_string(field)] = std::move(nouns);
        }
    }
}

void CaptionGrammar::check(const std::filesystem::path& file) const
{
    const auto isThere = [this](const std::string& rule) {
        return m_rules.contains(rule) || rule == "#" || rule == "@name" || rule == "@code";
    };
    if (!m_rules.contains("start")) {
        throw FormatError(file.string() + ": has no rule \"start\"");
    }
    for (const auto& [rule, productions] : m_rules) {
        if (productions.empty()) {
            throw FormatError(file.string() + ": rule \"" + rule + "\" is empty");
        }
        for (const std::string& production : productions) {
            for (const GrammarToken& token : tokensOf(production)) {
                if (token.isRule && !isThere(token.text)) {
                    throw FormatError(file.string() + ": rule \"" + rule + "\" names {" +
                                      token.text + "}, which is none");
                }
            }
        }
    }
}

std::vector<GrammarToken> CaptionGrammar::tokensOf(const std::string& production)
{
    std::istringstream stream(production);
    std::vector<GrammarToken> tokens;
    for (std::string text; stream >> text;) {
        tokens.push_back(tokenOf(std::move(text)));
    }
    return tokens;
}

std::string CaptionGrammar::pluralOf(const std::string& noun)
{
    constexpr std::string_view kVowels = "aeiou";
    const bool endsInY = noun.size() > 2 && noun.back() == 'y' &&
                         kVowels.find(noun[noun.size() - 2]) == std::string_view::npos;
    if (endsInY) {
        return noun.substr(0, noun.size() - 1) + "ies";
    }
    const bool hisses = noun.ends_with('s') || noun.ends_with('x') || noun.ends_with('z') ||
                        noun.ends_with("ch") || noun.ends_with("sh");
    return noun + (hisses ? "es" : "s");
}

} // namespace tagalign::model::tags
