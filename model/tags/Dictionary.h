#pragma once

#include "model/tags/CaptionParser.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace tagalign::model::tags {

/// English for the lemmas of Japanese tags, from EDICT (Electronic Dictionary Research and
/// Development Group, CC BY-SA 3.0), which is read where it is installed and never copied.
/// Immutable after construction, so any thread may call it.
class Dictionary
{
public:
    /// Where Debian's package edict puts the file (EUC-JP).
    static constexpr const char* kFile = "/usr/share/edict/edict";

    /// Takes about a second and 40 MB. @throws Error naming the file and the package if it is
    /// missing or has no entries.
    explicit Dictionary(const std::filesystem::path& file = kFile);

    /// A short English equivalent as a caption would have it: the first sense in use of the
    /// commonest entry; verbs as participles (割れる -> "broken"), materials as adjectives.
    /// @param lemma as JapaneseCaptionParser gives it. Nothing if the dictionary has no word of at
    ///        most three words for it.
    [[nodiscard]] std::optional<std::string> english(std::string_view lemma, TagKind kind) const;

private:
    struct Entry
    {
        std::string gloss;
        int rank = 0; ///< of several entries for a word the highest counts
    };

    void readEntry(const std::string& line);
    void keep(const std::string& word, const std::string& gloss, int rank);
    [[nodiscard]] std::optional<std::string> glossOf(std::string_view lemma) const;
    [[nodiscard]] std::optional<std::string> attribute(const std::string& lemma) const;

    std::unordered_map<std::string, Entry> m_entries; ///< by headword and by reading
};

} // namespace tagalign::model::tags
