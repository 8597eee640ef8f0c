#pragma once

#include "model/clip/PatchPath.h"

#include <map>
#include <string>

namespace tagalign::app {

/// The ways of taking patch features by the names they have on the command line; "self" is also
/// known as runs and heads call it.
[[nodiscard]] inline const std::map<std::string, model::clip::PatchPath>& patchPaths()
{
    using model::clip::PatchPath;
    static const std::map<std::string, PatchPath> paths{{"plain", PatchPath::Plain},
                                                        {"value", PatchPath::Value},
                                                        {"self", PatchPath::SelfValue},
                                                        {"self-value", PatchPath::SelfValue},
                                                        {"self-query-key", PatchPath::SelfQueryKey},
                                                        {"neighbour", PatchPath::Neighbour}};
    return paths;
}

} // namespace tagalign::app
