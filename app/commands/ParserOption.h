#pragma once

#include "app/jobs/CaptionParsers.h"

namespace CLI {
class App;
}

namespace tagalign::app {

/// --parser learned|rules
void addParserOption(CLI::App& verb, EnglishParser& parser);

} // namespace tagalign::app
