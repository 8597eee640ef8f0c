#pragma once

#include <string>

namespace CLI {
class App;
}

namespace tagalign::app {

/// --parser NAME: which one reads English captions. @param parser the best there is, if not given.
void addParserOption(CLI::App& verb, std::string& parser);

} // namespace tagalign::app
