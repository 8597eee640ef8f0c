#include "model/pipeline/Training.h"

#include "model/Error.h"
#include "model/align/TrainRun.h"
#include "model/clip/Device.h"
#include "model/pipeline/EvaluationScores.h"
#include "model/pipeline/StoreKey.h"
#include "model/pipeline/StoredImages.h"
#include "model/pipeline/TrainingInput.h"
#include "model/tensor_io/WholeFile.h"

#include <nlohmann/json.hpp>
#include <torch/version.h>

#include <algorithm>
#include <fstream>
#include <new>
#include <optional>
#include <string_view>

namespace tagalign::model::pipeline {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int kSmallestBatch = 8; ///< images; fewer teach little by contrast

align::TrainerSettings trainerSettings(const TrainSettings& settings)
{
    align::TrainerSettings result;
    result.epochs = settings.epochs;
    result.patience = settings.patience;
    result.batchSize = settings.batchSize;
    result.learningRate = settings.learningRate;
    result.weightDecay = settings.weightDecay;
    result.clipNorm = settings.clipNorm;
    result.captionWeight = settings.captionWeight;
    result.objectWeight = settings.objectWeight;
    result.attributeWeight = settings.attributeWeight;
    result.pullWeight = settings.pullWeight;
    result.pooling = settings.pooling;
    result.objective = settings.tagObjective;
    result.groups = settings.tagGroups;
    result.captionShare = settings.captionShare;
    result.seed = settings.seed;
    return result;
}

/// Where and how a head is trained.
struct Place
{
    torch::Device device = torch::kCPU;
    torch::Dtype type = torch::kFloat32;
    std::string name;
};

Place placeFor(const TrainSettings& settings)
{
    if (clip::resolveDevice(nameOf(settings.device)) == "cuda")
        return clip::gpuHasBFloat16() ? Place{torch::kCUDA, torch::kBFloat16, "CUDA, bf16"}
                                      : Place{torch::kCUDA, torch::kFloat32, "CUDA, fp32"};
    if (settings.head == HeadKind::GatedConv && clip::cpuHasBFloat16())
        return {torch::kCPU, torch::kBFloat16, "CPU, bf16 convolutions"};
    return {torch::kCPU, torch::kFloat32, "CPU, fp32"};
}

/// The device that was asked for is not part of what a run is: the one it got is.
json settingsJson(TrainSettings settings)
{
    settings.device = Device::Automatic;
    json object = json::parse(toJson(settings));
    object.erase("device");
    return object;
}

json countsJson(const align::TrainingData& data, const LeftOut& leftOut)
{
    const auto targets = data.train.targets;
    return {{"train_images", data.train.samples.size()},
            {"validation_images", data.validation.samples.size()},
            {"left_out", leftOut.images},
            {"captions", data.captionEmbeddings.size(0)},
            {"objects", data.objects.size(0)},
            {"attributes", data.attributes.size(0)},
            {"train_tags", targets.gt(0).sum().item<std::int64_t>()},
            {"train_unknown", data.train.unknown.sum().item<std::int64_t>()}};
}

void writeRecord(const fs::path& folder, const json& record)
{
    tensor_io::writeWholeText(folder / "run.json",
                              record.dump(2, ' ', false, json::error_handler_t::replace) + '\n');
}

LossParts lossParts(const align::LossParts& parts)
{
    return {parts.caption, parts.objects, parts.attributes, parts.pull, parts.total};
}

TrainEvent::EpochEnd epochEnd(const align::EpochReport& report)
{
    return {lossParts(report.train), lossParts(report.validation), report.tagMap().value_or(0.0),
            report.isBest};
}

align::OnStep forwardTo(const OnTrain& onTrain)
{
    return [&onTrain](const align::StepReport& report) {
        if (!onTrain)
            return Next::Continue;
        TrainEvent event{report.epoch, report.epochs, report.step, report.steps, std::nullopt};
        if (report.ended != nullptr)
            event.epochEnded = epochEnd(*report.ended);
        return onTrain(event);
    };
}

OnProgress preparing(const OnTrain& onTrain, int epochs)
{
    return [&onTrain, epochs](const Progress& progress) {
        return onTrain ? onTrain({0, epochs, int(progress.done), int(progress.total), std::nullopt})
                       : Next::Continue;
    };
}

TrainResult resultOf(const align::RunOutcome& outcome, std::size_t trainImages,
                     const LeftOut& leftOut, const std::string& device)
{
    TrainResult result;
    result.head = outcome.head;
    result.bestEpoch = outcome.bestEpoch;
    for (const align::EpochReport& report : outcome.epochs)
        result.epochs.push_back(epochEnd(report));
    result.trainImages = trainImages;
    result.leftOut = leftOut.images;
    if (leftOut.images > 0)
        result.cautions.push_back(leftOut.caution());
    result.seconds = outcome.seconds;
    result.device = device;
    return result;
}

json startRecord(const ModelFiles& model, const TrainSettings& settings, const Place& place,
                 const align::TrainingData& data, const LeftOut& leftOut)
{
    return {{"status", "running"},
            {"settings", settingsJson(settings)},
            {"device", place.name},
            {"threads", at::get_num_threads()},
            {"versions", {{"tagalign", TAGALIGN_VERSION}, {"libtorch", TORCH_VERSION}}},
            {"checkpoint", checkpointFingerprint(model.checkpoint)},
            {"patch_path", nameOf(model.patchPath)},
            {"data", countsJson(data, leftOut)}};
}

void finishRecord(json& record, const align::RunOutcome& outcome)
{
    const align::EpochReport& best = outcome.epochs[std::size_t(outcome.bestEpoch) - 1];
    const auto map = [](const align::EpochReport& report) {
        return report.tagMap() ? json(*report.tagMap()) : json(nullptr);
    };
    record["status"] = "done";
    record["seconds"] = outcome.seconds;
    record["best_epoch"] = outcome.bestEpoch;
    record["validation_tag_map"] = {{"before", map(outcome.start)}, {"after", map(best)}};
}

/// What can be trained on. A pilot that is too small by itself is the trainer's to refuse.
StoredImages trainableImages(const ModelFiles& model, const PilotData& data,
                             const OnProgress& onProgress)
{
    auto stored = storedImages(model, data, {Split::Train, Split::Validation}, onProgress);
    const auto left = std::count_if(stored.data.images.begin(), stored.data.images.end(),
                                    [](const auto& image) { return image.split == Split::Train; });
    if (stored.leftOut.images > 0 && left < 2)
        throw Error(stored.leftOut.first.string() + ": its features are missing from the store (" +
                    std::to_string(stored.leftOut.images) + " images in all); " +
                    std::to_string(left) +
                    " training images are left, at least 2 are needed; encode the images again.");
    return stored;
}

/// A step did not fit into memory.
class OutOfMemory : public Error
{
public:
    explicit OutOfMemory(int batchSize)
        : Error("There is not enough memory to train with batches of " + std::to_string(batchSize) +
                " images; close other programs or free the GPU.")
    {
    }
};

bool isOutOfMemory(const std::exception& error)
{
    const bool isNamed = dynamic_cast<const std::bad_alloc*>(&error) != nullptr ||
                         dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr;
    // The CPU's allocator has no class of its own for it.
    return isNamed ||
           std::string_view(error.what()).find("can't allocate memory") != std::string_view::npos;
}

/// Of an earlier sitting that ran out of memory; else as asked for.
int batchSizeOf(const fs::path& folder, const TrainSettings& settings)
{
    std::ifstream file(folder / "run.json");
    const json record = json::parse(file, nullptr, false); // discarded if there is none
    return record.is_object() ? record.value("batch_size_used", settings.batchSize)
                              : settings.batchSize;
}

/// Trains and keeps run.json true whatever happens.
align::RunOutcome recordedRun(align::Trainer& trainer, const align::RunPlan& plan, json record,
                              const OnTrain& onTrain)
{
    align::requireContinuable(plan);
    writeRecord(plan.folder, record);
    const auto failed = [&](const std::string& what) {
        record["status"] = "failed";
        record["error"] = what;
        try {
            writeRecord(plan.folder, record);
        } catch (const Error&) { // e.g. a full disk; what stopped the training is told instead
            return;
        }
    };
    try {
        auto outcome = align::runTraining(trainer, plan, forwardTo(onTrain));
        finishRecord(record, outcome);
        writeRecord(plan.folder, record);
        return outcome;
    } catch (const Cancelled&) {
        record["status"] = "cancelled";
        writeRecord(plan.folder, record);
        throw;
    } catch (const c10::Error& error) {
        const std::string text = error.what_without_backtrace();
        failed(text);
        if (isOutOfMemory(error))
            throw OutOfMemory(trainer.settings().batchSize);
        throw Error("The training stopped in LibTorch: " + text.substr(0, text.find('\n')));
    } catch (const std::exception& error) { // filesystem_error too
        failed(error.what());
        if (isOutOfMemory(error))
            throw OutOfMemory(trainer.settings().batchSize);
        throw;
    }
}

/// Chooses on the validation images how much the head counts and keeps it in the head's file.
void keepShares(const ModelFiles& model, const PilotData& data, const fs::path& head,
                const OnProgress& onProgress)
{
    std::vector<const PilotImage*> validation;
    for (const PilotImage& image : data.images) {
        if (image.split == Split::Validation)
            validation.push_back(&image);
    }
    align::writeShares(chooseShares(model, data.tags, validation, head, onProgress), head);
}

} // namespace

TrainResult trainHead(const ModelFiles& model, const PilotData& data, const TrainSettings& settings,
                      const std::filesystem::path& runFolder, const OnTrain& onTrain)
{
    const Place place = placeFor(settings);
    if (!(settings.confidenceThreshold >= 0.0 && settings.confidenceThreshold <= 1.0))
        throw RangeError("The training setting \"confidence threshold\" must lie between 0 and 1; "
                         "it is " +
                         std::to_string(settings.confidenceThreshold) + ".");
    tensor_io::makeFolder(runFolder);
    TextEmbedding texts(model);
    const auto onPrepare = preparing(onTrain, settings.epochs);
    const auto stored = trainableImages(model, data, onPrepare);
    auto input = gatherTraining(model, stored.data, settings, texts, onPrepare);
    const auto trainImages = input.train.samples.size();
    auto record = startRecord(model, settings, place, input, stored.leftOut);

    align::RunPlan plan;
    plan.folder = runFolder;
    plan.info.checkpoint = checkpointFingerprint(model.checkpoint);
    plan.info.patchPath = nameOf(model.patchPath);
    plan.info.pooling = trainerSettings(settings).pooling;
    plan.info.kappa = trainerSettings(settings).kappa;
    plan.info.captionShare = settings.captionShare;
    plan.key = settingsJson(settings).dump() + place.name + fingerprintOf(model, stored.data);

    // Half the batch until it fits; the run goes on after its last whole epoch.
    std::optional<align::RunOutcome> outcome;
    std::vector<std::string> cautions;
    int batch = batchSizeOf(runFolder, settings);
    while (!outcome) {
        auto trainerOptions = trainerSettings(settings);
        trainerOptions.batchSize = batch;
        auto head = align::makeHead(settings.head, input.projection, settings.seed);
        record["batch_size_used"] = batch;
        try {
            align::Trainer trainer(head, input, trainerOptions, place.device, place.type);
            outcome = recordedRun(trainer, plan, record, onTrain);
        } catch (const OutOfMemory&) {
            if (batch < 2 * kSmallestBatch)
                throw;
            cautions.push_back("There was not enough memory for batches of " +
                               std::to_string(batch) + " images; " + std::to_string(batch / 2) +
                               " were used.");
            batch /= 2;
        }
    }
    keepShares(model, stored.data, outcome->head, onPrepare);
    TrainResult result = resultOf(*outcome, trainImages, stored.leftOut, place.name);
    result.cautions.insert(result.cautions.end(), cautions.begin(), cautions.end());
    return result;
}

} // namespace tagalign::model::pipeline
