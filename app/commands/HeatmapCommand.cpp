#include "app/ModelChoice.h"
#include "app/commands/Commands.h"
#include "app/commands/Console.h"
#include "model/image/Decode.h"
#include "model/image/HeatmapColour.h"
#include "model/pipeline/PromptSession.h"

#include <CLI/CLI.hpp>

#include <QCryptographicHash>
#include <QFile>
#include <QTemporaryDir>

#include <algorithm>
#include <memory>

namespace tagalign::app {

namespace {

struct Options
{
    std::string model;
    std::string head;
    std::string query;
    std::string image;
    std::string out;
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

/// Before and, with a head, after beside it, on one colour scale.
int drawHeatmap(const Options& options)
{
    const QTemporaryDir store;
    model::pipeline::PromptSession session(
        {.checkpoint = options.model, .store = store.path().toStdString()});
    if (!options.head.empty()) {
        session.setHead(options.head);
    }
    const auto pair = session.heatmaps(options.image, hashOf(options.image), options.query);
    std::vector<const model::pipeline::Heatmap*> maps{&pair.before};
    if (pair.after) {
        maps.push_back(&*pair.after);
    }
    float low = 1.0F;
    float high = -1.0F;
    for (const auto* map : maps) {
        const auto [least, most] = std::minmax_element(map->values.begin(), map->values.end());
        low = std::min(low, *least);
        high = std::max(high, *most);
    }
    high = std::max(high, low + 1e-4F);
    const auto picture = model::image::decodeImage(options.image);
    std::vector<model::image::RgbaImage> views;
    for (const auto* map : maps) {
        const auto colours = model::image::colourHeatmap(map->values, map->rows, map->columns,
                                                         picture.width, picture.height, low, high,
                                                         model::image::ColourMap::Viridis);
        views.push_back(model::image::blendOver(picture, colours, 0.6F));
    }
    model::image::writePng(options.out, model::image::sideBySide(views, 8));
    print(QStringLiteral("%1: cosine %2 to %3")
              .arg(QString::fromStdString(options.out))
              .arg(double(low), 0, 'f', 3)
              .arg(double(high), 0, 'f', 3));
    return kDone;
}

} // namespace

void addHeatmapCommand(CLI::App& program, RunCommand& run)
{
    auto options = std::make_shared<Options>();
    CLI::App* verb = program.add_subcommand(
        "heatmap", "Draw where a prompt is in a picture; with a head, before and after");
    verb->add_option("--model", options->model, "Checkpoint folder; default: the demo model");
    verb->add_option("--head", options->head, "A run's head.safetensors");
    verb->add_option("--query", options->query, "The prompt")->required();
    verb->add_option("IMAGE", options->image, "Picture")->required();
    verb->add_option("--out", options->out, "PNG to write")->required();
    verb->callback([options, &run] {
        run = [options] {
            if (options->model.empty()) {
                options->model = starterModelFolder().toStdString();
            }
            return drawHeatmap(*options);
        };
    });
}

} // namespace tagalign::app
