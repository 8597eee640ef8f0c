#include "model/eval/PilotSimulation.h"

#include "model/Error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <utility>

namespace tagalign::model::eval {

namespace {

using Generator = std::mt19937_64;

constexpr std::size_t kTopics = 5;
constexpr double kTopicShare = 0.3;  // of the variance that decides whether a tag is there
constexpr double kRepeats = 1.0 / 7; // images that show the scene of the one before
constexpr double kRepeatNoise = 0.5; // share of score noise that a repeated scene keeps
constexpr double kImageShare = 0.2;  // of score noise that all tags of an image have in common
constexpr double kMostFrequent = 0.35;
constexpr double kLeastFrequent = 0.005;
constexpr double kTagSpread = 0.5;    // of the tags' separations
constexpr double kModelSpread = 0.25; // of how a model's separations differ from the frozen one's
constexpr double kHighestMap = 0.75;  // a base above leaves no room for the effect
// Share of score noise that two models have in common; on the demo pilots 0.86 to 0.98.
constexpr double kLeastCommon = 0.75;
constexpr double kMostCommon = 0.95;
constexpr std::ptrdiff_t kFewPositives = 5; // a tag on fewer test images is not judged by
constexpr std::size_t kLeastImages = 20;

double uniform(Generator& generator, double low, double high)
{
    return std::uniform_real_distribution<double>(low, high)(generator);
}

double normal(Generator& generator)
{
    return std::normal_distribution<double>()(generator);
}

/// Share of a standard normal above x.
double above(double x)
{
    return 0.5 * std::erfc(x / std::numbers::sqrt2);
}

/// x with above(x) == share.
double pointAbove(double share)
{
    double low = -8.0;
    double high = 8.0;
    for (int step = 0; step < 60; ++step) {
        const double middle = (low + high) / 2.0;
        (above(middle) > share ? low : high) = middle;
    }
    return low;
}

/// Average precision on infinitely many images: the mean precision at a present image's score,
/// where absent ones score N(0, 1) and present ones N(separation, 1).
double truePrecision(double frequency, double separation)
{
    constexpr int kSteps = 60;
    constexpr double kReach = 6.0; // standard deviations
    double sum = 0.0;
    double weights = 0.0;
    for (int step = -kSteps; step <= kSteps; ++step) {
        const double z = kReach * step / kSteps;
        const double weight = std::exp(-0.5 * z * z);
        const double found = frequency * above(z);
        const double alerts = (1.0 - frequency) * above(z + separation);
        sum += weight * found / (found + alerts);
        weights += weight;
    }
    return sum / weights;
}

struct Tags
{
    std::vector<double> frequencies;
    std::vector<double> before; ///< separations
    std::vector<double> whole;
    std::vector<double> after;
};

/// Over the tags that the pilot can be judged by.
double trueMap(const Tags& tags, const std::vector<double>& separations,
               const std::vector<std::size_t>& measured, double shift = 0.0)
{
    double sum = 0.0;
    for (const std::size_t tag : measured) {
        sum += truePrecision(tags.frequencies[tag], separations[tag] + shift);
    }
    return sum / double(measured.size());
}

Tags drawTags(Generator& generator)
{
    const auto count = std::size_t(std::exp(uniform(generator, std::log(8.0), std::log(61.0))));
    const double power = uniform(generator, 0.6, 1.1);
    const double separation = uniform(generator, 0.8, 2.2);
    Tags tags;
    for (std::size_t tag = 0; tag < count; ++tag) {
        tags.frequencies.push_back(
            std::max(kLeastFrequent, kMostFrequent * std::pow(double(tag + 1), -power)));
        tags.before.push_back(separation + kTagSpread * normal(generator));
        tags.whole.push_back(tags.before.back() + kModelSpread * normal(generator));
        tags.after.push_back(tags.before.back() + kModelSpread * normal(generator));
    }
    return tags;
}

/// What to add to the head's separations so that its true mAP is the wanted one.
double shiftFor(const Tags& tags, const std::vector<std::size_t>& measured, double wanted)
{
    double low = -6.0;
    double high = 6.0;
    for (int step = 0; step < 30; ++step) {
        const double middle = (low + high) / 2.0;
        (trueMap(tags, tags.after, measured, middle) < wanted ? low : high) = middle;
    }
    return low;
}

enum Model : std::size_t { Before, Whole, After, kModels };

/// Noise of one score, or of an image's scores: what the models have in common, and each one's own.
using Noise = std::array<double, kModels + 1>;

/// What decides on one image; all standard normal.
struct Scene
{
    std::array<double, kTopics> topics{};
    std::vector<double> own; ///< [tag], of the labels
    Noise image{};
    std::vector<Noise> scores; ///< [tag]
};

Scene drawScene(std::size_t tags, Generator& generator)
{
    Scene scene;
    const auto draw = [&generator] { return normal(generator); };
    std::generate(scene.topics.begin(), scene.topics.end(), draw);
    scene.own.resize(tags);
    std::generate(scene.own.begin(), scene.own.end(), draw);
    std::generate(scene.image.begin(), scene.image.end(), draw);
    scene.scores.resize(tags);
    for (Noise& noise : scene.scores) {
        std::generate(noise.begin(), noise.end(), draw);
    }
    return scene;
}

double mixed(double kept, double drawn, double share)
{
    return std::sqrt(share) * kept + std::sqrt(1.0 - share) * drawn;
}

void keepSome(const Noise& kept, Noise& drawn)
{
    for (std::size_t i = 0; i < drawn.size(); ++i) {
        drawn[i] = mixed(kept[i], drawn[i], kRepeatNoise);
    }
}

/// The same scene photographed once more.
Scene repeated(const Scene& scene, Generator& generator)
{
    Scene next = drawScene(scene.own.size(), generator);
    next.topics = scene.topics;
    next.own = scene.own;
    keepSome(scene.image, next.image);
    for (std::size_t tag = 0; tag < next.scores.size(); ++tag) {
        keepSome(scene.scores[tag], next.scores[tag]);
    }
    return next;
}

std::vector<Scene> drawScenes(std::size_t images, std::size_t tags, Generator& generator)
{
    std::vector<Scene> scenes{drawScene(tags, generator)};
    while (scenes.size() < images) {
        const bool repeats = uniform(generator, 0.0, 1.0) < kRepeats;
        scenes.push_back(repeats ? repeated(scenes.back(), generator) : drawScene(tags, generator));
    }
    return scenes;
}

/// Unit vector: how much each topic speaks for a tag.
std::array<double, kTopics> drawLoading(Generator& generator)
{
    std::array<double, kTopics> loading{};
    double squares = 0.0;
    for (double& part : loading) {
        part = normal(generator);
        squares += part * part;
    }
    for (double& part : loading) {
        part /= std::sqrt(squares);
    }
    return loading;
}

std::vector<Label> labelsOf(double frequency, std::size_t tag, const std::vector<Scene>& scenes,
                            Generator& generator)
{
    const auto loading = drawLoading(generator);
    const double limit = pointAbove(frequency);
    std::vector<Label> labels;
    for (const Scene& scene : scenes) {
        const double topics =
            std::inner_product(loading.begin(), loading.end(), scene.topics.begin(), 0.0);
        const bool isPresent = mixed(topics, scene.own[tag], kTopicShare) > limit;
        labels.push_back(isPresent ? Label::Present : Label::Absent);
    }
    return labels;
}

/// @param common share of the noise that the models have in common.
std::vector<float> scoresOf(Model model, double separation, std::size_t tag,
                            const std::vector<Scene>& scenes, const std::vector<Label>& labels,
                            double common)
{
    const auto noiseOf = [&](const Noise& noise) {
        return mixed(noise[0], noise[model + 1], common);
    };
    std::vector<float> scores;
    for (std::size_t image = 0; image < scenes.size(); ++image) {
        const double noise =
            mixed(noiseOf(scenes[image].image), noiseOf(scenes[image].scores[tag]), kImageShare);
        scores.push_back(float(noise + (labels[image] == Label::Present ? separation : 0.0)));
    }
    return scores;
}

std::vector<std::size_t> measuredTags(const std::vector<std::vector<Label>>& labels)
{
    std::vector<std::size_t> measured;
    for (std::size_t tag = 0; tag < labels.size(); ++tag) {
        if (std::count(labels[tag].begin(), labels[tag].end(), Label::Present) >= kFewPositives) {
            measured.push_back(tag);
        }
    }
    return measured;
}

/// @return nothing if the base leaves no room for the effect, or no tag can be measured.
std::optional<SimulatedPilot> tryPilot(const SimulationSettings& settings, Generator& generator)
{
    const Tags tags = drawTags(generator);
    const double common = uniform(generator, kLeastCommon, kMostCommon);
    const auto scenes = drawScenes(settings.images, tags.frequencies.size(), generator);
    SimulatedPilot pilot;
    for (std::size_t tag = 0; tag < tags.frequencies.size(); ++tag) {
        pilot.labels.push_back(labelsOf(tags.frequencies[tag], tag, scenes, generator));
    }
    const auto measured = measuredTags(pilot.labels);
    if (measured.empty()) {
        return std::nullopt;
    }
    pilot.trueBefore = trueMap(tags, tags.before, measured);
    pilot.trueWhole = trueMap(tags, tags.whole, measured);
    const double base = std::max(pilot.trueBefore, pilot.trueWhole);
    if (base > kHighestMap) {
        return std::nullopt;
    }
    const double shift = shiftFor(tags, measured, (1.0 + settings.effect) * base);
    pilot.trueAfter = trueMap(tags, tags.after, measured, shift);
    for (std::size_t tag = 0; tag < tags.frequencies.size(); ++tag) {
        const auto scores = [&](Model model, double separation) {
            return scoresOf(model, separation, tag, scenes, pilot.labels[tag], common);
        };
        pilot.before.push_back(scores(Before, tags.before[tag]));
        pilot.whole.push_back(scores(Whole, tags.whole[tag]));
        pilot.after.push_back(scores(After, tags.after[tag] + shift));
    }
    return pilot;
}

} // namespace

SimulatedPilot simulatePilot(const SimulationSettings& settings)
{
    if (settings.images < kLeastImages || !(std::abs(settings.effect) <= 0.5)) {
        throw RangeError("a simulated pilot needs at least " + std::to_string(kLeastImages) +
                         " images and an effect within ±0.5");
    }
    Generator generator(settings.seed);
    for (;;) {
        if (auto pilot = tryPilot(settings, generator)) {
            return std::move(*pilot);
        }
    }
}

} // namespace tagalign::model::eval
