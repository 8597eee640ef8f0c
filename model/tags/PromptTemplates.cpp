#include "model/tags/PromptTemplates.h"

#include "model/Error.h"

#include <nlohmann/json.hpp>

namespace tagalign::model::tags {

namespace {

constexpr std::string_view kPlace = "{}";

TagKind kindOf(std::string_view group)
{
    return group == PromptTemplates::kObject ? TagKind::Object : TagKind::Attribute;
}

std::size_t placesIn(const std::string& pattern)
{
    std::size_t places = 0;
    for (auto at = pattern.find(kPlace); at != std::string::npos;
         at = pattern.find(kPlace, at + kPlace.size())) {
        ++places;
    }
    return places;
}

bool beginsWithVowel(std::string_view word)
{
    return !word.empty() && std::string_view("aeiouAEIOU").find(word[0]) != std::string_view::npos;
}

} // namespace

PromptTemplates::List PromptTemplates::standard(TagKind kind)
{
    if (kind == TagKind::Object) {
        return {"a photo of a {}.", "a photo of the {}.", "there is a {} in the picture.",
                "a close-up of {}."};
    }
    return {"a photo of something {}.", "a {} object.", "the {} one in the picture.",
            "something that is {}."};
}

void PromptTemplates::check(const List& templates)
{
    if (templates.empty() || templates.size() > kMost) {
        throw RangeError("There must be 1 to " + std::to_string(kMost) + " templates, not " +
                         std::to_string(templates.size()));
    }
    for (const std::string& each : templates) {
        const std::size_t places = placesIn(each);
        if (places != 1) {
            throw RangeError("The template \"" + each + "\" has " +
                             (places == 0 ? "no {}" : std::to_string(places) + " {}") +
                             "; write {} once, where the tag belongs");
        }
        if (each.size() > kLongest) {
            throw RangeError("The template \"" + each.substr(0, 40) + "..\" is longer than " +
                             std::to_string(kLongest) + " bytes; shorten it");
        }
    }
}

std::string PromptTemplates::filled(std::string_view pattern, std::string_view tag)
{
    const auto place = pattern.find(kPlace);
    std::string text(pattern.substr(0, place));
    const bool isArticle = text == "a " || text == "A " || text.ends_with(" a ");
    if (isArticle && beginsWithVowel(tag)) {
        text.insert(text.size() - 1, "n");
    }
    return text.append(tag).append(pattern.substr(place + kPlace.size()));
}

PromptTemplates PromptTemplates::fromJson(std::string_view json)
{
    PromptTemplates templates;
    const auto groups = nlohmann::json::parse(json, nullptr, false);
    if (!groups.is_object()) {
        throw FormatError("the prompt templates are no JSON object of lists by class");
    }
    for (const auto& [group, list] : groups.items()) {
        List texts;
        for (const auto& text : list) {
            if (!text.is_string()) {
                throw FormatError("the prompt templates of \"" + group + "\" are not all texts");
            }
            texts.push_back(text.get<std::string>());
        }
        templates.set(group, texts);
    }
    return templates;
}

std::string PromptTemplates::toJson() const
{
    nlohmann::json groups = nlohmann::json::object();
    for (const auto& [group, list] : m_groups) {
        groups[group] = list;
    }
    return groups.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

PromptTemplates::List PromptTemplates::of(std::string_view group) const
{
    const auto own = m_groups.find(group);
    return own == m_groups.end() ? standard(kindOf(group)) : own->second;
}

bool PromptTemplates::isStandard(std::string_view group) const
{
    return !m_groups.contains(group);
}

void PromptTemplates::set(const std::string& group, const List& templates)
{
    if (group != kObject && !classNamed(group)) {
        throw RangeError("\"" + group +
                         "\" is no class of tags; use object, colour, material, "
                         "pattern, size, shape, state, position or other");
    }
    if (templates.empty() || templates == standard(kindOf(group))) {
        m_groups.erase(group);
        return;
    }
    check(templates);
    m_groups[group] = templates;
}

} // namespace tagalign::model::tags
