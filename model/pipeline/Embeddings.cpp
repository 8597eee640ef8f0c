#include "model/pipeline/Embeddings.h"

#include "model/Error.h"
#include "model/align/Losses.h"
#include "model/clip/ClipModel.h"
#include "model/image/Decode.h"
#include "model/pipeline/ImageTower.h"
#include "model/pipeline/TextEmbedding.h"
#include "model/tensor_io/SafetensorsFile.h"

#include <sstream>

namespace tagalign::model::pipeline {

std::string checkpointSummary(const std::filesystem::path& checkpoint)
{
    const torch::NoGradGuard noGrad;
    clip::ClipModel model = clip::loadClip(checkpoint);
    const clip::ClipConfig& config = model->config();
    const auto tokenizer = tokenizerFor(checkpoint, config);
    std::int64_t parameters = 0;
    for (const torch::Tensor& parameter : model->parameters()) {
        parameters += parameter.numel();
    }
    std::ostringstream line;
    line << nameOf(config.family) << " ViT, patch " << config.vision.patchSize << ", "
         << config.vision.imageSize << " px, image width " << config.vision.width << " × "
         << config.vision.layers << " layers, text width " << config.text.width << " × "
         << config.text.layers << " layers, embedding " << config.embedDim << ", "
         << double(parameters) / 1e6 << " M parameters, " << tokenizer->vocabularySize()
         << " tokens";
    return line.str();
}

void writeEmbeddings(const std::filesystem::path& checkpoint,
                     const std::vector<std::filesystem::path>& images,
                     const std::vector<std::string>& texts, const EmbedSettings& settings,
                     const std::filesystem::path& file)
{
    const torch::NoGradGuard noGrad;
    clip::ClipModel model = clip::loadClip(checkpoint);
    const clip::ClipConfig& config = model->config();
    const auto tokenizer = tokenizerFor(checkpoint, config);
    std::vector<torch::Tensor> globals;
    std::vector<torch::Tensor> patches;
    for (const std::filesystem::path& path : images) {
        const torch::Tensor pixels = squarePixels(image::decodeImage(path), config);
        const clip::VisionOutput output = model->encodeImage(pixels.unsqueeze(0), settings.path);
        globals.push_back(align::normalised(output.global));
        if (settings.withPatches) {
            patches.push_back(align::normalised(model->projectTokens(output.tokens)));
        }
    }
    tensor_io::NamedTensors tensors;
    if (!globals.empty()) {
        tensors.emplace_back("image_embeddings", torch::cat(globals));
    }
    if (!patches.empty()) {
        tensors.emplace_back("patches", torch::cat(patches));
    }
    std::vector<torch::Tensor> textVectors;
    for (const std::string& text : texts) {
        textVectors.push_back(align::normalised(
            model->encodeText(idsOf({text}, *tokenizer, config.text.contextLength))));
    }
    if (!textVectors.empty()) {
        tensors.emplace_back("text_embeddings", torch::cat(textVectors));
    }
    tensor_io::writeSafetensors(file, tensors);
}

} // namespace tagalign::model::pipeline
