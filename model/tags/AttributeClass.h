#pragma once

#include "model/tags/Thesaurus.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tagalign::model::tags {

/// What an attribute speaks of; Other holds what no class fits, such as numbers.
enum class AttributeClass { Colour, Material, Pattern, Size, Shape, State, Position, Other };

inline constexpr std::size_t kAttributeClasses = 8;

[[nodiscard]] std::string className(AttributeClass attributeClass); ///< "colour", ..
[[nodiscard]] std::optional<AttributeClass> classNamed(std::string_view name);

/// Words by class, one class a line: "size: big, small, tall". Lines from '#' on are remarks.
/// @throws FormatError naming the line.
[[nodiscard]] std::map<std::string, AttributeClass, std::less<>>
readAttributeClasses(std::string_view text);

/// Guesses the class of an attribute: by a list, else by what WordNet says of its senses, else by
/// its ending. Immutable, so any thread may call it.
class AttributeClassifier
{
public:
    /// @param words see readAttributeClasses(); they win over WordNet.
    AttributeClassifier(std::map<std::string, AttributeClass, std::less<>> words,
                        const Thesaurus& thesaurus);

    /// Of several words the last one that tells. @param attribute lower case.
    [[nodiscard]] AttributeClass classOf(std::string_view attribute) const;

    /// The noun sense that makes the word a colour, a material, a pattern or a shape.
    [[nodiscard]] std::optional<Thesaurus::Id> nounSense(std::string_view attribute) const;

    /// Is the synset so general that it only names a class ("chromatic color", "material")?
    [[nodiscard]] bool isRoot(const Thesaurus::Id& id) const;

private:
    [[nodiscard]] std::optional<AttributeClass> guess(std::string_view word) const;
    [[nodiscard]] std::optional<AttributeClass> byAdjective(const Thesaurus::Id& sense) const;
    [[nodiscard]] std::optional<AttributeClass> byNoun(const Thesaurus::Id& sense) const;

    std::map<std::string, AttributeClass, std::less<>> m_words;
    const Thesaurus& m_thesaurus;
    std::map<Thesaurus::Id, AttributeClass> m_roots;
};

} // namespace tagalign::model::tags
