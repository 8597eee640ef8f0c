#include "app/commands/Commands.h"
#include "app/commands/Console.h"
#include "app/jobs/PretrainJob.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace tagalign::app {

void addPretrainCommand(CLI::App& program, RunCommand& run)
{
    struct Options
    {
        std::string folder;
        std::string from;
        model::pipeline::PretrainSettings settings;
    };

    auto options = std::make_shared<Options>();
    CLI::App* verb = program.add_subcommand(
        "pretrain", "Train the demo's small CLIP from scratch on composed pictures");
    verb->add_option("--out", options->folder, "Folder for the checkpoint")->required();
    verb->add_option("--samples", options->settings.samples, "Pictures to learn from")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    verb->add_option("--minutes", options->settings.minutes,
                     "Instead: how long to train; the learning rate follows the clock")
        ->check(CLI::PositiveNumber);
    verb->add_option("--batch", options->settings.batchSize, "Pictures a step")
        ->check(CLI::Range(2, 4096))
        ->capture_default_str();
    verb->add_option("--threads", options->settings.threads, "CPU threads")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    verb->add_option("--seed", options->settings.seed, "Seed of weights and pictures")
        ->check(CLI::Range(0, 89'000))
        ->capture_default_str();
    verb->add_option("--rate", options->settings.learningRate, "Learning rate at its highest")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    verb->add_option(
        "--from", options->from,
        "Checkpoint that pretraining has left: go on from it with pictures of the last "
        "size");
    verb->callback([options, &run] {
        run = [options] {
            if (!options->from.empty()) {
                options->settings.from = options->from;
                const int side = options->settings.stages.back().side;
                options->settings.stages = {{0.8, side, 0.5}, {0.2, side}};
            }
            Console console;
            const PretrainSummary summary = pretrainStarter(QString::fromStdString(options->folder),
                                                            options->settings, console);
            console.say(QStringLiteral("Trained in %1 minutes.").arg(summary.minutes, 0, 'f', 1));
            print(summary.sentence());
            return kDone;
        };
    });
}

} // namespace tagalign::app
