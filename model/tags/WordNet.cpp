#include "model/tags/WordNet.h"

#include "model/Error.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <functional>
#include <iterator>
#include <span>
#include <utility>

namespace tagalign::model::tags {

namespace {

constexpr std::array<const char*, 4> kNames{"noun", "verb", "adj", "adv"};

using Ending = std::pair<std::string_view, std::string_view>;
constexpr std::array<Ending, 8> kNounEndings{{{"ches", "ch"},
                                              {"shes", "sh"},
                                              {"ses", "s"},
                                              {"xes", "x"},
                                              {"zes", "z"},
                                              {"ies", "y"},
                                              {"men", "man"},
                                              {"s", ""}}};
constexpr std::array<Ending, 8> kVerbEndings{{{"ies", "y"},
                                              {"es", "e"},
                                              {"es", ""},
                                              {"ed", "e"},
                                              {"ed", ""},
                                              {"ing", "e"},
                                              {"ing", ""},
                                              {"s", ""}}};
constexpr std::array<Ending, 4> kAdjectiveEndings{
    {{"er", ""}, {"est", ""}, {"er", "e"}, {"est", "e"}}};

std::span<const Ending> endingsOf(PartOfSpeech part)
{
    switch (part) {
    case PartOfSpeech::Noun:
        return kNounEndings;
    case PartOfSpeech::Verb:
        return kVerbEndings;
    case PartOfSpeech::Adjective:
        return kAdjectiveEndings;
    case PartOfSpeech::Adverb:
        return {};
    }
    return {};
}

std::string wholeFile(const std::filesystem::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    if (!stream) {
        throw Error(file.string() +
                    ": cannot be opened; install the dictionary (Debian package wordnet-base)");
    }
    return {std::istreambuf_iterator<char>(stream), {}};
}

/// Calls onLine for each line of the text.
void forEachLine(std::string_view text, const std::function<void(std::string_view)>& onLine)
{
    while (!text.empty()) {
        const auto end = text.find('\n');
        onLine(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
}

} // namespace

WordNet::WordNet(const std::filesystem::path& folder)
{
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        readIndex(folder / (std::string("index.") + kNames[i]), PartOfSpeech(i));
        readExceptions(folder / (std::string(kNames[i]) + ".exc"), PartOfSpeech(i));
    }
    readFields(folder);
    readCounts(folder / "cntlist.rev");
}

void WordNet::readIndex(const std::filesystem::path& file, PartOfSpeech part)
{
    auto& table = m_entries[std::size_t(part)];
    table.reserve(120'000);
    forEachLine(wholeFile(file), [&table](std::string_view line) {
        if (!line.empty() && line.front() != ' ') { // the licence is indented
            table.emplace(line.substr(0, line.find(' ')), Entry{});
        }
    });
    if (table.empty()) {
        throw FormatError(file.string() + ": holds no words; reinstall wordnet-base");
    }
}

void WordNet::readFields(const std::filesystem::path& folder)
{
    // index.noun: "lemma n senses p_cnt pointer*p_cnt senses tagged offset ..", the first sense
    // first; data.noun has "offset field .." at that byte (wndb(5)).
    const std::string data = wholeFile(folder / "data.noun");
    auto& nouns = m_entries[std::size_t(PartOfSpeech::Noun)];
    forEachLine(wholeFile(folder / "index.noun"), [&](std::string_view line) {
        constexpr std::size_t kDigits = 8; // no other word of the line is a number that long
        const auto found = nouns.find(line.substr(0, line.find(' ')));
        const auto isDigit = [](char c) { return c >= '0' && c <= '9'; };
        for (std::size_t at = line.find(' ');
             found != nouns.end() && at != std::string_view::npos && at + kDigits < line.size();
             at = line.find(' ', at + 1)) {
            const std::string_view word = line.substr(at + 1, kDigits);
            if (std::all_of(word.begin(), word.end(), isDigit)) {
                std::size_t offset = 0;
                std::from_chars(word.data(), word.data() + word.size(), offset);
                const std::size_t field = offset + kDigits + 1;
                if (field + 2 <= data.size()) {
                    std::from_chars(&data[field], &data[field] + 2, found->second.field);
                }
                return;
            }
        }
    });
}

void WordNet::readExceptions(const std::filesystem::path& file, PartOfSpeech part)
{
    auto& table = m_exceptions[std::size_t(part)];
    forEachLine(wholeFile(file), [&table](std::string_view line) {
        const auto blank = line.find(' ');
        if (blank != std::string_view::npos) {
            const auto end = line.find(' ', blank + 1);
            table.emplace(line.substr(0, blank), line.substr(blank + 1, end - blank - 1));
        }
    });
}

void WordNet::readCounts(const std::filesystem::path& file)
{
    // "lemma%type:..:: sense count", type 1 noun, 2 verb, 3 adjective, 4 adverb, 5 adjective too.
    forEachLine(wholeFile(file), [this](std::string_view line) {
        const auto percent = line.find('%');
        const auto lastBlank = line.rfind(' ');
        if (percent == std::string_view::npos || percent + 1 >= line.size() ||
            lastBlank == std::string_view::npos) {
            return;
        }
        const int type = line[percent + 1] - '0';
        const auto part = type == 5 ? std::size_t(2) : std::size_t(type - 1);
        int count = 0;
        std::from_chars(line.data() + lastBlank + 1, line.data() + line.size(), count);
        if (part < m_entries.size()) {
            const auto found = m_entries[part].find(line.substr(0, percent));
            if (found != m_entries[part].end()) {
                found->second.frequency += count;
            }
        }
    });
}

int WordNet::frequency(std::string_view lemma, PartOfSpeech part) const
{
    const auto& table = m_entries[std::size_t(part)];
    const auto found = table.find(lemma);
    return found == table.end() ? 0 : found->second.frequency;
}

int WordNet::nounField(std::string_view lemma) const
{
    const auto& nouns = m_entries[std::size_t(PartOfSpeech::Noun)];
    const auto found = nouns.find(lemma);
    return found == nouns.end() ? 0 : found->second.field;
}

std::vector<std::string> WordNet::nounsOfField(int field) const
{
    std::vector<std::string> words;
    for (const auto& [word, entry] : m_entries[std::size_t(PartOfSpeech::Noun)]) {
        if (entry.field == field) {
            words.push_back(word);
        }
    }
    std::sort(words.begin(), words.end());
    return words;
}

std::optional<std::string> WordNet::lemma(std::string_view word, PartOfSpeech part) const
{
    const auto& exceptions = m_exceptions[std::size_t(part)];
    if (const auto found = exceptions.find(word); found != exceptions.end()) {
        return found->second;
    }
    if (frequency(word, part) > 0) {
        return std::string(word);
    }
    std::optional<std::string> best;
    for (const auto& [ending, base] : endingsOf(part)) {
        if (word.size() <= ending.size() || !word.ends_with(ending)) {
            continue;
        }
        std::string stem(word.substr(0, word.size() - ending.size()));
        // "running": the doubled consonant goes too.
        const bool isDoubled =
            stem.size() > 2 && stem.back() == stem[stem.size() - 2] && part == PartOfSpeech::Verb;
        const std::string whole = stem + std::string(base);
        const std::string undoubled = isDoubled ? stem.substr(0, stem.size() - 1) : whole;
        for (const std::string& candidate : {whole, undoubled}) {
            if (frequency(candidate, part) > 0 &&
                (!best || frequency(candidate, part) > frequency(*best, part))) {
                best = candidate;
            }
        }
    }
    return best;
}

} // namespace tagalign::model::tags
