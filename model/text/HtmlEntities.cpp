#include "model/text/HtmlEntities.h"

#include <algorithm>
#include <iterator>

namespace tagalign::model::text {

namespace {

struct Entity
{
    std::string_view name;
    std::string_view text;
    bool isUpperCaseAddition;
};

constexpr Entity kEntities[] = {
#include "model/text/HtmlEntities.inc"
};

} // namespace

std::optional<std::string_view> htmlEntity(std::string_view name, EntitySet set)
{
    const auto* found =
        std::lower_bound(std::begin(kEntities), std::end(kEntities), name,
                         [](const Entity& entity, std::string_view n) { return entity.name < n; });
    if (found == std::end(kEntities) || found->name != name ||
        (found->isUpperCaseAddition && set == EntitySet::Html5)) {
        return std::nullopt;
    }
    return found->text;
}

} // namespace tagalign::model::text
