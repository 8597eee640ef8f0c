#pragma once

#include "db/Rows.h"
#include "model/tags/CaptionParser.h"

namespace tagalign::app {

[[nodiscard]] constexpr model::tags::TagKind modelKind(db::TagKind kind)
{
    return kind == db::TagKind::Object ? model::tags::TagKind::Object
                                       : model::tags::TagKind::Attribute;
}

[[nodiscard]] constexpr db::TagKind storedKind(model::tags::TagKind kind)
{
    return kind == model::tags::TagKind::Object ? db::TagKind::Object : db::TagKind::Attribute;
}

} // namespace tagalign::app
