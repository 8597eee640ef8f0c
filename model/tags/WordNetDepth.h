#pragma once

#include "model/tags/WordNet.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace tagalign::model::tags {

/// How specific a noun is: the steps from its first sense up to "entity" in WordNet 3.0, by the
/// shortest way: "entity" 0, "object" 2, "poodle" 9. Immutable after construction.
class WordNetDepth
{
public:
    /// Reads index.noun and data.noun. @throws Error naming the file and the package.
    explicit WordNetDepth(const std::filesystem::path& folder = WordNet::kFolder);

    /// @param lemma lower case; words joined by '_' or a blank. Of several words that WordNet does
    ///        not know together the last one counts: "garden gnome" is a gnome.
    /// @return nothing if WordNet knows no such noun.
    [[nodiscard]] std::optional<int> depth(std::string_view lemma) const;

private:
    [[nodiscard]] std::optional<std::size_t> firstSense(std::string_view lemma) const;

    std::string m_index;
    std::string m_data;
};

} // namespace tagalign::model::tags
