#include "model/tags/CaptionLanguage.h"

#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/utf8.h>

namespace tagalign::model::tags {

namespace {

/// A Japanese word has fewer letters than an English one, so less than half of them decide.
constexpr double kShare = 0.2;

bool isJapanese(UChar32 c)
{
    UErrorCode status = U_ZERO_ERROR;
    const UScriptCode script = uscript_getScript(c, &status);
    return script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA || script == USCRIPT_HAN ||
           c == 0x30FC || c == 0xFF70; // the long vowel's mark, common to both kana
}

} // namespace

const char* captionLanguage(std::string_view caption)
{
    const auto length = std::int32_t(caption.size());
    int letters = 0;
    int japanese = 0;
    for (std::int32_t i = 0; i < length;) {
        UChar32 c = 0;
        U8_NEXT(caption.data(), i, length, c);
        if (c >= 0 && u_isalpha(c)) {
            ++letters;
            japanese += isJapanese(c) ? 1 : 0;
        }
    }
    return japanese > 0 && japanese >= kShare * letters ? "ja" : "en";
}

} // namespace tagalign::model::tags
