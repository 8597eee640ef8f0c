#include "app/commands/Commands.h"
#include "app/commands/Console.h"
#include "app/jobs/CaptionParsers.h"
#include "model/tags/CaptionLanguage.h"
#include "model/tags/ParsedJson.h"

#include <CLI/CLI.hpp>

#include <iostream>

namespace tagalign::app {

void addParseCommand(CLI::App& program, RunCommand& run)
{
    CLI::App* verb = program.add_subcommand(
        "parse", "Read tags out of captions on standard input, a line each; prints JSON lines");
    verb->callback([&run] {
        run = [] {
            CaptionParsers parsers;
            std::string caption;
            while (std::getline(std::cin, caption)) {
                const auto& parser =
                    parsers.of(QLatin1String(model::tags::captionLanguage(caption)));
                std::cout << model::tags::parsedToJson(caption, parser.parse(caption)) << '\n';
            }
            return kDone;
        };
    });
}

} // namespace tagalign::app
