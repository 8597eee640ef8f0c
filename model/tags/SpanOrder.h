#pragma once

#include "model/tags/CaptionParser.h"

#include <vector>

namespace tagalign::model::tags {

/// Puts tags in order of their spans; owners keep pointing at their objects.
void sortBySpan(std::vector<ParsedTag>& tags);

} // namespace tagalign::model::tags
