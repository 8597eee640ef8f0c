#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace tagalign::model::text {

/// From texts to what a text tower takes. Immutable after construction, so any thread may call it.
class Tokenizer
{
public:
    virtual ~Tokenizer() = default;

    /// Ids of a text with its marks, cut and padded to `contextLength` as the tower was trained.
    /// @param text UTF-8. @throws RangeError if the context has no room for the marks.
    [[nodiscard]] virtual std::vector<std::int64_t> tokenize(std::string_view text,
                                                             std::size_t contextLength) const = 0;

    /// The mark behind every text.
    [[nodiscard]] virtual std::int64_t endOfText() const = 0;

    [[nodiscard]] virtual std::size_t vocabularySize() const = 0;

    /// The highest id that a text or a mark gives: the text tower must have a row for it.
    [[nodiscard]] virtual std::int64_t highestId() const = 0;

protected:
    Tokenizer() = default;
    Tokenizer(const Tokenizer&) = default;
    Tokenizer(Tokenizer&&) = default;
    Tokenizer& operator=(const Tokenizer&) = default;
    Tokenizer& operator=(Tokenizer&&) = default;
};

} // namespace tagalign::model::text
