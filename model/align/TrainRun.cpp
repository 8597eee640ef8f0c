#include "model/align/TrainRun.h"

#include "model/tensor_io/SafetensorsFile.h"

#include <nlohmann/json.hpp>

#include <fstream>
#include <optional>
#include <system_error>

namespace tagalign::model::align {

namespace {

namespace fs = std::filesystem;

constexpr const char* kFormat = "tagalign-checkpoint 1";

nlohmann::json toJson(const std::optional<double>& value)
{
    return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

std::optional<double> optionalFrom(const nlohmann::json& json)
{
    return json.is_null() ? std::nullopt : std::optional(json.get<double>());
}

nlohmann::json toJson(const LossParts& parts)
{
    return {{"caption", parts.caption},
            {"objects", parts.objects},
            {"attributes", parts.attributes},
            {"pull", parts.pull},
            {"total", parts.total}};
}

LossParts lossFrom(const nlohmann::json& json)
{
    return {json.at("caption"), json.at("objects"), json.at("attributes"), json.at("pull"),
            json.at("total")};
}

nlohmann::json toJson(const EpochReport& report)
{
    return {
        {"epoch", report.epoch},
        {"train", toJson(report.train)},
        {"validation", report.hasValidation ? toJson(report.validation) : nlohmann::json(nullptr)},
        {"object_map", toJson(report.objectMap)},
        {"attribute_map", toJson(report.attributeMap)},
        {"gradient_norm", report.gradientNorm},
        {"caption_temperature", report.captionTemperature},
        {"tag_temperature", report.tagTemperature},
        {"seconds", report.seconds},
        {"best", report.isBest}};
}

EpochReport reportFrom(const nlohmann::json& json)
{
    EpochReport report;
    report.epoch = json.at("epoch");
    report.train = lossFrom(json.at("train"));
    report.hasValidation = !json.at("validation").is_null();
    if (report.hasValidation)
        report.validation = lossFrom(json.at("validation"));
    report.objectMap = optionalFrom(json.at("object_map"));
    report.attributeMap = optionalFrom(json.at("attribute_map"));
    report.gradientNorm = json.at("gradient_norm");
    report.captionTemperature = json.at("caption_temperature");
    report.tagTemperature = json.at("tag_temperature");
    report.seconds = json.at("seconds");
    report.isBest = json.at("best");
    return report;
}

fs::path headFile(const RunPlan& plan)
{
    return plan.folder / "head.safetensors";
}

fs::path checkpointFile(const RunPlan& plan)
{
    return plan.folder / "checkpoint.safetensors";
}

void writeMetrics(const RunPlan& plan, const RunOutcome& outcome)
{
    const auto file = plan.folder / "metrics.jsonl";
    const auto temporary = plan.folder / "metrics.jsonl.part";
    {
        std::ofstream stream(temporary, std::ios::binary | std::ios::trunc);
        for (const EpochReport& report : outcome.epochs)
            stream << toJson(report).dump() << '\n';
        stream.flush();
        if (!stream)
            throw Error(temporary.string() + ": cannot be written; is the disk full?");
    }
    fs::rename(temporary, file);
}

/// A finished run keeps its figures alone: weights are in the head, moments are of no more use.
void writeCheckpoint(Trainer& trainer, const RunPlan& plan, const RunOutcome& outcome)
{
    nlohmann::json epochs = nlohmann::json::array();
    for (const EpochReport& report : outcome.epochs)
        epochs.push_back(toJson(report));
    const nlohmann::json history = {{"key", plan.key},
                                    {"best_epoch", outcome.bestEpoch},
                                    {"start", toJson(outcome.start)},
                                    {"epochs", epochs},
                                    {"seconds", outcome.seconds}};
    auto tensors = trainer.state();
    if (trainer.epoch() >= trainer.settings().epochs)
        tensors = {{"finished", torch::ones({1})}};
    tensor_io::writeSafetensors(checkpointFile(plan), tensors,
                                {{"format", kFormat}, {"history", history.dump()}});
}

RunOutcome outcomeFrom(const nlohmann::json& history, const RunPlan& plan)
{
    RunOutcome outcome;
    outcome.head = headFile(plan);
    outcome.bestEpoch = history.at("best_epoch");
    outcome.start = reportFrom(history.at("start"));
    for (const auto& epoch : history.at("epochs"))
        outcome.epochs.push_back(reportFrom(epoch));
    outcome.seconds = history.at("seconds");
    return outcome;
}

/// The run so far, with the trainer set to it; empty if the folder holds none.
std::optional<RunOutcome> continued(Trainer& trainer, const RunPlan& plan)
{
    const auto file = checkpointFile(plan);
    if (!fs::exists(file))
        return std::nullopt;
    const tensor_io::SafetensorsFile tensors(file);
    try {
        if (tensors.metadata().at("format") != kFormat)
            throw FormatError("it is no checkpoint of this version");
        const auto history = nlohmann::json::parse(tensors.metadata().at("history"));
        if (history.at("key") != plan.key)
            throw Error(plan.folder.string() +
                        ": holds a run with other settings or data; start a new run.");
        auto outcome = outcomeFrom(history, plan);
        const auto tensorOf = [&tensors](const std::string& name) {
            return tensors.contains(name) ? tensors.tensor(name) : torch::Tensor();
        };
        if (!tensors.contains("finished"))
            trainer.restore(int(outcome.epochs.size()), tensorOf);
        return outcome;
    } catch (const nlohmann::json::exception& error) {
        throw FormatError(file.string() + ": damaged (" + error.what() +
                          "); delete it to train from the start.");
    } catch (const std::out_of_range&) {
        throw FormatError(file.string() + ": damaged; delete it to train from the start.");
    } catch (const FormatError& error) {
        throw FormatError(file.string() + ": " + error.what() +
                          "; delete it to train from the start.");
    }
}

bool isBetter(const EpochReport& report, const EpochReport* best)
{
    if (best == nullptr || !report.hasValidation)
        return true;
    if (report.tagMap() && best->tagMap())
        return *report.tagMap() > *best->tagMap();
    return report.validation.total < best->validation.total;
}

void recordEpoch(Trainer& trainer, const RunPlan& plan, RunOutcome& outcome, EpochReport report)
{
    const EpochReport* best =
        outcome.bestEpoch > 0 ? &outcome.epochs[std::size_t(outcome.bestEpoch) - 1] : nullptr;
    report.isBest = isBetter(report, best);
    if (report.isBest) {
        saveHead(trainer.head(), plan.info, outcome.head);
        outcome.bestEpoch = report.epoch;
    }
    outcome.seconds += report.seconds;
    outcome.epochs.push_back(report);
    writeCheckpoint(trainer, plan, outcome);
    writeMetrics(plan, outcome);
}

EpochReport nextEpoch(Trainer& trainer, const RunOutcome& outcome, const OnStep& onStep)
{
    try {
        return trainer.runEpoch(onStep);
    } catch (const DivergedError& error) {
        throw DivergedError(error.epoch(), error.step(), outcome.bestEpoch);
    }
}

} // namespace

RunOutcome runTraining(Trainer& trainer, const RunPlan& plan, const OnStep& onStep)
{
    std::error_code error;
    fs::create_directories(plan.folder, error);
    if (error)
        throw Error(plan.folder.string() + ": cannot be created (" + error.message() + ").");
    RunOutcome outcome;
    if (auto found = continued(trainer, plan)) {
        outcome = std::move(*found);
    } else {
        outcome.head = headFile(plan);
        outcome.start = trainer.validate(onStep);
    }
    const int epochs = trainer.settings().epochs;
    while (int(outcome.epochs.size()) < epochs) {
        recordEpoch(trainer, plan, outcome, nextEpoch(trainer, outcome, onStep));
        const EpochReport& report = outcome.epochs.back();
        const int steps = trainer.stepsPerEpoch();
        if (onStep && onStep({report.epoch, epochs, steps, steps, &report}) == Next::Stop &&
            report.epoch < epochs)
            throw Cancelled();
    }
    return outcome;
}

} // namespace tagalign::model::align
