#include "app/commands/TrainOptions.h"

#include "app/jobs/QualityJob.h"

#include <CLI/CLI.hpp>

#include <vector>

namespace tagalign::app {

namespace {

using model::pipeline::Device;
using model::pipeline::TrainSettings;

template <typename Choice, std::size_t N>
std::vector<std::string> names(const std::array<Choice, N>& all)
{
    std::vector<std::string> list;
    list.reserve(N);
    for (const Choice choice : all) {
        list.push_back(nameOf(choice));
    }
    return list;
}

/// The names were checked while the command line was read.
template <typename Choice, std::size_t N>
void take(const std::string& name, const std::array<Choice, N>& all, Choice& target)
{
    target = model::align::choiceNamed(all, name).value_or(target);
}

} // namespace

void TrainOptions::addTo(CLI::App& verb)
{
    using namespace model::align;
    m_verb = &verb;
    verb.add_option("--preset", m_preset,
                    "Where the settings start: pilot (500 to 1,000 pairs) or paper (arXiv "
                    "2312.14149)")
        ->check(CLI::IsMember({"pilot", "paper"}))
        ->capture_default_str();
    verb.add_option("--head", m_head, "What is trained: " + namesOf(kHeadKinds))
        ->check(CLI::IsMember(names(kHeadKinds)));
    verb.add_option("--pooling", m_pooling,
                    "How a tag's cosines with the patches become one score: " +
                        namesOf(kTagPoolings))
        ->check(CLI::IsMember(names(kTagPoolings)));
    verb.add_option("--tag-loss", m_objective, "Loss of the tags: " + namesOf(kTagObjectives))
        ->check(CLI::IsMember(names(kTagObjectives)));
    verb.add_option("--tag-groups", m_groups,
                    "Objects and attributes under a softmax each (separate) or one (joint)")
        ->check(CLI::IsMember(names(kTagGroups)));
    verb.add_option("--caption-share", m_values.captionShare,
                    "Of the patches in the vector that captions are compared with")
        ->check(CLI::Range(0.0, 1.0));
    verb.add_option("--epochs", m_values.epochs, "Passes over the training images")
        ->check(CLI::Range(1, 10000));
    verb.add_option("--patience", m_values.patience,
                    "End after so many epochs without a better one; 0: never")
        ->check(CLI::Range(0, 10000));
    verb.add_option("--batch", m_values.batchSize, "Images a step")->check(CLI::Range(2, 4096));
    verb.add_option("--lr", m_values.learningRate, "Learning rate of AdamW")
        ->check(CLI::PositiveNumber);
    verb.add_option("--pull", m_values.pullWeight, "Weight of the pull towards the frozen model")
        ->check(CLI::NonNegativeNumber);
    verb.add_option("--caption-weight", m_values.captionWeight, "Weight of the caption loss")
        ->check(CLI::NonNegativeNumber);
    verb.add_option("--object-weight", m_values.objectWeight, "Weight of the objects' loss")
        ->check(CLI::NonNegativeNumber);
    verb.add_option("--attribute-weight", m_values.attributeWeight,
                    "Weight of the attributes' loss")
        ->check(CLI::NonNegativeNumber);
    verb.add_option("--confidence", m_values.confidenceThreshold,
                    "Unverified tags below this confidence count as unknown")
        ->check(CLI::Range(0.0, 1.0));
    verb.add_option("--seed", m_values.seed, "Seed of the order and of the head");
    verb.add_option("--device", m_device, "auto, cpu or cuda")
        ->check(CLI::IsMember({"auto", "cpu", "cuda"}));
}

TrainSettings TrainOptions::settings() const
{
    using namespace model::align;
    TrainSettings settings =
        m_preset == "paper" ? model::pipeline::paperSettings() : TrainSettings();
    take(m_head, kHeadKinds, settings.head);
    take(m_pooling, kTagPoolings, settings.pooling);
    take(m_objective, kTagObjectives, settings.tagObjective);
    take(m_groups, kTagGroups, settings.tagGroups);
    const auto takeIfGiven = [&](const char* option, auto TrainSettings::*member) {
        if (m_verb->get_option(option)->count() > 0) {
            settings.*member = m_values.*member;
        }
    };
    takeIfGiven("--caption-share", &TrainSettings::captionShare);
    takeIfGiven("--epochs", &TrainSettings::epochs);
    takeIfGiven("--patience", &TrainSettings::patience);
    takeIfGiven("--batch", &TrainSettings::batchSize);
    takeIfGiven("--lr", &TrainSettings::learningRate);
    takeIfGiven("--pull", &TrainSettings::pullWeight);
    takeIfGiven("--caption-weight", &TrainSettings::captionWeight);
    takeIfGiven("--object-weight", &TrainSettings::objectWeight);
    takeIfGiven("--attribute-weight", &TrainSettings::attributeWeight);
    takeIfGiven("--confidence", &TrainSettings::confidenceThreshold);
    takeIfGiven("--seed", &TrainSettings::seed);
    settings.device = m_device == "cpu"    ? Device::Cpu
                      : m_device == "cuda" ? Device::Cuda
                                           : Device::Automatic;
    return settings;
}

TrainSettings TrainOptions::settingsFor(const Project& project) const
{
    TrainSettings chosen = settings();
    if (m_verb->get_option("--confidence")->count() == 0) {
        chosen.confidenceThreshold = confidenceThreshold(db::Database(project.databaseFile()));
    }
    return chosen;
}

} // namespace tagalign::app
