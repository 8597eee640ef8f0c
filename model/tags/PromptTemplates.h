#pragma once

#include "model/tags/AttributeClass.h"
#include "model/tags/CaptionParser.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tagalign::model::tags {

/// The sentences into which a tag is put before a text encoder reads it; the mean of their
/// embeddings stands for the tag (prompt ensembling: CLIP, arXiv 2103.00020, section 3.1.4). Each
/// has one "{}" for the tag; "a {}" becomes "an {}" before a vowel.
class PromptTemplates
{
public:
    using List = std::vector<std::string>;

    /// What a group of tags is called in toJson(): "object", or a class of attributes.
    static constexpr std::string_view kObject = "object";

    static constexpr std::size_t kMost = 16;     ///< templates of a group
    static constexpr std::size_t kLongest = 200; ///< bytes of a template

    /// Used where a project has none of its own.
    [[nodiscard]] static List standard(TagKind kind);

    /// @throws RangeError saying what is wrong with which template: no or several "{}", too long,
    ///         none or too many of them.
    static void check(const List& templates);

    /// The template with the tag in it.
    [[nodiscard]] static std::string filled(std::string_view pattern, std::string_view tag);

    /// @param json {"colour": ["a {} thing", ..], ..}. @throws FormatError or as check().
    [[nodiscard]] static PromptTemplates fromJson(std::string_view json);
    [[nodiscard]] std::string toJson() const; ///< only of groups that were set; "{}" if none

    /// @param group "object" or a class's name; an empty one: an attribute without a class.
    [[nodiscard]] List of(std::string_view group) const;
    [[nodiscard]] bool isStandard(std::string_view group) const;

    /// Sets a group's templates; none, or the standard ones: back to the standard.
    /// @throws RangeError for an unknown group, or as check().
    void set(const std::string& group, const List& templates);

private:
    std::map<std::string, List, std::less<>> m_groups;
};

} // namespace tagalign::model::tags
