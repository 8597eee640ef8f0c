#pragma once

#include "app/Project.h"
#include "app/commands/Console.h"

#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace tagalign::app {

/// The options of "tagalign tags" that are for a language model. What is left out is as the
/// project was last read.
struct LlmOptions
{
    std::string endpoint;
    std::string model;
    std::string promptFile;
    std::string promptText; ///< in place of the file's
    std::optional<int> concurrency;
    std::optional<int> captionsPerRequest;
    std::optional<double> timeoutSeconds;
    std::optional<double> inputPrice;
    std::optional<double> outputPrice;
    bool yes = false;
    bool estimate = false;
    bool json = false;
    bool readAll = false; ///< also what was read before

    void addTo(CLI::App& verb);
};

/// Says what would be sent where and what it would cost, asks (or takes --yes), reads the tags.
/// @return an exit code. @throws std::exception
int readTagsWithLlm(const Project& project, const LlmOptions& options, Console& console);

} // namespace tagalign::app
