#include "model/tags/ParsedJson.h"

#include <nlohmann/json.hpp>

namespace tagalign::model::tags {

std::string parsedToJson(std::string_view caption, const ParsedCaption& parsed)
{
    using nlohmann::json;
    json line = {{"caption", caption},          {"objects", json::array()},
                 {"attributes", json::array()}, {"spans", json::array()},
                 {"confidence", json::array()}, {"absent", json::array()}};
    for (const TagKind kind : {TagKind::Object, TagKind::Attribute}) {
        for (const ParsedTag& tag : parsed.tags) {
            if (tag.kind != kind) {
                continue;
            }
            if (kind == TagKind::Object) {
                line["objects"].push_back(tag.display);
            } else {
                const std::string owner = tag.owner ? parsed.tags[*tag.owner].display : "";
                line["attributes"].push_back({owner, tag.display});
            }
            line["spans"].push_back({tag.span.start, tag.span.length});
            line["confidence"].push_back(tag.confidence);
        }
    }
    for (const ParsedAbsence& absence : parsed.absences) {
        line["absent"].push_back(absence.display);
    }
    return line.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace tagalign::model::tags
