#pragma once

#include <string>
#include <string_view>

namespace tagalign::model::image {

/// SHA-256 of the bytes, 64 lower-case hex digits: what a project knows a picture by.
[[nodiscard]] std::string contentHash(std::string_view bytes);

} // namespace tagalign::model::image
