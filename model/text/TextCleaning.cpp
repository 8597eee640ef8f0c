#include "model/text/TextCleaning.h"

#include "model/Error.h"
#include "model/text/HtmlEntities.h"

#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include <array>
#include <map>

namespace tagalign::model::text {

namespace {

using icu::UnicodeString;

const icu::Normalizer2& normalizer(const char* kind)
{
    UErrorCode status = U_ZERO_ERROR;
    const bool isCompatible = std::string_view(kind) == "NFKC";
    const auto* found = isCompatible ? icu::Normalizer2::getNFKCInstance(status)
                                     : icu::Normalizer2::getNFCInstance(status);
    if (U_FAILURE(status)) {
        throw Error(std::string("ICU cannot normalise text: ") + u_errorName(status));
    }
    return *found;
}

UnicodeString normalized(const UnicodeString& text, const char* kind)
{
    UErrorCode status = U_ZERO_ERROR;
    UnicodeString result = normalizer(kind).normalize(text, status);
    return U_SUCCESS(status) ? result : text;
}

/// Windows-1252's upper control range, 0x80 to 0x9F; 0: not assigned.
constexpr std::array<UChar32, 32> kWindows1252{
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

UChar32 fixedC1(UChar32 c)
{
    if (c < 0x80 || c > 0x9F) {
        return c;
    }
    const UChar32 mapped = kWindows1252[std::size_t(c - 0x80)];
    return mapped == 0 ? c : mapped;
}

/// What a numeric reference stands for by the HTML 5 rules (Python's html.unescape).
UnicodeString referencedCharacter(std::uint64_t number)
{
    const bool isNoncharacter =
        (number >= 0xFDD0 && number <= 0xFDEF) || (number & 0xFFFE) == 0xFFFE;
    if (number == 0 || (number >= 0xD800 && number <= 0xDFFF) || number > 0x10FFFF) {
        return UnicodeString(UChar32(0xFFFD));
    }
    const auto c = UChar32(number);
    if (c >= 0x80 && c <= 0x9F) {
        return UnicodeString(fixedC1(c));
    }
    if (c < 0x09 || c == 0x0B || (c >= 0x0E && c <= 0x1F) || c == 0x7F || isNoncharacter) {
        return {};
    }
    return UnicodeString(c);
}

std::string utf8(const UnicodeString& text)
{
    std::string bytes;
    text.toUTF8String(bytes);
    return bytes;
}

bool isDigit(UChar c, bool isHex)
{
    return (c >= '0' && c <= '9') || (isHex && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')));
}

/// A numeric reference from `start`, which is at '#': its text and one past its end, or -1.
std::pair<UnicodeString, int32_t> numericReference(const UnicodeString& text, int32_t start)
{
    int32_t position = start + 1;
    const bool isHex = text.charAt(position) == 'x' || text.charAt(position) == 'X';
    position += isHex ? 1 : 0;
    const int32_t digits = position;
    std::uint64_t number = 0;
    for (; position < text.length() && isDigit(text.charAt(position), isHex); ++position) {
        const UChar c = text.charAt(position);
        const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
        number =
            std::min<std::uint64_t>(number * (isHex ? 16 : 10) + std::uint64_t(digit), 0x110000);
    }
    if (position == digits) {
        return {{}, -1};
    }
    if (text.charAt(position) == ';') {
        ++position;
    }
    return {referencedCharacter(number), position};
}

/// Python's html.unescape.
UnicodeString htmlUnescaped(const UnicodeString& text)
{
    constexpr int32_t kLongestName = 32;
    UnicodeString result;
    int32_t position = 0;
    while (position < text.length()) {
        const UChar c = text.charAt(position);
        if (c != '&') {
            result.append(c);
            ++position;
            continue;
        }
        if (text.charAt(position + 1) == '#') {
            const auto [character, end] = numericReference(text, position + 1);
            if (end < 0) {
                result.append(c);
                ++position;
            } else {
                result.append(character);
                position = end;
            }
            continue;
        }
        int32_t end = position + 1;
        for (int32_t count = 0; end < text.length() && count < kLongestName; ++count) {
            const UChar next = text.charAt(end);
            if (next == '\t' || next == '\n' || next == '\f' || next == ' ' || next == '<' ||
                next == '&' || next == '#' || next == ';') {
                break;
            }
            end = text.moveIndex32(end, 1);
        }
        if (end > position + 1 && text.charAt(end) == ';') {
            ++end;
        }
        const UnicodeString name = text.tempSubStringBetween(position + 1, end);
        int32_t length = name.length();
        std::optional<std::string_view> found;
        // The whole name first, then its longest beginning of at least two characters.
        for (; length > 1 && !found; --length) {
            found = htmlEntity(utf8(name.tempSubString(0, length)), EntitySet::Html5);
        }
        if (found) {
            result.append(
                UnicodeString::fromUTF8(icu::StringPiece(found->data(), int(found->size()))));
            result.append(name.tempSubString(length + 1));
        } else {
            result.append(c).append(name);
        }
        position = end;
    }
    return result;
}

/// ftfy's unescape_html: only whole references that end in ';'.
UnicodeString carefullyUnescaped(const UnicodeString& text)
{
    constexpr int32_t kLongestReference = 24;
    UnicodeString result;
    int32_t position = 0;
    while (position < text.length()) {
        const int32_t start = position;
        int32_t end = position + 1;
        if (text.charAt(start) == '&') {
            const bool isNumeric = text.charAt(end) == '#';
            end += isNumeric ? 1 : 0;
            const int32_t nameStart = end;
            while (end < text.length() && end - nameStart < kLongestReference &&
                   text.charAt(end) < 0x80 && std::isalnum(text.charAt(end)) != 0) {
                ++end;
            }
            if (end > nameStart && text.charAt(end) == ';') {
                const UnicodeString reference = text.tempSubStringBetween(start, end + 1);
                const UnicodeString name = reference.tempSubString(1);
                if (const auto known = htmlEntity(utf8(name), EntitySet::UpperCase)) {
                    result.append(UnicodeString::fromUTF8(
                        icu::StringPiece(known->data(), int(known->size()))));
                    position = end + 1;
                    continue;
                }
                const UnicodeString decoded = isNumeric ? htmlUnescaped(reference) : reference;
                result.append(decoded.indexOf(';') >= 0 ? reference : decoded);
                position = end + 1;
                continue;
            }
        }
        result.append(text.charAt(start));
        position = start + 1;
    }
    return result;
}

const std::map<UChar32, UnicodeString>& ligatures()
{
    static const std::map<UChar32, UnicodeString> table = [] {
        std::map<UChar32, UnicodeString> map;
        const auto add = [&map](UChar32 c, const char* letters) {
            map.emplace(c, UnicodeString::fromUTF8(letters));
        };
        add(0x0132, "IJ");
        add(0x0133, "ij");
        add(0x0149, "\xCA\xBCn");
        add(0x01F1, "DZ");
        add(0x01F2, "Dz");
        add(0x01F3, "dz");
        add(0x01C4, "D\xC5\xBD");
        add(0x01C5, "D\xC5\xBE");
        add(0x01C6, "d\xC5\xBE");
        add(0x01C7, "LJ");
        add(0x01C8, "Lj");
        add(0x01C9, "lj");
        add(0x01CA, "NJ");
        add(0x01CB, "Nj");
        add(0x01CC, "nj");
        add(0xFB00, "ff");
        add(0xFB01, "fi");
        add(0xFB02, "fl");
        add(0xFB03, "ffi");
        add(0xFB04, "ffl");
        add(0xFB05, "\xC5\xBFt");
        add(0xFB06, "st");
        return map;
    }();
    return table;
}

bool isUnwantedControl(UChar32 c)
{
    return c < 0x09 || c == 0x0B || (c >= 0x0E && c < 0x20) || c == 0x7F ||
           (c >= 0x206A && c < 0x2070) || c == 0xFEFF || (c >= 0xFFF9 && c < 0xFFFD);
}

/// One character after ftfy's single-character repairs, in ftfy's order up to line breaks.
UnicodeString repaired(UChar32 original)
{
    const UChar32 c = fixedC1(original);
    if (const auto found = ligatures().find(c); found != ligatures().end()) {
        UnicodeString letters = found->second;
        return letters.findAndReplace(UnicodeString(UChar32(0x02BC)), UnicodeString(u'\''));
    }
    if (c == 0x3000) {
        return UnicodeString(u' ');
    }
    if (c > 0xFF00 && c < 0xFFF0) {
        return normalized(UnicodeString(c), "NFKC");
    }
    if (c == 0x02BC || (c >= 0x2018 && c <= 0x201B)) {
        return UnicodeString(u'\'');
    }
    if (c >= 0x201C && c <= 0x201F) {
        return UnicodeString(u'"');
    }
    if (c == '\r' || c == 0x2028 || c == 0x2029 || c == 0x85) {
        return UnicodeString(u'\n'); // white space all the same to what follows
    }
    return UnicodeString(U_IS_SURROGATE(c) ? UChar32(0xFFFD) : c);
}

/// "\033[36;44m" and the like.
UnicodeString withoutTerminalEscapes(const UnicodeString& text)
{
    UnicodeString result;
    int32_t position = 0;
    while (position < text.length()) {
        if (text.charAt(position) == 0x1B && text.charAt(position + 1) == '[') {
            int32_t end = position + 2;
            while (end < text.length() &&
                   (u_isdigit(text.charAt(end)) != 0 || text.charAt(end) == ';')) {
                ++end;
            }
            const UChar letter = end < text.length() ? text.charAt(end) : UChar(0);
            if (letter < 0x80 && std::isalpha(letter) != 0) {
                position = end + 1;
                continue;
            }
        }
        result.append(text.charAt(position++));
    }
    return result;
}

UnicodeString repairedOnce(const UnicodeString& text, bool unescape)
{
    const UnicodeString source = unescape ? carefullyUnescaped(text) : text;
    UnicodeString repairedText;
    for (int32_t i = 0; i < source.length(); i = source.moveIndex32(i, 1)) {
        repairedText.append(repaired(source.char32At(i)));
    }
    repairedText = withoutTerminalEscapes(repairedText);
    UnicodeString result;
    for (int32_t i = 0; i < repairedText.length(); i = repairedText.moveIndex32(i, 1)) {
        const UChar32 c = repairedText.char32At(i);
        if (!isUnwantedControl(c)) {
            result.append(c);
        }
    }
    return normalized(result, "NFC");
}

/// ftfy.fix_text: line by line, each until nothing changes. A '<' ends entity decoding for the
/// rest of the text, since it may be HTML.
UnicodeString fixedText(const UnicodeString& text)
{
    UnicodeString result;
    bool unescape = true;
    int32_t position = 0;
    while (position < text.length()) {
        const int32_t lineBreak = text.indexOf(u'\n', position);
        const int32_t end = lineBreak < 0 ? text.length() : lineBreak + 1;
        UnicodeString segment = text.tempSubStringBetween(position, end);
        unescape = unescape && segment.indexOf(u'<') < 0;
        for (;;) {
            const UnicodeString next = repairedOnce(segment, unescape);
            if (next == segment) {
                break;
            }
            segment = next;
        }
        result.append(segment);
        position = end;
    }
    return result;
}

/// Python's str.isspace.
bool isSpace(UChar32 c)
{
    return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
           c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
           c == 0x202F || c == 0x205F || c == 0x3000;
}

UnicodeString withSingleBlanks(const UnicodeString& text)
{
    UnicodeString result;
    bool isGap = false;
    for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
        const UChar32 c = text.char32At(i);
        if (isSpace(c)) {
            isGap = !result.isEmpty();
            continue;
        }
        if (isGap) {
            result.append(u' ');
            isGap = false;
        }
        result.append(c);
    }
    return result;
}

UnicodeString fromUtf8(std::string_view text)
{
    return UnicodeString::fromUTF8(icu::StringPiece(text.data(), int(text.size())));
}

} // namespace

std::string cleanText(std::string_view text)
{
    UnicodeString cleaned =
        withSingleBlanks(htmlUnescaped(htmlUnescaped(fixedText(fromUtf8(text)))));
    return utf8(cleaned.toLower(icu::Locale::getRoot()));
}

std::string withoutPunctuation(std::string_view text, Letters letters)
{
    UnicodeString source = fromUtf8(text);
    if (letters == Letters::Lower) {
        source.toLower(icu::Locale::getRoot());
    }
    UnicodeString rest;
    for (int32_t i = 0; i < source.length(); ++i) {
        const UChar c = source.charAt(i);
        const bool isWord =
            (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (c <= ' ' || c >= 0x7F || isWord) {
            rest.append(c);
        }
    }
    return utf8(withSingleBlanks(rest));
}

} // namespace tagalign::model::text
