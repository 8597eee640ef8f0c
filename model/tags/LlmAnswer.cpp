#include "model/tags/LlmAnswer.h"

#include "model/Error.h"
#include "model/tags/Grounding.h"
#include "model/tags/SpanOrder.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>

namespace tagalign::model::tags {

namespace {

using nlohmann::json;

constexpr float kInCaption = 0.9F; ///< a model gives no probability; these order the tags
constexpr float kInferred = 0.5F;
constexpr std::size_t kMostTags = 200;   ///< of one caption
constexpr std::size_t kLongestName = 80; ///< bytes

const json& field(const json& object, const char* name, json::value_t type, const char* typeName)
{
    const auto found = object.find(name);
    if (found == object.end()) {
        throw FormatError(std::string("the field \"") + name + "\" is missing");
    }
    if (found->type() != type) {
        throw FormatError(std::string("the field \"") + name + "\" is no " + typeName);
    }
    return *found;
}

const std::string& textField(const json& object, const char* name)
{
    return field(object, name, json::value_t::string, "text").get_ref<const std::string&>();
}

const json& listField(const json& object, const char* name)
{
    const json& list = field(object, name, json::value_t::array, "list");
    const bool isOfObjects =
        std::all_of(list.begin(), list.end(), [](const json& each) { return each.is_object(); });
    if (!isOfObjects) {
        throw FormatError(std::string("the list \"") + name +
                          "\" holds something else than objects");
    }
    return list;
}

/// Builds one caption's tags out of the model's.
class TagBuilder
{
public:
    TagBuilder(std::string_view caption, const WordNet& wordNet)
        : m_caption(caption),
          m_wordNet(wordNet)
    {
    }

    ParsedCaption build(const json& part)
    {
        for (const json& object : listField(part, "objects")) {
            const std::size_t owner = add(object, TagKind::Object, std::nullopt);
            for (const json& attribute : listField(object, "attributes")) {
                add(attribute, TagKind::Attribute, owner);
            }
        }
        sortBySpan(m_parsed.tags);
        return std::move(m_parsed);
    }

private:
    /// Returns the place of the tag, which may have been there already.
    std::size_t add(const json& entry, TagKind kind, std::optional<std::size_t> owner)
    {
        const std::string& name = textField(entry, "name");
        const std::string& words = textField(entry, "words");
        ParsedTag tag{.kind = kind, .lemma = normalForm(name, kind, m_wordNet), .owner = owner};
        if (tag.lemma.empty() || name.size() > kLongestName) {
            throw FormatError("a name is empty or longer than " + std::to_string(kLongestName) +
                              " bytes");
        }
        tag.display = tag.lemma;
        ground(tag, words);
        tag.confidence = tag.inferred ? kInferred : kInCaption;
        auto& tags = m_parsed.tags;
        const auto same = std::find_if(tags.begin(), tags.end(), [&tag](const ParsedTag& other) {
            return other.kind == tag.kind && other.lemma == tag.lemma && other.owner == tag.owner &&
                   other.span.start == tag.span.start && other.span.length == tag.span.length;
        });
        if (same != tags.end()) {
            return std::size_t(same - tags.begin());
        }
        if (tags.size() >= kMostTags) {
            throw FormatError("it lists more than " + std::to_string(kMostTags) + " tags");
        }
        tags.push_back(std::move(tag));
        return tags.size() - 1;
    }

    /// By the words that the model names, else by the name itself.
    void ground(ParsedTag& tag, const std::string& words) const
    {
        tag.inferred = true;
        for (const std::string& evidence : {words, tag.lemma}) {
            const std::vector<Span> places = placesOf(evidence, m_caption);
            if (!places.empty()) {
                tag.span = bestOf(places, tag);
                tag.inferred = !isNamedBy(
                    tag.lemma, m_caption.substr(tag.span.start, tag.span.length), m_wordNet);
                if (!tag.inferred) {
                    return;
                }
            }
        }
    }

    /// An attribute's words are those nearest to its object; an object's the first that no other
    /// object was read from.
    [[nodiscard]] Span bestOf(const std::vector<Span>& places, const ParsedTag& tag) const
    {
        if (tag.owner) {
            const Span owner = m_parsed.tags[*tag.owner].span;
            return *std::min_element(places.begin(), places.end(), [owner](Span a, Span b) {
                return distance(a, owner) < distance(b, owner);
            });
        }
        const auto free = std::find_if(places.begin(), places.end(), [this](Span place) {
            return std::none_of(
                m_parsed.tags.begin(), m_parsed.tags.end(), [place](const ParsedTag& other) {
                    return other.kind == TagKind::Object && other.span.start == place.start;
                });
        });
        return free == places.end() ? places.front() : *free;
    }

    /// Bytes between; a span of no length is far from all.
    static std::size_t distance(Span a, Span b)
    {
        if (b.length == 0) {
            return std::numeric_limits<std::size_t>::max();
        }
        return a.start < b.start ? b.start - std::min(b.start, a.start + a.length)
                                 : a.start - std::min(a.start, b.start + b.length);
    }

    std::string_view m_caption;
    const WordNet& m_wordNet;
    ParsedCaption m_parsed;
};

LlmReading readPart(const json& part, std::string_view caption, const WordNet& wordNet)
{
    LlmReading reading;
    try {
        reading.text = part.dump();
        reading.parsed = TagBuilder(caption, wordNet).build(part);
    } catch (const FormatError& error) {
        reading.problem = error.what();
    }
    return reading;
}

/// From the first brace to the last, past a model's thoughts.
std::string_view objectIn(std::string_view answer)
{
    constexpr std::string_view kThoughtEnd = "</think>";
    const auto thought = answer.rfind(kThoughtEnd);
    if (thought != std::string_view::npos) {
        answer.remove_prefix(thought + kThoughtEnd.size());
    }
    const auto first = answer.find('{');
    const auto last = answer.rfind('}');
    if (first == std::string_view::npos || last == std::string_view::npos || last < first) {
        throw FormatError("the answer holds no whole JSON object");
    }
    return answer.substr(first, last - first + 1);
}

json parsedJson(std::string_view text)
{
    try {
        json parsed = json::parse(text);
        if (!parsed.is_object()) {
            throw FormatError("the answer is no JSON object");
        }
        return parsed;
    } catch (const json::parse_error& error) {
        throw FormatError("the answer is no JSON (it breaks off or goes wrong at byte " +
                          std::to_string(error.byte) + ")");
    }
}

/// The parts by their number; of a number that comes twice the first.
std::vector<const json*> partsById(const json& answer, std::size_t count)
{
    std::vector<const json*> parts(count, nullptr);
    for (const json& part : listField(answer, "captions")) {
        const json& id = field(part, "id", json::value_t::number_unsigned, "number from 1 on");
        const auto number = id.get<std::uint64_t>();
        if (number >= 1 && number <= count && parts[number - 1] == nullptr) {
            parts[number - 1] = &part;
        }
    }
    return parts;
}

} // namespace

std::string_view llmAnswerSchema()
{
    return R"({"type":"object","properties":{"captions":{"type":"array","items":)"
           R"({"type":"object","properties":{"id":{"type":"integer"},"objects":{"type":"array",)"
           R"("items":{"type":"object","properties":{"name":{"type":"string"},)"
           R"("words":{"type":"string"},"attributes":{"type":"array","items":{"type":"object",)"
           R"("properties":{"name":{"type":"string"},"words":{"type":"string"}},)"
           R"("required":["name","words"],"additionalProperties":false}}},)"
           R"("required":["name","words","attributes"],"additionalProperties":false}}},)"
           R"("required":["id","objects"],"additionalProperties":false}}},)"
           R"("required":["captions"],"additionalProperties":false})";
}

std::vector<LlmReading> readLlmAnswer(std::string_view answer,
                                      const std::vector<std::string>& captions,
                                      const WordNet& wordNet)
{
    std::vector<LlmReading> readings(captions.size());
    try {
        const json parsed = parsedJson(objectIn(answer));
        const std::vector<const json*> parts = partsById(parsed, captions.size());
        for (std::size_t i = 0; i < captions.size(); ++i) {
            if (parts[i] != nullptr) {
                readings[i] = readPart(*parts[i], captions[i], wordNet);
            } else {
                readings[i].problem = "the answer leaves the caption out";
            }
        }
    } catch (const FormatError& error) {
        for (LlmReading& reading : readings) {
            reading.problem = error.what();
        }
    }
    return readings;
}

LlmReading readLlmPart(std::string_view part, std::string_view caption, const WordNet& wordNet)
{
    try {
        return readPart(parsedJson(part), caption, wordNet);
    } catch (const FormatError& error) {
        return {.problem = error.what()};
    }
}

} // namespace tagalign::model::tags
