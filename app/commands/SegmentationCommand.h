#pragma once

#include "app/commands/Commands.h"

#include <functional>
#include <string>

namespace tagalign::app {

/// Gives `evaluate` its second form, on a folder of pictures with masks.
/// @param project where --project goes; alone it means the first form. @param asJson of both forms.
/// @param evaluateProject the first form.
void addSegmentationForm(CLI::App& evaluate, RunCommand& run, std::string& project, bool& asJson,
                         const RunCommand& evaluateProject);

} // namespace tagalign::app
