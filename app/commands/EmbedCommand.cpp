#include "app/ModelStore.h"
#include "app/commands/Commands.h"
#include "app/commands/Console.h"
#include "app/commands/PatchPaths.h"
#include "model/pipeline/Embeddings.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace tagalign::app {

void addEmbedCommand(CLI::App& program, RunCommand& run)
{
    struct Options
    {
        std::string model;
        std::vector<std::string> texts;
        std::string patches;
        std::vector<std::string> images;
        std::string out;
    };

    auto options = std::make_shared<Options>();
    CLI::App* verb =
        program.add_subcommand("embed", "Write embeddings of images and texts as safetensors");
    verb->add_option("--model", options->model, "Checkpoint folder, or an installed model's name")
        ->required();
    verb->add_option("--text", options->texts, "Texts to embed")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    verb->add_option("--patches", options->patches, "Also write patch embeddings by this path")
        ->check(CLI::IsMember(patchPaths()));
    verb->add_option("IMAGE", options->images, "Pictures");
    verb->add_option("--out", options->out, "File to write")->required();
    verb->callback([options, &run] {
        run = [options] {
            const bool withPatches = !options->patches.empty();
            model::pipeline::writeEmbeddings(
                modelFolderOf(QString::fromStdString(options->model)).toStdString(),
                {options->images.begin(), options->images.end()}, options->texts,
                {.path = patchPaths().at(withPatches ? options->patches : "self"),
                 .withPatches = withPatches},
                options->out);
            print(QString::fromStdString(options->out));
            return kDone;
        };
    });
}

} // namespace tagalign::app
