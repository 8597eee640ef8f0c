#include "app/commands/Commands.h"
#include "app/commands/Console.h"
#include "app/demo/DemoPairs.h"
#include "model/align/TrainBench.h"
#include "model/clip/ClipBench.h"
#include "model/clip/Device.h"
#include "model/pipeline/EncodeBench.h"

#include <CLI/CLI.hpp>

#include <QDir>
#include <QJsonArray>
#include <QJsonObject>
#include <QTemporaryDir>

#include <algorithm>
#include <memory>

namespace tagalign::app {

namespace {

struct Options
{
    std::string images;
    std::string model = "b16";
    int batch = 0; ///< 0: what suits the device
    int count = 32;
    int rounds = 5;
    bool json = false;
};

std::vector<std::filesystem::path> picturesIn(const QString& folder)
{
    std::vector<std::filesystem::path> files;
    for (const QString& name : QDir(folder).entryList({"*.jpg", "*.jpeg", "*.png"}, QDir::Files)) {
        files.emplace_back(QDir(folder).filePath(name).toStdString());
    }
    return files;
}

model::clip::ClipConfig configOf(const Options& options)
{
    return options.model == "l14" ? model::clip::vitL14Config() : model::clip::vitB16Config();
}

/// Side of the two matrices whose product stands for what a device can do at best.
int peakSide(const std::string& device)
{
    return device == "cpu" ? 2048 : 8192;
}

QString inTera(double flops)
{
    return QStringLiteral("%1 TFLOP/s").arg(flops / 1e12, 0, 'f', flops < 1e13 ? 2 : 0);
}

void printForward(const model::clip::ForwardRate& rate, double peak)
{
    const QString cosine = rate.cosine > 0.0
                               ? QStringLiteral(", cosine to fp32 %1").arg(rate.cosine, 0, 'f', 5)
                               : QString();
    print(QStringLiteral("%1 %2 images/s, %3, %4 % of one large product")
              .arg(QString::fromStdString(rate.name), -28)
              .arg(rate.imagesPerSecond, 8, 'f', 2)
              .arg(inTera(rate.flopsPerSecond))
              .arg(100.0 * rate.flopsPerSecond / peak, 0, 'f', 1) +
          cosine);
}

/// The bare forward pass in each precision, then files to stored features against it.
int benchEncode(const Options& options)
{
    const QTemporaryDir composed;
    QString folder = QString::fromStdString(options.images);
    if (folder.isEmpty()) {
        folder = composed.path();
        writeDemoPairs(folder, {.count = std::min(options.count, 200), .side = 384},
                       [](int) { return true; });
    }
    Console console;
    const std::string device = model::clip::resolveDevice("auto");
    const int batch = options.batch > 0 ? options.batch : model::clip::usualBatchSize(device);
    const double peak = model::clip::peakFlopsPerSecond(device, peakSide(device));
    if (!options.json) {
        print(QStringLiteral("one bf16 product of %1 x %1 matrices: %2")
                  .arg(peakSide(device))
                  .arg(inTera(peak)));
    }
    QJsonArray rates;
    for (const auto& rate : model::clip::bareForwardRates({.model = configOf(options),
                            .batch = batch,
                            .rounds = options.rounds,
                            .device = device})) {
        rates.append(QJsonObject{{"name", QString::fromStdString(rate.name)},
                                 {"images_per_second", rate.imagesPerSecond},
                                 {"flops_per_second", rate.flopsPerSecond},
                                 {"share_of_peak", rate.flopsPerSecond / peak},
                                 {"cosine", rate.cosine}});
        if (!options.json) {
            printForward(rate, peak);
        }
    }
    const auto result = model::pipeline::benchEncoding(
        picturesIn(folder),
        {.model = configOf(options), .batchSize = batch, .images = options.count},
        console.forModel(QStringLiteral("Encoding")));
    if (options.json) {
        printJson({{"forward", result.forward},
                   {"pipeline", result.pipeline},
                   {"ratio", result.ratio},
                   {"images", result.images},
                   {"threads", result.threads},
                   {"runs_on", QString::fromStdString(result.runsOn)},
                   {"peak_flops_per_second", peak},
                   {"bare_forward", rates}});
    } else {
        print(QStringLiteral("files to stored features %1 images/s, bare forward %2 images/s, "
                             "ratio %3 (%4, %5 threads)")
                  .arg(result.pipeline, 0, 'f', 2)
                  .arg(result.forward, 0, 'f', 2)
                  .arg(result.ratio, 0, 'f', 3)
                  .arg(QString::fromStdString(result.runsOn))
                  .arg(result.threads));
    }
    return kDone;
}

/// Steps of each head on features like ViT-B/16's, in the type that a training would choose.
int benchHeads(const Options& options)
{
    const std::string device = model::clip::resolveDevice("auto");
    const bool isBFloat16 =
        device == "cpu" ? model::clip::cpuHasBFloat16() : model::clip::gpuHasBFloat16();
    const double peak = model::clip::peakFlopsPerSecond(device, peakSide(device));
    const int batch = options.batch > 0 ? options.batch : 64;
    QJsonArray rows;
    for (const auto& rate : model::align::stepRates({.device = device,
                            .isBFloat16 = isBFloat16,
                            .batchSize = batch,
                            .epochs = options.rounds})) {
        const QString head = QString::fromStdString(nameOf(rate.head));
        rows.append(QJsonObject{{"head", head},
                                {"steps_per_second", rate.stepsPerSecond},
                                {"images_per_second", rate.stepsPerSecond * batch},
                                {"flops_per_second", rate.flopsPerSecond},
                                {"share_of_peak", rate.flopsPerSecond / peak}});
        if (!options.json) {
            print(QStringLiteral("%1 %2 steps/s of %3 images, %4, %5 % of one large product")
                      .arg(head, -12)
                      .arg(rate.stepsPerSecond, 8, 'f', 2)
                      .arg(batch)
                      .arg(inTera(rate.flopsPerSecond))
                      .arg(100.0 * rate.flopsPerSecond / peak, 0, 'f', 1));
        }
    }
    if (options.json) {
        printJson({{"heads", rows},
                   {"batch", batch},
                   {"device", QString::fromStdString(device)},
                   {"bf16", isBFloat16},
                   {"peak_flops_per_second", peak}});
    }
    return kDone;
}

void addBatch(CLI::App& verb, Options& options)
{
    verb.add_option("--batch", options.batch, "Images at once; default: what suits the device")
        ->check(CLI::Range(2, 4096));
}

} // namespace

void addModelBench(CLI::App& verb, RunCommand& run)
{
    auto options = std::make_shared<Options>();
    CLI::App* encode = verb.add_subcommand(
        "encode", "Image encoding with random weights: bare forward and pipeline");
    encode->add_option("--images", options->images, "Folder of pictures; default: composed ones");
    encode->add_option("--model", options->model, "Size: ViT-B/16 or ViT-L/14")
        ->check(CLI::IsMember({"b16", "l14"}))
        ->capture_default_str();
    addBatch(*encode, *options);
    encode->add_option("--count", options->count, "Pictures through the pipeline")
        ->check(CLI::Range(1, 100000))
        ->capture_default_str();
    encode->add_option("--rounds", options->rounds, "Timed batches of each precision")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    encode->add_flag("--json", options->json, "Print JSON");
    encode->callback([options, &run] { run = [options] { return benchEncode(*options); }; });
    CLI::App* heads = verb.add_subcommand(
        "heads", "Training steps of each head on features like those of ViT-B/16");
    addBatch(*heads, *options);
    heads->add_option("--rounds", options->rounds, "Timed epochs of four steps")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    heads->add_flag("--json", options->json, "Print JSON");
    heads->callback([options, &run] { run = [options] { return benchHeads(*options); }; });
}

} // namespace tagalign::app
