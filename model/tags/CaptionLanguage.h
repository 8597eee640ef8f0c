#pragma once

#include <string_view>

namespace tagalign::model::tags {

/// The language of a caption as BCP 47 tag, of those that captions can be read in: "ja" if at
/// least a fifth of its letters are kana or kanji, else "en". Chinese counts as Japanese.
/// @param caption UTF-8; invalid bytes are skipped.
[[nodiscard]] const char* captionLanguage(std::string_view caption);

} // namespace tagalign::model::tags
