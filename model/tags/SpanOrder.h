#pragma once

#include "model/tags/CaptionParser.h"

#include <vector>

namespace tagalign::model::tags {

/// Puts tags in the order of their spans, equal ones as they were; owners follow their objects.
void sortBySpan(std::vector<ParsedTag>& tags);

} // namespace tagalign::model::tags
