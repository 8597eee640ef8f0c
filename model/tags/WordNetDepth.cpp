#include "model/tags/WordNetDepth.h"

#include "model/Error.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <set>
#include <vector>

namespace tagalign::model::tags {

namespace {

constexpr int kDeepest = 40; // WordNet's deepest noun has 19; a longer way is a damaged file

std::string wholeFile(const std::filesystem::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    if (!stream) {
        throw Error(file.string() +
                    ": cannot be opened; install the dictionary (Debian package wordnet-base)");
    }
    return {std::istreambuf_iterator<char>(stream), {}};
}

std::string_view lineAt(std::string_view text, std::size_t start)
{
    return start < text.size() ? text.substr(start, text.find('\n', start) - start)
                               : std::string_view();
}

std::vector<std::string_view> wordsOf(std::string_view line)
{
    std::vector<std::string_view> words;
    for (std::size_t start = 0; start < line.size();) {
        const std::size_t end = std::min(line.find(' ', start), line.size());
        if (end > start) {
            words.push_back(line.substr(start, end - start));
        }
        start = end + 1;
    }
    return words;
}

std::optional<std::size_t> number(std::string_view digits, int base = 10)
{
    std::size_t value = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    return error == std::errc() && end == digits.data() + digits.size() ? std::optional(value)
                                                                        : std::nullopt;
}

/// The synsets right above one: "@" is a kind of, "@i" an instance of.
///
///     offset file type words(hex) {word id} pointers {symbol offset part source} | gloss
std::vector<std::size_t> above(std::string_view data, std::size_t synset)
{
    const auto words = wordsOf(lineAt(data, synset));
    const auto count = words.size() > 3 ? number(words[3], 16) : std::nullopt;
    std::vector<std::size_t> offsets;
    for (std::size_t i = 5 + 2 * count.value_or(words.size()); i + 1 < words.size(); i += 4) {
        if (words[i] == "|") {
            break;
        }
        const auto offset = number(words[i + 1]);
        if (offset && (words[i] == "@" || words[i] == "@i")) {
            offsets.push_back(*offset);
        }
    }
    return offsets;
}

} // namespace

WordNetDepth::WordNetDepth(const std::filesystem::path& folder)
    : m_index(wholeFile(folder / "index.noun")),
      m_data(wholeFile(folder / "data.noun"))
{
}

/// Lines are sorted by their first word, those of the licence before all others.
std::optional<std::size_t> WordNetDepth::firstSense(std::string_view lemma) const
{
    std::size_t low = 0;
    std::size_t high = m_index.size();
    while (low < high) {
        const std::size_t middle = low + (high - low) / 2;
        const std::size_t before =
            middle == 0 ? std::string::npos : m_index.rfind('\n', middle - 1);
        const std::size_t start = before == std::string::npos ? 0 : before + 1;
        const std::string_view line = lineAt(m_index, start);
        const std::string_view word = line.substr(0, line.find(' '));
        if (word == lemma && !word.empty()) {
            // lemma part synsets pointers {symbol} senses tagged {offset}
            const auto words = wordsOf(line);
            const auto pointers = words.size() > 3 ? number(words[3]) : std::nullopt;
            const std::size_t place = 6 + pointers.value_or(words.size());
            return place < words.size() ? number(words[place]) : std::nullopt;
        }
        if (word < lemma) {
            low = start + line.size() + 1;
        } else {
            high = start;
        }
    }
    return std::nullopt;
}

std::optional<int> WordNetDepth::depth(std::string_view lemma) const
{
    std::string word(lemma);
    std::replace(word.begin(), word.end(), ' ', '_');
    auto synset = firstSense(word);
    if (!synset) {
        synset = firstSense(std::string_view(word).substr(word.rfind('_') + 1));
    }
    if (!synset) {
        return std::nullopt;
    }
    std::set<std::size_t> level{*synset};
    for (int depth = 0; depth < kDeepest; ++depth) {
        std::set<std::size_t> next;
        for (const std::size_t one : level) {
            const auto parents = above(m_data, one);
            if (parents.empty()) {
                return depth; // entity
            }
            next.insert(parents.begin(), parents.end());
        }
        level = std::move(next);
    }
    return std::nullopt;
}

} // namespace tagalign::model::tags
