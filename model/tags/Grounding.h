#pragma once

#include "model/tags/CaptionParser.h"
#include "model/tags/WordNet.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tagalign::model::tags {

/// Where words stand in a caption: whole words only, letters a-z of either case. Several places
/// in the order of the caption. @param words, caption UTF-8; empty words stand nowhere.
[[nodiscard]] std::vector<Span> placesOf(std::string_view words, std::string_view caption);

/// Is each word of `name` one of these words, or their base form ("man" of "two men")?
[[nodiscard]] bool isNamedBy(std::string_view name, std::string_view words, const WordNet& wordNet);

/// The form that tags are merged by: lower case (a-z), single blanks, an object's last word in its
/// base form ("Dining  Tables" -> "dining table").
[[nodiscard]] std::string normalForm(std::string_view name, TagKind kind, const WordNet& wordNet);

} // namespace tagalign::model::tags
