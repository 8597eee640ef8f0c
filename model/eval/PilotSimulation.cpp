#include "model/eval/PilotSimulation.h"

#include "model/Error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <random>

namespace tagalign::model::eval {

namespace {

using Generator = std::mt19937_64;

constexpr std::size_t kTopics = 5;
constexpr double kTopicShare = 0.3;  // of the variance that decides whether a tag is there
constexpr double kRepeats = 1.0 / 7; // images that show the scene of the one before
constexpr double kRepeatNoise = 0.5; // share of score noise that a repeated scene keeps
constexpr double kImageShare = 0.2;  // of score noise that all tags of an image have in common
constexpr double kMostFrequent = 0.35;
constexpr double kLeastFrequent = 0.015;
constexpr double kTagSpread = 0.5;    // of the tags' separations
constexpr double kModelSpread = 0.25; // of how a model's separations differ from the frozen one's
constexpr double kHighestMap = 0.75;  // a base above leaves no room for the effect

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
    constexpr double kStep = 0.1;
    constexpr double kReach = 6.0; // standard deviations
    double sum = 0.0;
    double weights = 0.0;
    for (double z = -kReach; z <= kReach; z += kStep) {
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

double trueMap(const Tags& tags, const std::vector<double>& separations, double shift = 0.0)
{
    double sum = 0.0;
    for (std::size_t tag = 0; tag < separations.size(); ++tag) {
        sum += truePrecision(tags.frequencies[tag], separations[tag] + shift);
    }
    return sum / double(separations.size());
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

/// Moves the head's separations together until its true mAP is the wanted one.
void moveAfter(Tags& tags, double wanted)
{
    double low = -6.0;
    double high = 6.0;
    for (int step = 0; step < 30; ++step) {
        const double middle = (low + high) / 2.0;
        (trueMap(tags, tags.after, middle) < wanted ? low : high) = middle;
    }
    for (double& separation : tags.after) {
        separation += low;
    }
}

/// What decides on one image, and its noise, all standard normal.
struct Scene
{
    std::array<double, kTopics> topics{};
    std::vector<double> own; ///< [tag], of the labels
    std::array<double, 3> image{};
    std::vector<std::array<double, 4>> noise; ///< [tag][shared, before, whole, after]
};

Scene drawScene(std::size_t tags, Generator& generator)
{
    Scene scene;
    const auto draw = [&generator] { return normal(generator); };
    std::generate(scene.topics.begin(), scene.topics.end(), draw);
    scene.own.resize(tags);
    std::generate(scene.own.begin(), scene.own.end(), draw);
    std::generate(scene.image.begin(), scene.image.end(), draw);
    scene.noise.resize(tags);
    for (auto& noise : scene.noise) {
        std::generate(noise.begin(), noise.end(), draw);
    }
    return scene;
}

double mixed(double kept, double drawn, double share)
{
    return std::sqrt(share) * kept + std::sqrt(1.0 - share) * drawn;
}

/// The same scene photographed once more.
Scene repeated(const Scene& scene, Generator& generator)
{
    Scene next = drawScene(scene.own.size(), generator);
    next.topics = scene.topics;
    next.own = scene.own;
    for (std::size_t i = 0; i < next.image.size(); ++i) {
        next.image[i] = mixed(scene.image[i], next.image[i], kRepeatNoise);
    }
    for (std::size_t tag = 0; tag < next.noise.size(); ++tag) {
        for (std::size_t i = 0; i < next.noise[tag].size(); ++i) {
            next.noise[tag][i] = mixed(scene.noise[tag][i], next.noise[tag][i], kRepeatNoise);
        }
    }
    return next;
}

/// Unit vectors: how much a topic speaks for a tag.
std::vector<std::array<double, kTopics>> drawLoadings(std::size_t tags, Generator& generator)
{
    std::vector<std::array<double, kTopics>> loadings(tags);
    for (auto& loading : loadings) {
        double squares = 0.0;
        for (double& part : loading) {
            part = normal(generator);
            squares += part * part;
        }
        for (double& part : loading) {
            part /= std::sqrt(squares);
        }
    }
    return loadings;
}

class Simulator
{
public:
    Simulator(Tags tags, Generator& generator)
        : m_tags(std::move(tags)),
          m_generator(generator),
          m_loadings(drawLoadings(m_tags.frequencies.size(), generator)),
          m_sharedNoise(uniform(generator, 0.5, 0.9))
    {
        for (const double frequency : m_tags.frequencies) {
            m_limits.push_back(pointAbove(frequency));
        }
        m_pilot.labels.resize(m_limits.size());
        m_pilot.before.resize(m_limits.size());
        m_pilot.whole.resize(m_limits.size());
        m_pilot.after.resize(m_limits.size());
    }

    SimulatedPilot run(std::size_t images)
    {
        Scene scene = drawScene(m_limits.size(), m_generator);
        add(scene);
        for (std::size_t image = 1; image < images; ++image) {
            const bool repeats = uniform(m_generator, 0.0, 1.0) < kRepeats;
            scene =
                repeats ? repeated(scene, m_generator) : drawScene(m_limits.size(), m_generator);
            add(scene);
        }
        return std::move(m_pilot);
    }

private:
    void add(const Scene& scene)
    {
        for (std::size_t tag = 0; tag < m_limits.size(); ++tag) {
            double topics = 0.0;
            for (std::size_t i = 0; i < kTopics; ++i) {
                topics += scene.topics[i] * m_loadings[tag][i];
            }
            const bool isPresent = mixed(topics, scene.own[tag], kTopicShare) > m_limits[tag];
            m_pilot.labels[tag].push_back(isPresent ? Label::Present : Label::Absent);
            const auto score = [&](std::size_t model, double separation) {
                const auto& noise = scene.noise[tag];
                const double own = mixed(noise[0], noise[model + 1], m_sharedNoise);
                return float(mixed(scene.image[model], own, kImageShare) +
                             (isPresent ? separation : 0.0));
            };
            m_pilot.before[tag].push_back(score(0, m_tags.before[tag]));
            m_pilot.whole[tag].push_back(score(1, m_tags.whole[tag]));
            m_pilot.after[tag].push_back(score(2, m_tags.after[tag]));
        }
    }

    Tags m_tags;
    Generator& m_generator;
    std::vector<std::array<double, kTopics>> m_loadings;
    double m_sharedNoise; ///< share of the models' noise that they have in common
    std::vector<double> m_limits;
    SimulatedPilot m_pilot;
};

} // namespace

SimulatedPilot simulatePilot(const SimulationSettings& settings)
{
    if (settings.images < 2 || !(std::abs(settings.effect) <= 0.5)) {
        throw RangeError("a simulated pilot needs at least 2 images and an effect within ±0.5");
    }
    Generator generator(settings.seed);
    Tags tags = drawTags(generator);
    double before = trueMap(tags, tags.before);
    double whole = trueMap(tags, tags.whole);
    while (std::max(before, whole) > kHighestMap) {
        tags = drawTags(generator);
        before = trueMap(tags, tags.before);
        whole = trueMap(tags, tags.whole);
    }
    moveAfter(tags, (1.0 + settings.effect) * std::max(before, whole));
    const double after = trueMap(tags, tags.after);
    SimulatedPilot pilot = Simulator(std::move(tags), generator).run(settings.images);
    pilot.trueBefore = before;
    pilot.trueWhole = whole;
    pilot.trueAfter = after;
    return pilot;
}

} // namespace tagalign::model::eval
