#include "app/commands/Commands.h"
#include "app/commands/Console.h"
#include "app/jobs/Decision.h"
#include "app/jobs/EvaluateJob.h"
#include "model/Progress.h"
#include "model/eval/PilotSimulation.h"
#include "model/pipeline/TagFigures.h"

#include <CLI/CLI.hpp>

#include <QJsonObject>

#include <array>
#include <atomic>
#include <future>
#include <memory>
#include <numeric>

namespace tagalign::app {

namespace {

struct Options
{
    int pilots = 1000;
    int images = 200;
    int resamples = 2000;
    int threads = 2;
    double effect = 0.2;
    std::uint64_t seed = 1;
    bool json = false;
};

/// Outcomes of pilots with the same truth.
struct Tally
{
    std::array<int, 4> outcomes{}; ///< by model::eval::Decision
    int covered = 0;               ///< the interval held the true difference

    [[nodiscard]] int go() const { return outcomes[0] + outcomes[1]; }
};

/// The figures and the decision as for a real run: the same code.
void judge(const model::eval::SimulatedPilot& pilot, const Options& options, std::uint64_t seed,
           Tally& tally)
{
    std::vector<std::size_t> tags(pilot.labels.size());
    std::iota(tags.begin(), tags.end(), std::size_t(0));
    const auto before = model::pipeline::rankingsOf(pilot.before, pilot.labels);
    const auto whole = model::pipeline::rankingsOf(pilot.whole, pilot.labels);
    const auto after = model::pipeline::rankingsOf(pilot.after, pilot.labels);
    const auto frequent = model::pipeline::frequentTags(before, tags);
    const auto mean = [&frequent](const auto& rankings) {
        return [&rankings, &frequent](model::pipeline::Weights weights) {
            return model::pipeline::meanPrecision(rankings, frequent, weights);
        };
    };
    const auto images = std::size_t(options.images);
    const std::vector<model::pipeline::Figure> figures{
        {{.metric = "frequent tag mAP", .kind = "attributes", .images = images},
         mean(before),
         mean(after)},
        {{.metric = "frequent tag mAP against the whole-image vector",
          .kind = "attributes",
          .images = images},
         mean(whole),
         mean(after)}};
    QList<db::Metric> metrics;
    for (const auto& row : model::pipeline::measured(
             figures, images, {.resamples = options.resamples, .seed = unsigned(seed)}, {})) {
        metrics.append(metricOf(row));
    }
    ++tally.outcomes[std::size_t(decisionOn(metrics).outcome)];
    const double difference = pilot.trueAfter - pilot.trueBefore;
    tally.covered += metrics[0].low <= difference && difference <= metrics[0].high ? 1 : 0;
}

/// Pilots are dealt to the threads in turn; each has a seed of its own.
Tally simulate(double effect, const Options& options, std::atomic<int>& done, Console& console)
{
    const auto work = [&options, &done, effect](int first) {
        Tally tally;
        for (int i = first; i < options.pilots; i += options.threads) {
            const std::uint64_t seed = options.seed * 1'000'003U + std::uint64_t(i);
            judge(model::eval::simulatePilot(
                      {.images = std::size_t(options.images), .effect = effect, .seed = seed}),
                  options, seed, tally);
            ++done;
        }
        return tally;
    };
    std::vector<std::future<Tally>> threads;
    threads.reserve(std::size_t(options.threads));
    for (int thread = 0; thread < options.threads; ++thread) {
        threads.push_back(std::async(std::launch::async, work, thread));
    }
    Tally sum;
    for (auto& thread : threads) {
        while (thread.wait_for(std::chrono::milliseconds(500)) != std::future_status::ready) {
            console.report({done, 2 * qint64(options.pilots), QStringLiteral("Simulating pilots")});
        }
        const Tally part = thread.get();
        std::transform(part.outcomes.begin(), part.outcomes.end(), sum.outcomes.begin(),
                       sum.outcomes.begin(), std::plus<>());
        sum.covered += part.covered;
    }
    return sum;
}

QJsonObject toJson(const Tally& tally)
{
    return {{"strong_go", tally.outcomes[0]},
            {"go", tally.outcomes[1]},
            {"no_go", tally.outcomes[2]},
            {"not_decided", tally.outcomes[3]}};
}

int benchGoNoGo(const Options& options)
{
    Console console;
    std::atomic<int> done = 0;
    const Tally none = simulate(0.0, options, done, console);
    const Tally some = simulate(options.effect, options, done, console);
    const double pilots = options.pilots;
    const double falseGo = none.go() / pilots;
    const double power = some.go() / pilots;
    const double coverage = (none.covered + some.covered) / (2.0 * pilots);
    if (options.json) {
        printJson({{"false_go", falseGo},
                   {"power", power},
                   {"pilots", options.pilots},
                   {"effect", options.effect},
                   {"images", options.images},
                   {"resamples", options.resamples},
                   {"interval_coverage", coverage},
                   {"outcomes_without_effect", toJson(none)},
                   {"outcomes_with_effect", toJson(some)}});
        return kDone;
    }
    print(
        QStringLiteral("%1 simulated pilots each, %2 test images, %3 resamples: \"go\" in %4 % of "
                       "those without effect (aim: at most 5 %), in %5 % of those with %6 % "
                       "(aim: at least 80 % with 20 %); the 95 % intervals held the truth in "
                       "%7 %")
            .arg(options.pilots)
            .arg(options.images)
            .arg(options.resamples)
            .arg(100.0 * falseGo, 0, 'f', 1)
            .arg(100.0 * power, 0, 'f', 1)
            .arg(100.0 * options.effect, 0, 'g', 3)
            .arg(100.0 * coverage, 0, 'f', 1));
    return kDone;
}

} // namespace

void addGoNoGoBench(CLI::App& bench, RunCommand& run)
{
    auto options = std::make_shared<Options>();
    CLI::App* verb = bench.add_subcommand(
        "go-no-go", "The decision rule on simulated pilots whose truth is known");
    verb->add_option("--pilots", options->pilots, "Without effect, and as many with one")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    verb->add_option("--images", options->images, "Test images a pilot")
        ->check(CLI::Range(20, 100'000))
        ->capture_default_str();
    verb->add_option("--effect", options->effect, "True relative change of the tag mAP")
        ->check(CLI::Range(-0.5, 0.5))
        ->capture_default_str();
    verb->add_option("--resamples", options->resamples, "Of each pilot's bootstrap")
        ->check(CLI::Range(1, 100'000))
        ->capture_default_str();
    verb->add_option("--threads", options->threads, "That simulate")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    verb->add_option("--seed", options->seed, "Other seeds, other pilots")->capture_default_str();
    verb->add_flag("--json", options->json, "Print {false_go, power, pilots, ..}");
    verb->callback([options, &run] { run = [options] { return benchGoNoGo(*options); }; });
}

} // namespace tagalign::app
