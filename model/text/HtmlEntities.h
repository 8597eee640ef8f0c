#pragma once

#include <optional>
#include <string_view>

namespace tagalign::model::text {

enum class EntitySet {
    Html5,     ///< the HTML 5 standard's, as browsers read them
    UpperCase, ///< those, and upper-case forms of lower-case names as in "P&EACUTE;REZ"
};

/// The text that an entity stands for, e.g. "amp;" -> "&". @param name without the '&'.
[[nodiscard]] std::optional<std::string_view> htmlEntity(std::string_view name, EntitySet set);

} // namespace tagalign::model::text
