#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tagalign::model::tags {

enum class PartOfSpeech { Noun, Verb, Adjective, Adverb };

/// Words and their base forms from WordNet 3.0 (Miller, CACM 38(11), 1995). Immutable after
/// construction, so any thread may call it.
class WordNet
{
public:
    /// Where Debian's package wordnet-base puts the data.
    static constexpr const char* kFolder = "/usr/share/wordnet";

    /// Reads index.*, *.exc, data.noun and cntlist.rev. @throws Error naming the file and the
    /// package.
    explicit WordNet(const std::filesystem::path& folder = kFolder);

    /// How often the lemma was met with this part of speech in the tagged texts, plus one; 0 if
    /// WordNet does not know it. @param lemma lower case, words joined by '_'.
    [[nodiscard]] int frequency(std::string_view lemma, PartOfSpeech part) const;

    /// Field of the noun's first sense, by the number of WordNet's lexicographer file (lexnames(5):
    /// 5 animal, 6 artifact, 13 food, 18 person, ..); 0 if WordNet does not know the noun.
    [[nodiscard]] int nounField(std::string_view lemma) const;

    /// Single words and compounds ('_' for a blank) whose first sense lies in the field, sorted.
    [[nodiscard]] std::vector<std::string> nounsOfField(int field) const;

    /// The base form by WordNet's own rules and exceptions ("leaves" -> "leaf"), if it knows one.
    /// @param word lower case, words joined by '_'.
    [[nodiscard]] std::optional<std::string> lemma(std::string_view word, PartOfSpeech part) const;

private:
    struct Hash
    {
        using is_transparent = void;

        std::size_t operator()(std::string_view text) const
        {
            return std::hash<std::string_view>()(text);
        }
    };
    template <class Value>
    using Table = std::unordered_map<std::string, Value, Hash, std::equal_to<>>;

    struct Entry
    {
        int frequency = 1;
        std::uint8_t field = 0; ///< nouns only
    };

    void readIndex(const std::filesystem::path& file, PartOfSpeech part);
    void readFields(const std::filesystem::path& folder);
    void readExceptions(const std::filesystem::path& file, PartOfSpeech part);
    void readCounts(const std::filesystem::path& file);

    std::array<Table<Entry>, 4> m_entries;
    std::array<Table<std::string>, 4> m_exceptions;
};

} // namespace tagalign::model::tags
