#include "app/commands/Commands.h"
#include "app/commands/Console.h"
#include "app/demo/DemoPairs.h"
#include "app/jobs/DemoJob.h"
#include "app/jobs/EncodeJob.h"
#include "app/jobs/ImportJob.h"
#include "app/jobs/TagJob.h"
#include "app/jobs/TrainJob.h"

#include <CLI/CLI.hpp>

#include <QElapsedTimer>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTemporaryDir>

#include <future>
#include <memory>

namespace tagalign::app {

namespace {

struct Options
{
    int rounds = 5;
    int threads = 2;
    bool json = false;
};

/// Scenes like those of pretraining, in memory, for some seconds on each thread.
int benchScenes(const Options& options)
{
    constexpr int kWarmUp = 3000; // sprites are drawn and kept
    const auto compose = [&options](SceneSettings settings, quint32 seed) {
        SceneComposer composer(std::move(settings), seed);
        SceneCaptions captions({}, seed);
        QElapsedTimer timer;
        int scenes = -kWarmUp;
        for (timer.start(); scenes < 0 || timer.elapsed() < qint64(options.rounds) * 1000;
             ++scenes) {
            if (scenes == 0) {
                timer.restart();
            }
            (void)captions.caption(composer.next(), CaptionLanguage::English);
        }
        return double(scenes) * 1000.0 / double(timer.elapsed());
    };
    QJsonObject rates;
    for (const DemoPilot& pilot : demoPilots()) {
        SceneSettings settings = pilot.scenes;
        settings.side = 96;
        std::vector<std::future<double>> threads;
        threads.reserve(std::size_t(options.threads));
        for (int thread = 0; thread < options.threads; ++thread) {
            threads.push_back(
                std::async(std::launch::async, compose, settings, quint32(thread + 1)));
        }
        double rate = 0.0;
        for (std::future<double>& thread : threads) {
            rate += thread.get();
        }
        rates[pilot.name] = rate;
        if (!options.json) {
            print(QStringLiteral("%1 %2 scenes/s with captions, 96 pixels, %3 threads")
                      .arg(pilot.name, -16)
                      .arg(rate, 8, 'f', 0)
                      .arg(options.threads));
        }
    }
    if (options.json) {
        printJson({{"scenes_per_second", rates}, {"threads", options.threads}});
    }
    return kDone;
}

/// Training on features that are encoded once, against encoding every image at every step as the
/// official code does. On a demo pilot.
int benchTrain(const Options& options)
{
    const QTemporaryDir folder;
    const Project project = Project::openOrCreate(folder.filePath(QStringLiteral("bench")));
    Console console;
    (void)importPairs(project, makeDemoPairs(project, demoPilots().first(), kDemoPictures, console),
                      console);
    (void)extractTags(project, console);
    const EncodeSummary encoding = encodeProject(project, console);
    const db::Run run = trainProject(project, {}, console, {});
    QFile file(project.runFolder(run.folder) + QStringLiteral("/run.json"));
    if (!file.open(QIODevice::ReadOnly)) {
        throw model::Error(file.fileName().toStdString() + ": the run has left no record");
    }
    const QJsonObject record = QJsonDocument::fromJson(file.readAll()).object();
    const int epochs = model::pipeline::TrainSettings().epochs;
    const int images = record["data"]["train_images"].toInt();
    const double cached = record["seconds"].toDouble() / epochs;
    const double encoded = encoding.seconds / encoding.encoded * images;
    const double ratio = (cached + encoded) / cached;
    if (!options.json) {
        print(QStringLiteral("%1 training images, %2 epochs: %3 s on cached features (goal 120 s); "
                             "an epoch takes %4 s, and would take %5 s with encoding at every "
                             "step: %6 times as long")
                  .arg(images)
                  .arg(epochs)
                  .arg(cached * epochs, 0, 'f', 1)
                  .arg(cached, 0, 'f', 2)
                  .arg(cached + encoded, 0, 'f', 2)
                  .arg(ratio, 0, 'f', 1));
    } else {
        printJson({{"train_images", images},
                   {"epochs", epochs},
                   {"seconds", cached * epochs},
                   {"seconds_per_epoch", cached},
                   {"encoding_seconds_per_epoch", encoded},
                   {"ratio", ratio}});
    }
    return kDone;
}

} // namespace

void addBenchCommand(CLI::App& program, RunCommand& run)
{
    auto options = std::make_shared<Options>();
    CLI::App* verb =
        program.add_subcommand("bench", "Measure speeds on this machine, and the decision rule");
    verb->require_subcommand(1);
    CLI::App* scenes = verb->add_subcommand("scenes", "The demo's scenes, composed in memory");
    scenes->add_option("--threads", options->threads, "That compose")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    scenes->add_option("--rounds", options->rounds, "Seconds a pilot")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    scenes->add_flag("--json", options->json, "Print JSON");
    scenes->callback([options, &run] { run = [options] { return benchScenes(*options); }; });
    CLI::App* train = verb->add_subcommand(
        "train", "A demo pilot's training on cached features, against encoding at every step");
    train->add_flag("--json", options->json, "Print JSON");
    train->callback([options, &run] { run = [options] { return benchTrain(*options); }; });
    addModelBench(*verb, run);
    addParseBench(*verb, run);
    addGoNoGoBench(*verb, run);
}

} // namespace tagalign::app
