#pragma once

#include "model/tags/CaptionParser.h"

#include <string>
#include <string_view>

namespace tagalign::model::tags {

/// One line of JSON: {"caption", "objects": [..], "attributes": [[object, attribute], ..],
/// "spans": [[start, length], ..], "confidence": [..], "absent": [..]}; spans (bytes) and
/// confidences of the objects first, then of the attributes. Invalid UTF-8 in the caption is
/// replaced.
[[nodiscard]] std::string parsedToJson(std::string_view caption, const ParsedCaption& parsed);

} // namespace tagalign::model::tags
