#include "model/pipeline/TrainSettings.h"

#include "model/Error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace tagalign::model::pipeline {

namespace {

using nlohmann::json;

constexpr std::array kDevices{Device::Automatic, Device::Cpu, Device::Cuda};

/// Calls visit(key, member) for every setting: one list for writing and reading.
template <typename Settings, typename Visit>
void visitAll(Settings& settings, const Visit& visit)
{
    visit("head", settings.head);
    visit("pooling", settings.pooling);
    visit("tag_objective", settings.tagObjective);
    visit("tag_groups", settings.tagGroups);
    visit("caption_share", settings.captionShare);
    visit("epochs", settings.epochs);
    visit("patience", settings.patience);
    visit("batch_size", settings.batchSize);
    visit("learning_rate", settings.learningRate);
    visit("weight_decay", settings.weightDecay);
    visit("clip_norm", settings.clipNorm);
    visit("caption_weight", settings.captionWeight);
    visit("object_weight", settings.objectWeight);
    visit("attribute_weight", settings.attributeWeight);
    visit("pull_weight", settings.pullWeight);
    visit("confidence_threshold", settings.confidenceThreshold);
    visit("tag_limit", settings.tagLimit);
    visit("seed", settings.seed);
    visit("device", settings.device);
}

template <typename Choice, std::size_t N>
void read(const json& value, const std::array<Choice, N>& all, Choice& target)
{
    std::string name = value.get<std::string>();
    if (name == "lse") { // as earlier versions wrote it
        name = "log-sum-exp";
    }
    for (const Choice choice : all) {
        if (nameOf(choice) == name) {
            target = choice;
            return;
        }
    }
    throw FormatError("the run's settings name \"" + name + "\", which this version does not know");
}

void readInto(const json& value, HeadKind& target)
{
    read(value, align::kHeadKinds, target);
}

void readInto(const json& value, TagPooling& target)
{
    read(value, align::kTagPoolings, target);
}

void readInto(const json& value, TagObjective& target)
{
    read(value, align::kTagObjectives, target);
}

void readInto(const json& value, TagGroups& target)
{
    read(value, align::kTagGroups, target);
}

void readInto(const json& value, Device& target)
{
    read(value, kDevices, target);
}

template <typename Number>
void readInto(const json& value, Number& target)
{
    target = value.get<Number>();
}

} // namespace

std::string nameOf(Device device)
{
    switch (device) {
    case Device::Cpu:
        return "cpu";
    case Device::Cuda:
        return "cuda";
    case Device::Automatic:
        break;
    }
    return "auto";
}

TrainSettings paperSettings()
{
    TrainSettings settings;
    settings.head = HeadKind::GatedConv;
    settings.pooling = TagPooling::Mean;
    settings.tagGroups = TagGroups::Joint;
    settings.captionShare = 1.0;
    settings.learningRate = 1e-3;
    settings.pullWeight = 0.0;
    return settings;
}

std::string toJson(const TrainSettings& settings)
{
    json object;
    visitAll(settings, [&object](const char* key, const auto& value) {
        if constexpr (std::is_enum_v<std::decay_t<decltype(value)>>) {
            object[key] = nameOf(value);
        } else {
            object[key] = value;
        }
    });
    return object.dump();
}

std::string titleOf(const TrainSettings& settings)
{
    TrainSettings defaults;
    defaults.head = settings.head;
    defaults.device = settings.device;
    const json usual = json::parse(toJson(defaults));
    const json found = json::parse(toJson(settings));
    std::string title = nameOf(settings.head);
    for (const auto& [key, value] : found.items()) {
        if (value != usual.at(key)) {
            std::string words = key;
            std::replace(words.begin(), words.end(), '_', ' ');
            title +=
                ", " + words + ' ' + (value.is_string() ? value.get<std::string>() : value.dump());
        }
    }
    return title;
}

TrainSettings trainSettingsFromJson(const std::string& text)
{
    const json object = json::parse(text, nullptr, false);
    if (!object.is_object() || object.empty()) {
        throw FormatError("the run's settings are not readable");
    }
    TrainSettings settings;
    visitAll(settings, [&object](const char* key, auto& value) {
        if (!object.contains(key)) {
            return;
        }
        try {
            readInto(object.at(key), value);
        } catch (const json::exception&) {
            throw FormatError(std::string("the run's setting \"") + key + "\" is not readable");
        }
    });
    return settings;
}

} // namespace tagalign::model::pipeline
