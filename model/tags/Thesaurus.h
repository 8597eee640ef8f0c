#pragma once

#include "model/tags/WordNet.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tagalign::model::tags {

/// Synonyms and hypernyms: the synsets of WordNet 3.0 (Miller, CACM 38(11), 1995; format:
/// wndb(5WN)), nouns and adjectives. Immutable after construction, so any thread may call it.
class Thesaurus
{
public:
    /// Where a synset stands in its file; names it.
    struct Id
    {
        PartOfSpeech part = PartOfSpeech::Noun;
        std::size_t offset = 0; ///< bytes

        friend bool operator==(const Id&, const Id&) = default;

        friend bool operator<(const Id& a, const Id& b)
        {
            return a.part != b.part ? a.part < b.part : a.offset < b.offset;
        }
    };

    struct Pointer
    {
        std::string symbol; ///< "@" hypernym, "&" similar to, "=" attribute, "+" derived, ..
        Id target;
    };

    struct Synset
    {
        int lexicographerFile = 0; ///< lexnames(5WN): 6 artifact, 7 attribute, 27 substance, ..
        std::vector<std::string> words; ///< with blanks
        std::vector<Pointer> pointers;
        std::string gloss; ///< the definition alone
    };

    /// Reads index and data files. @throws Error naming the file and the package.
    explicit Thesaurus(const std::filesystem::path& folder = WordNet::kFolder);

    /// The word's senses, most frequent first; none if it is unknown.
    /// @param word lower case; blanks, hyphens or '_' between its parts.
    [[nodiscard]] std::vector<Id> senses(std::string_view word, PartOfSpeech part) const;

    /// Was the word met in the texts that WordNet's makers tagged? Terms of science mostly were
    /// not.
    /// @param word as senses() takes it.
    [[nodiscard]] bool isCommon(std::string_view word, PartOfSpeech part) const;

    /// @throws FormatError if the file holds no synset there.
    [[nodiscard]] Synset synset(const Id& id) const;

    /// The direct hypernyms. @throws FormatError
    [[nodiscard]] std::vector<Id> hypernyms(const Id& id) const;

    /// All hypernyms, the synset itself first, then level by level. @throws FormatError
    /// @param levels at most so many above it.
    [[nodiscard]] std::vector<Id> chain(const Id& id, int levels = kAllLevels) const;

    /// Levels below the root of the nouns, by the shortest way. @throws FormatError
    [[nodiscard]] int depth(const Id& id) const;

    static constexpr int kAllLevels = 32; ///< WordNet's deepest has 19

private:
    struct Files
    {
        std::string index;
        std::string data;
    };

    struct Entry
    {
        std::vector<Id> senses;
        std::size_t tagged = 0; ///< senses met in tagged texts
    };

    [[nodiscard]] Entry find(std::string_view word, PartOfSpeech part) const;
    [[nodiscard]] Entry lookUp(const std::string& lemma, PartOfSpeech part) const;
    [[nodiscard]] const Files& filesOf(PartOfSpeech part) const;

    std::filesystem::path m_folder;
    Files m_nouns;
    Files m_adjectives;
};

} // namespace tagalign::model::tags
