#pragma once

#include <string>
#include <string_view>

namespace tagalign::model::tags {

/// The short gloss of an EDICT entry: of the first sense that is neither archaic nor slang nor a
/// mere suffix, the first gloss of at most three words, without its remarks. Verbs keep their
/// "to". Empty if there is none.
/// @param glosses what follows the headword: "/(n) (1) cat (esp. ..)/(n) (2) ../(P)/".
[[nodiscard]] std::string shortGloss(std::string_view glosses);

/// "to break" -> "broken", "to become rusty" -> "rusty", "to sit" -> "sitting", "crack" ->
/// "cracked".
[[nodiscard]] std::string participle(std::string_view verb);

} // namespace tagalign::model::tags
