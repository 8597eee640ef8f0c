#include "model/align/TrainRun.h"

#include "model/tensor_io/SafetensorsFile.h"
#include "model/tensor_io/WholeFile.h"

#include <nlohmann/json.hpp>

#include <optional>
#include <stdexcept>

namespace tagalign::model::align {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kFormat = "tagalign-checkpoint 1";

json toJson(const std::optional<double>& value)
{
    return value ? json(*value) : json(nullptr);
}

std::optional<double> optionalFrom(const json& value)
{
    return value.is_null() ? std::nullopt : std::optional(value.get<double>());
}

json toJson(const LossParts& parts)
{
    return {{"caption", parts.caption},
            {"objects", parts.objects},
            {"attributes", parts.attributes},
            {"pull", parts.pull},
            {"total", parts.total}};
}

LossParts lossFrom(const json& value)
{
    return {value.at("caption"), value.at("objects"), value.at("attributes"), value.at("pull"),
            value.at("total")};
}

json toJson(const EpochReport& report)
{
    return {{"epoch", report.epoch},
            {"train", toJson(report.train)},
            {"validation", report.hasValidation ? toJson(report.validation) : json(nullptr)},
            {"object_map", toJson(report.objectMap)},
            {"attribute_map", toJson(report.attributeMap)},
            {"gradient_norm", report.gradientNorm},
            {"caption_temperature", report.captionTemperature},
            {"tag_temperature", report.tagTemperature},
            {"seconds", report.seconds},
            {"best", report.isBest}};
}

EpochReport reportFrom(const json& value)
{
    EpochReport report;
    report.epoch = value.at("epoch");
    report.train = lossFrom(value.at("train"));
    report.hasValidation = !value.at("validation").is_null();
    if (report.hasValidation)
        report.validation = lossFrom(value.at("validation"));
    report.objectMap = optionalFrom(value.at("object_map"));
    report.attributeMap = optionalFrom(value.at("attribute_map"));
    report.gradientNorm = value.at("gradient_norm");
    report.captionTemperature = value.at("caption_temperature");
    report.tagTemperature = value.at("tag_temperature");
    report.seconds = value.at("seconds");
    report.isBest = value.at("best");
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
    std::string lines;
    for (const EpochReport& report : outcome.epochs)
        lines += toJson(report).dump() + '\n';
    tensor_io::writeWholeText(plan.folder / "metrics.jsonl", lines);
}

/// Nothing better came for too long, or all epochs are done.
bool isOver(const TrainerSettings& settings, const RunOutcome& outcome)
{
    const int epochs = int(outcome.epochs.size());
    const bool isStale = settings.patience > 0 && epochs - outcome.bestEpoch >= settings.patience;
    return epochs >= settings.epochs || isStale;
}

/// A finished run keeps its figures alone: weights are in the head, moments are of no more use.
void writeCheckpoint(Trainer& trainer, const RunPlan& plan, const RunOutcome& outcome)
{
    json epochs = json::array();
    for (const EpochReport& report : outcome.epochs)
        epochs.push_back(toJson(report));
    const json history = {{"key", plan.key},
                          {"best_epoch", outcome.bestEpoch},
                          {"start", toJson(outcome.start)},
                          {"epochs", epochs},
                          {"seconds", outcome.seconds}};
    auto tensors = trainer.state();
    if (isOver(trainer.settings(), outcome))
        tensors = {{"finished", torch::ones({1})}};
    tensor_io::writeSafetensors(checkpointFile(plan), tensors,
                                {{"format", kFormat}, {"history", history.dump()}});
}

RunOutcome outcomeFrom(const json& history, const RunPlan& plan)
{
    RunOutcome outcome;
    outcome.head = headFile(plan);
    outcome.bestEpoch = history.at("best_epoch");
    outcome.start = reportFrom(history.at("start"));
    for (const auto& epoch : history.at("epochs"))
        outcome.epochs.push_back(reportFrom(epoch));
    outcome.seconds = history.at("seconds");
    if (outcome.bestEpoch < 1 || outcome.bestEpoch > int(outcome.epochs.size()))
        throw std::out_of_range("best_epoch");
    if (!fs::exists(outcome.head))
        throw Error(outcome.head.string() +
                    ": the run's head is gone; delete its checkpoint to train again.");
    return outcome;
}

/// The checkpoint in the folder and the run's figures in it; nothing if the folder holds none.
struct Found
{
    tensor_io::SafetensorsFile tensors;
    RunOutcome outcome;
};

std::optional<Found> found(const RunPlan& plan)
{
    const auto file = checkpointFile(plan);
    if (!fs::exists(file))
        return std::nullopt;
    tensor_io::SafetensorsFile tensors(file);
    try {
        if (tensors.metadata().at("format") != kFormat)
            throw FormatError(file.string() + ": not a checkpoint of this version; delete it to "
                                              "train from the start.");
        const auto history = json::parse(tensors.metadata().at("history"));
        if (history.at("key") != plan.key)
            throw Error(plan.folder.string() +
                        ": holds a run with other settings or data; start a new run.");
        auto outcome = outcomeFrom(history, plan);
        return Found{std::move(tensors), std::move(outcome)};
    } catch (const json::exception& error) {
        throw FormatError(file.string() + ": damaged (" + error.what() +
                          "); delete it to train from the start.");
    } catch (const std::out_of_range&) {
        throw FormatError(file.string() + ": damaged; delete it to train from the start.");
    }
}

/// The run so far, with the trainer set to it.
std::optional<RunOutcome> continued(Trainer& trainer, const RunPlan& plan)
{
    auto run = found(plan);
    if (!run)
        return std::nullopt;
    const auto tensorOf = [&run](const std::string& name) {
        return run->tensors.contains(name) ? run->tensors.tensor(name) : torch::Tensor();
    };
    try {
        if (!run->tensors.contains("finished"))
            trainer.restore(int(run->outcome.epochs.size()), tensorOf);
    } catch (const FormatError& error) {
        throw FormatError(checkpointFile(plan).string() + ": " + error.what() +
                          " Delete it to train from the start.");
    }
    return std::move(run->outcome);
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

void requireContinuable(const RunPlan& plan)
{
    (void)found(plan);
}

RunOutcome runTraining(Trainer& trainer, const RunPlan& plan, const OnStep& onStep)
{
    tensor_io::makeFolder(plan.folder);
    RunOutcome outcome;
    if (auto earlier = continued(trainer, plan)) {
        outcome = std::move(*earlier);
    } else {
        outcome.head = headFile(plan);
        outcome.start = trainer.validate(onStep);
    }
    const int epochs = trainer.settings().epochs;
    while (!isOver(trainer.settings(), outcome)) {
        recordEpoch(trainer, plan, outcome, nextEpoch(trainer, outcome, onStep));
        const EpochReport& report = outcome.epochs.back();
        const int steps = trainer.stepsPerEpoch();
        if (onStep && onStep({report.epoch, epochs, steps, steps, &report}) == Next::Stop &&
            !isOver(trainer.settings(), outcome))
            throw Cancelled();
    }
    return outcome;
}

} // namespace tagalign::model::align
