#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tagalign::model::tags {

enum class TagKind { Object, Attribute };

/// Bytes of the UTF-8 caption that a tag was read from; an attribute's span is its own word(s).
struct Span
{
    std::size_t start = 0;
    std::size_t length = 0;
};

/// One tag found in a caption.
struct ParsedTag
{
    TagKind kind = TagKind::Object;
    std::string lemma;   ///< normal form that tags are merged by: lower case, singular
    std::string display; ///< as a person would write it
    Span span;
    std::optional<std::size_t> owner; ///< attributes: index into ParsedCaption::tags of its object
    float confidence = 1.0F;          ///< in (0, 1]; whether it is calibrated, the parser says
    bool inferred = false;            ///< not in the caption's own words; span: what it came from,
                                      ///< of length 0 if from none
};

/// What a caption says is not there: "no cars". Worth as much as a tag, but never one.
struct ParsedAbsence
{
    std::string lemma; ///< as a tag's, with its own modifiers: "red car"
    std::string display;
    Span span;
};

struct ParsedCaption
{
    std::vector<ParsedTag> tags;         ///< in order of their spans
    std::vector<ParsedAbsence> absences; ///< likewise
};

/// Reads object and attribute tags out of one caption. Immutable after construction, so any
/// thread may call it.
class CaptionParser
{
public:
    virtual ~CaptionParser() = default;

    /// Name and version as stored with every parse, e.g. {"rules", "1"}.
    [[nodiscard]] virtual std::string name() const = 0;
    [[nodiscard]] virtual std::string version() const = 0;

    /// @param caption UTF-8; invalid bytes are skipped. Empty gives no tags.
    [[nodiscard]] virtual ParsedCaption parse(std::string_view caption) const = 0;

    /// The same for many captions, which some parsers read faster together.
    [[nodiscard]] virtual std::vector<ParsedCaption>
    parseAll(std::span<const std::string> captions) const
    {
        std::vector<ParsedCaption> parsed;
        parsed.reserve(captions.size());
        for (const std::string& caption : captions) {
            parsed.push_back(parse(caption));
        }
        return parsed;
    }
};

} // namespace tagalign::model::tags
