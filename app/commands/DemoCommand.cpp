#include "app/commands/Commands.h"
#include "app/commands/Console.h"
#include "app/commands/PilotCommand.h"
#include "app/demo/DemoPairs.h"
#include "app/jobs/DemoJob.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace tagalign::app {

namespace {

struct Options
{
    std::string project = "demo.tagalign";
    int count = kDemoPictures;
    bool json = false;
    std::string folder;
    unsigned seed = DemoPairsSettings().seed;
};

int runDemo(const Options& options)
{
    const Project project = Project::openOrCreate(QString::fromStdString(options.project));
    QString pairs;
    {
        Console console;
        pairs = makeDemoPairs(project, options.count, console);
    }
    return runPilotCommand(project.folder(), {}, {pairs}, {},
                           options.json ? OutputForm::Json : OutputForm::Text);
}

int makePairs(const Options& options)
{
    Console console;
    const bool isWhole = writeDemoPairs(
        QString::fromStdString(options.folder), {.count = options.count, .seed = options.seed},
        [&](int number) {
            console.report({number, options.count, QStringLiteral("Composing demo pictures")});
            return !console.isCancelled();
        });
    if (!isWhole) {
        throw model::Cancelled();
    }
    print(QString::fromStdString(options.folder));
    return kDone;
}

} // namespace

void addDemoCommand(CLI::App& program, RunCommand& run)
{
    auto options = std::make_shared<Options>();
    CLI::App* verb = program.add_subcommand(
        "demo", "The whole pilot on composed pictures, with the model that comes with the program");
    verb->add_option("--project", options->project, "Project folder")->capture_default_str();
    verb->add_option("--count", options->count, "Pictures")
        ->check(CLI::Range(30, 100000))
        ->capture_default_str();
    verb->add_flag("--json", options->json, "Print the result as JSON");
    verb->callback([options, verb, &run] {
        if (verb->get_subcommands().empty()) {
            run = [options] { return runDemo(*options); };
        }
    });
    CLI::App* make = verb->add_subcommand("make", "Only compose pictures with captions");
    make->add_option("FOLDER", options->folder, "Where to write them")->required();
    make->add_option("--count", options->count, "Pictures")->capture_default_str();
    make->add_option("--seed", options->seed, "Other seeds, other pictures")->capture_default_str();
    make->callback([options, &run] { run = [options] { return makePairs(*options); }; });
}

} // namespace tagalign::app
