#pragma once

#include <string>
#include <string_view>

namespace tagalign::model::text {

/// The cleaning that OpenCLIP's tokenizer does before it splits: ftfy's fix_text (HTML entities,
/// C1 controls, ligatures, character width, curly quotes, line breaks, terminal escapes, control
/// characters, NFC; not its guessing repair of wrongly decoded text), html.unescape twice, white
/// space to single blanks, lower case.
/// @param text UTF-8; invalid bytes become U+FFFD.
[[nodiscard]] std::string cleanText(std::string_view text);

enum class Letters { Lower, AsTheyAre };

/// The cleaning that SigLIP's tokenizer does (big_vision, canonicalize_text): lower case, ASCII
/// punctuation removed, white space to single blanks and none at the ends.
/// @param text UTF-8; invalid bytes become U+FFFD.
[[nodiscard]] std::string withoutPunctuation(std::string_view text, Letters letters);

} // namespace tagalign::model::text
