#include "app/commands/Commands.h"
#include "app/commands/Console.h"
#include "app/jobs/CaptionParsers.h"
#include "model/tags/learned/ParserTraining.h"

#include <CLI/CLI.hpp>

#include <QCoreApplication>
#include <QElapsedTimer>

#include <memory>

namespace tagalign::app {

namespace {

struct Options
{
    model::tags::ParserTrainingSettings settings;
    std::string out;
};

QString sentence(const model::tags::ParserFigures& figures)
{
    return QCoreApplication::translate(
               "TrainParser", "held-out F1 of objects %1, of pairs %2; calibration error %3 and %4")
        .arg(figures.objects, 0, 'f', 3)
        .arg(figures.pairs, 0, 'f', 3)
        .arg(figures.objectError, 0, 'f', 3)
        .arg(figures.pairError, 0, 'f', 3);
}

int trainParser(Options options)
{
    if (options.settings.grammar.empty()) {
        options.settings.grammar = parserFolder().toStdString() + "/grammar.json";
    }
    Console console;
    QElapsedTimer timer;
    timer.start();
    const auto figures = model::tags::trainParser(
        options.settings, options.out, [&console](const model::tags::ParserEpoch& epoch) {
            console.say(QCoreApplication::translate("TrainParser", "Epoch %1 of %2: loss %3, %4.")
                            .arg(epoch.epoch)
                            .arg(epoch.epochs)
                            .arg(epoch.loss, 0, 'f', 4)
                            .arg(sentence(epoch.heldOut)));
            return console.isCancelled() ? model::Next::Stop : model::Next::Continue;
        });
    print(QCoreApplication::translate("TrainParser", "Trained in %1 minutes: %2.")
              .arg(double(timer.elapsed()) / 60'000.0, 0, 'f', 1)
              .arg(sentence(figures)));
    return kDone;
}

} // namespace

void addTrainParserCommand(CLI::App& program, RunCommand& run)
{
    auto options = std::make_shared<Options>();
    auto& settings = options->settings;
    CLI::App* verb = program.add_subcommand(
        "train-parser", "Train the caption parser from annotated captions (JSON lines)");
    verb->add_option("--data", settings.captions,
                     "Annotated captions: caption, objects, attributes")
        ->required();
    verb->add_option("--out", options->out, "File for the weights")->required();
    verb->add_option("--grammar", settings.grammar,
                     "Grammar of further captions; default: the program's");
    verb->add_option("--seed", settings.seed, "Seed of weights, order and generated captions")
        ->capture_default_str();
    verb->add_option("--epochs", settings.epochs, "Passes over the captions")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    verb->add_option("--generated", settings.generated, "Captions by the grammar, each epoch")
        ->check(CLI::Range(0, 10'000'000))
        ->capture_default_str();
    verb->add_option("--rate", settings.learningRate, "Learning rate at its highest")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    verb->add_option("--threads", settings.threads, "CPU threads")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    verb->callback([options, &run] { run = [options] { return trainParser(*options); }; });
}

} // namespace tagalign::app
