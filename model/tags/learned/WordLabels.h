#pragma once

#include <cstdint>

namespace tagalign::model::tags {

/// What the learned parser says of one word (begin-inside-outside coding of spans).
enum class WordLabel : std::int64_t {
    None,
    ObjectBegin,
    ObjectInside,
    AttributeBegin,
    AttributeInside,
    AbsentBegin, ///< of what the caption denies: "no cars"
    AbsentInside
};

constexpr std::int64_t kLabelCount = 7;

/// The label that continues a span begun with `begin`.
constexpr WordLabel insideOf(WordLabel begin)
{
    return WordLabel(std::int64_t(begin) + 1);
}

constexpr bool isBegin(WordLabel label)
{
    return std::int64_t(label) % 2 == 1;
}

} // namespace tagalign::model::tags
