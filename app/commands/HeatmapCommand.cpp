#include "app/ModelChoice.h"
#include "app/ModelStore.h"
#include "app/commands/Commands.h"
#include "app/commands/Console.h"
#include "model/image/Decode.h"
#include "model/image/HeatmapColour.h"
#include "model/image/Resize.h"
#include "model/pipeline/HeatmapFile.h"
#include "model/pipeline/PromptSession.h"

#include <CLI/CLI.hpp>

#include <QCryptographicHash>
#include <QFile>
#include <QTemporaryDir>

#include <algorithm>
#include <memory>

namespace tagalign::app {

namespace {

constexpr int kLongestSide = 1600; ///< pixels of a drawn picture
constexpr int kGap = 8;            ///< pixels between pictures

struct Options
{
    std::string model;
    std::string head;
    std::string query;
    std::vector<std::string> images;
    std::string out;
};

/// Colours of all maps of one call mean the same.
struct Scale
{
    float low = 1.0F;
    float high = -1.0F;

    void include(const model::pipeline::Heatmap& map)
    {
        const auto [least, most] = std::minmax_element(map.values.begin(), map.values.end());
        low = std::min(low, *least);
        high = std::max(high, *most);
    }
};

std::string hashOf(const std::string& path)
{
    QFile file(QString::fromStdString(path));
    QCryptographicHash hash(QCryptographicHash::Sha256);
    if (!file.open(QIODevice::ReadOnly) || !hash.addData(&file)) {
        throw model::Error(path + ": cannot be read");
    }
    return hash.result().toHex().toStdString();
}

bool isTensorFile(const std::string& name)
{
    return name.ends_with(".safetensors");
}

std::vector<model::pipeline::NamedHeatmaps> heatmapsOf(const Options& options)
{
    const QTemporaryDir store;
    model::pipeline::PromptSession session(
        {.checkpoint = options.model, .store = store.path().toStdString()});
    if (!options.head.empty()) {
        session.setHead(options.head);
    }
    Console console;
    const auto onProgress = console.forModel(QStringLiteral("Looking"));
    std::vector<model::pipeline::NamedHeatmaps> heatmaps;
    for (const std::string& image : options.images) {
        if (onProgress({std::int64_t(heatmaps.size()), std::int64_t(options.images.size()),
                        image}) == model::Next::Stop) {
            throw model::Cancelled();
        }
        heatmaps.push_back({image, session.heatmaps(image, hashOf(image), options.query)});
    }
    return heatmaps;
}

model::image::RgbImage pictureOf(const std::filesystem::path& file)
{
    auto picture = model::image::decodeImage(file);
    const int longest = std::max(picture.width, picture.height);
    if (longest <= kLongestSide) {
        return picture;
    }
    const auto scaled = [longest](int side) {
        return std::max(1, int(std::int64_t(side) * kLongestSide / longest));
    };
    return model::image::resizeBicubic(picture, {scaled(picture.width), scaled(picture.height)});
}

/// Before and, with a head, after beside it.
model::image::RgbaImage rowOf(const model::pipeline::NamedHeatmaps& heatmaps, const Scale& scale)
{
    const auto picture = pictureOf(heatmaps.image);
    std::vector<model::image::RgbaImage> views;
    const auto draw = [&](const model::pipeline::Heatmap& map) {
        const auto colours = model::image::colourHeatmap(
            map.values, map.rows, map.columns, picture.width, picture.height, scale.low, scale.high,
            model::image::ColourMap::Viridis);
        views.push_back(model::image::blendOver(picture, colours, 0.6F));
    };
    draw(heatmaps.maps.before);
    if (heatmaps.maps.after) {
        draw(*heatmaps.maps.after);
    }
    return model::image::sideBySide(views, kGap);
}

int writeHeatmapFile(const Options& options)
{
    const auto heatmaps = heatmapsOf(options);
    Scale scale;
    for (const auto& entry : heatmaps) {
        scale.include(entry.maps.before);
        if (entry.maps.after) {
            scale.include(*entry.maps.after);
        }
    }
    scale.high = std::max(scale.high, scale.low + 1e-4F);
    if (isTensorFile(options.out)) {
        model::pipeline::writeHeatmaps(
            options.out, heatmaps,
            {{"query", options.query}, {"model", options.model}, {"head", options.head}});
    } else {
        std::vector<model::image::RgbaImage> rows;
        rows.reserve(heatmaps.size());
        for (const auto& entry : heatmaps) {
            rows.push_back(rowOf(entry, scale));
        }
        model::image::writePng(options.out, model::image::stacked(rows, kGap));
    }
    print(QStringLiteral("%1: cosine %2 to %3")
              .arg(QString::fromStdString(options.out))
              .arg(double(scale.low), 0, 'f', 3)
              .arg(double(scale.high), 0, 'f', 3));
    return kDone;
}

} // namespace

void addHeatmapCommand(CLI::App& program, RunCommand& run)
{
    auto options = std::make_shared<Options>();
    CLI::App* verb = program.add_subcommand(
        "heatmap", "Show where a prompt is in pictures; with a head, before and after");
    verb->add_option("--model", options->model,
                     "Checkpoint folder, or an installed model's name; default: the demo model");
    verb->add_option("--head", options->head, "A run's head.safetensors");
    verb->add_option("--query", options->query, "The prompt")->required();
    verb->add_option("IMAGE", options->images, "Pictures")->required();
    verb->add_option("--out", options->out,
                     "PNG with a row for each picture, or safetensors with the values")
        ->required()
        ->check([](const std::string& name) {
            return name.ends_with(".png") || isTensorFile(name)
                       ? std::string()
                       : name + " must end in .png or .safetensors.";
        });
    verb->callback([options, &run] {
        run = [options] {
            options->model =
                options->model.empty()
                    ? starterModelFolder().toStdString()
                    : modelFolderOf(QString::fromStdString(options->model)).toStdString();
            return writeHeatmapFile(*options);
        };
    });
}

} // namespace tagalign::app
