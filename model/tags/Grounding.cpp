#include "model/tags/Grounding.h"

#include <algorithm>

namespace tagalign::model::tags {

namespace {

char lowerCase(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? char(letter - 'A' + 'a') : letter;
}

std::string lowerCase(std::string_view text)
{
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char letter) { return lowerCase(letter); });
    return lower;
}

bool isAsciiWord(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9');
}

/// Other scripts write words without blanks between: all of their letters belong to a word, but
/// end none.
bool isWord(char byte)
{
    return isAsciiWord(byte) || static_cast<unsigned char>(byte) >= 0x80;
}

/// Would a cut between these two go through a word?
bool isInsideWord(char left, char right)
{
    return isAsciiWord(left) && isAsciiWord(right);
}

std::vector<std::string> wordsOf(std::string_view text)
{
    std::vector<std::string> words;
    bool isOpen = false;
    for (const char byte : text) {
        if (isWord(byte)) {
            if (!isOpen) {
                words.emplace_back();
            }
            words.back() += lowerCase(byte);
        }
        isOpen = isWord(byte);
    }
    return words;
}

/// The word and its base forms.
std::vector<std::string> formsOf(const std::string& word, const WordNet& wordNet)
{
    std::vector<std::string> forms{word};
    for (const PartOfSpeech part :
         {PartOfSpeech::Noun, PartOfSpeech::Verb, PartOfSpeech::Adjective}) {
        if (auto lemma = wordNet.lemma(word, part)) {
            forms.push_back(std::move(*lemma));
        }
    }
    return forms;
}

bool haveCommonForm(const std::string& one, const std::string& other, const WordNet& wordNet)
{
    const auto forms = formsOf(one, wordNet);
    const auto others = formsOf(other, wordNet);
    return std::any_of(forms.begin(), forms.end(), [&others](const std::string& form) {
        return std::find(others.begin(), others.end(), form) != others.end();
    });
}

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view kBlanks = " \t\r\n.,;:";
    const auto first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string withSingleBlanks(std::string_view text)
{
    std::string result;
    for (const char byte : text) {
        const bool isBlank = byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
        if (!isBlank) {
            result += byte;
        } else if (!result.empty() && result.back() != ' ') {
            result += ' ';
        }
    }
    return result;
}

} // namespace

std::vector<Span> placesOf(std::string_view words, std::string_view caption)
{
    const std::string wanted = lowerCase(trimmed(words));
    const std::string text = lowerCase(caption);
    std::vector<Span> places;
    if (wanted.empty()) {
        return places;
    }
    for (auto at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at + 1)) {
        const std::size_t end = at + wanted.size();
        const bool isCut = (at > 0 && isInsideWord(text[at - 1], text[at])) ||
                           (end < text.size() && isInsideWord(text[end - 1], text[end]));
        if (!isCut) {
            places.push_back({at, wanted.size()});
        }
    }
    return places;
}

bool isNamedBy(std::string_view name, std::string_view words, const WordNet& wordNet)
{
    const std::vector<std::string> names = wordsOf(name);
    const std::vector<std::string> evidence = wordsOf(words);
    return !names.empty() && std::all_of(names.begin(), names.end(), [&](const std::string& each) {
        return std::any_of(evidence.begin(), evidence.end(), [&](const std::string& word) {
            return haveCommonForm(each, word, wordNet);
        });
    });
}

std::string normalForm(std::string_view name, TagKind kind, const WordNet& wordNet)
{
    std::string form = lowerCase(withSingleBlanks(trimmed(name)));
    if (kind == TagKind::Attribute) {
        return form;
    }
    std::string joined = form;
    std::replace(joined.begin(), joined.end(), ' ', '_');
    if (auto lemma = wordNet.lemma(joined, PartOfSpeech::Noun)) {
        std::replace(lemma->begin(), lemma->end(), '_', ' ');
        return *lemma;
    }
    const auto blank = form.rfind(' ');
    if (blank != std::string::npos) {
        if (const auto lemma = wordNet.lemma(form.substr(blank + 1), PartOfSpeech::Noun)) {
            form.replace(blank + 1, std::string::npos, *lemma);
        }
    }
    return form;
}

} // namespace tagalign::model::tags
