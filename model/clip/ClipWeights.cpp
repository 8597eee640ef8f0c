#include "model/clip/ClipWeights.h"

#include "model/Error.h"
#include "model/clip/ParameterShapes.h"
#include "model/clip/WeightNames.h"
#include "model/tensor_io/WholeFile.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

namespace tagalign::model::clip {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr const char* kSingleFile = "model.safetensors";

/// A pickle file in the folder, empty if there is none.
std::string pickleIn(const fs::path& folder)
{
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
        const auto extension = entry->path().extension();
        if (extension == ".bin" || extension == ".pt" || extension == ".pth" ||
            extension == ".ckpt") {
            return entry->path().filename().string();
        }
    }
    return {};
}

[[noreturn]] void refuseWithoutWeights(const fs::path& folder)
{
    const std::string pickle = pickleIn(folder);
    if (!pickle.empty()) {
        throw Error(folder.string() + ": the weights are only there as pickle (" + pickle +
                    "), which can run code and is never loaded; convert them to model.safetensors");
    }
    throw Error(folder.string() + ": no weights (model.safetensors, open_clip_model.safetensors or "
                                  "model.safetensors.index.json); download them into the folder");
}

/// A plain file name: shards must lie beside their index.
bool isPlainName(const std::string& name)
{
    return !name.empty() && name != "." && name != ".." &&
           name.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos;
}

std::string shapeText(const Shape& shape)
{
    std::ostringstream text;
    text << torch::IntArrayRef(shape);
    return text.str();
}

NamesOf namesIn(const ClipWeights& weights, Family family)
{
    if (family == Family::SigLip) {
        return NamesOf::SigLip;
    }
    if (weights.contains("vision_model.embeddings.class_embedding")) {
        return NamesOf::HuggingFace;
    }
    return weights.contains("text.token_embedding.weight") ? NamesOf::OpenClipCustomText
                                                           : NamesOf::OpenAi;
}

/// The shape that each of a parameter's parts has in the file.
Shape partShape(Shape shape, const WeightSource& source)
{
    if (source.isTransposed) {
        std::reverse(shape.begin(), shape.end());
    }
    if (source.names.size() > 1) {
        shape.front() /= static_cast<std::int64_t>(source.names.size());
    }
    return shape;
}

void requirePart(const ClipWeights& weights, const std::string& name, const Shape& expected)
{
    const tensor_io::TensorInfo& found = weights.info(name);
    if (!tensor_io::isFloating(found.dtype)) {
        throw FormatError(weights.title() + ": \"" + name + "\" holds " + nameOf(found.dtype) +
                          " numbers, so the weights are quantised in a way this program does not "
                          "know; download the checkpoint in F32, F16 or BF16");
    }
    // logit_scale and logit_bias are stored as [] or [1]
    const auto isOneNumber = [](const Shape& shape) { return shape.empty() || shape == Shape{1}; };
    const bool isScalar = isOneNumber(expected) && isOneNumber(found.shape);
    if (found.shape != expected && !isScalar) {
        throw FormatError(weights.title() + ": \"" + name + "\" is " + shapeText(found.shape) +
                          " where the configuration asks for " + shapeText(expected) +
                          "; the weights and the configuration do not belong together");
    }
}

/// Layers left over would be dropped in silence, and every feature be wrong.
/// @param prefix "visual." or nothing.
void refuseMoreLayers(const ClipWeights& weights, NamesOf names, const std::string& prefix,
                      std::int64_t layers)
{
    const std::string next = prefix + "transformer.resblocks." + std::to_string(layers);
    const std::string name = weightSource(next + ".ln_1.weight", names).names.front();
    if (weights.contains(name)) {
        throw FormatError(weights.title() + ": has the tensor \"" + name +
                          "\", but the configuration says that there are " +
                          std::to_string(layers) +
                          " layers; the weights and the configuration do not belong together");
    }
}

/// The tensor a parameter is made of: parts stacked on the first dimension, then turned.
torch::Tensor assemble(const ClipWeights& weights, const WeightSource& source)
{
    std::vector<torch::Tensor> parts;
    for (const std::string& name : source.names) {
        parts.push_back(weights.tensor(name).to(torch::kFloat32));
    }
    torch::Tensor whole = parts.size() == 1 ? parts[0] : torch::cat(parts);
    return source.isTransposed ? whole.t() : whole;
}

void copyInto(torch::Tensor& parameter, const ClipWeights& weights, const WeightSource& source)
{
    const torch::Tensor value = assemble(weights, source).reshape(parameter.sizes());
    if (!torch::isfinite(value).all().item<bool>()) {
        throw FormatError(weights.title() + ": \"" + source.names.front() +
                          "\" holds numbers that are not finite; download the file again");
    }
    parameter.copy_(value);
}

} // namespace

ClipWeights ClipWeights::ofFolder(const fs::path& folder)
{
    const bool isHuggingFace = fs::exists(folder / "config.json");
    const fs::path index = folder / "model.safetensors.index.json";
    std::vector<fs::path> candidates = {folder / kSingleFile, index,
                                        folder / "open_clip_model.safetensors"};
    if (!isHuggingFace) {
        std::swap(candidates.front(), candidates.back());
    }
    for (const fs::path& candidate : candidates) {
        if (!fs::exists(candidate)) {
            continue;
        }
        ClipWeights weights(candidate.string());
        if (candidate == index) {
            weights.addShards(candidate);
        } else {
            weights.add(candidate);
        }
        return weights;
    }
    refuseWithoutWeights(folder);
}

ClipWeights ClipWeights::ofFile(const fs::path& file)
{
    ClipWeights weights(file.string());
    weights.add(file);
    return weights;
}

const ClipWeights::Place& ClipWeights::placeOf(const std::string& name) const
{
    const auto found = m_places.find(name);
    if (found == m_places.end()) {
        throw FormatError(m_title + ": the tensor \"" + name +
                          "\" is missing; the checkpoint is incomplete or of another kind than its "
                          "configuration says");
    }
    return found->second;
}

torch::Tensor ClipWeights::tensor(const std::string& name) const
{
    const Place& place = placeOf(name);
    return place.file->tensor(place.name);
}

const tensor_io::TensorInfo& ClipWeights::info(const std::string& name) const
{
    const Place& place = placeOf(name);
    return place.file->info(place.name);
}

void ClipWeights::add(const fs::path& file)
{
    const auto opened = std::make_shared<const tensor_io::SafetensorsFile>(file);
    for (const std::string& name : opened->names()) {
        m_places[withoutWrappers(name)] = {opened, name};
    }
}

void ClipWeights::addShards(const fs::path& index)
{
    std::ifstream stream(index, std::ios::binary);
    const Json json = Json::parse(stream, nullptr, false);
    if (!json.is_object() || !json.contains("weight_map") || !json["weight_map"].is_object()) {
        throw FormatError(index.string() +
                          ": is no index of shards (no \"weight_map\"); download it again");
    }
    std::set<std::string> shards;
    for (const auto& [tensor, shard] : json["weight_map"].items()) {
        if (!shard.is_string() || !isPlainName(shard.get<std::string>())) {
            throw FormatError(index.string() + ": the shard of \"" + tensor + "\" is " +
                              shard.dump(-1, ' ', false, Json::error_handler_t::replace) +
                              ", expected the name of a file in the same folder");
        }
        shards.insert(shard.get<std::string>());
    }
    for (const std::string& shard : shards) {
        const fs::path file = index.parent_path() / shard;
        if (!fs::exists(file)) {
            throw FormatError(index.string() + ": the shard " + shard +
                              " is missing; download it into the same folder");
        }
        add(file);
    }
}

void requireFit(const ClipConfig& config, const ClipWeights& weights, Towers towers)
{
    const NamesOf names = namesIn(weights, config.family);
    const auto require = [&](const std::string& parameter, const Shape& shape) {
        const WeightSource source = weightSource(parameter, names);
        for (const std::string& name : source.names) {
            requirePart(weights, name, partShape(shape, source));
        }
    };
    forEachVisionParameter(config, require);
    refuseMoreLayers(weights, names, "visual.", config.vision.layers);
    if (towers == Towers::Both) {
        forEachTextParameter(config, require);
        refuseMoreLayers(weights, names, "", config.text.layers);
    }
}

void loadWeights(ClipModel& model, const ClipWeights& weights, Towers towers)
{
    const torch::NoGradGuard noGrad;
    requireFit(model->config(), weights, towers);
    const NamesOf names = namesIn(weights, model->config().family);
    for (auto& parameter : model->named_parameters()) {
        if (towers == Towers::VisionOnly && !parameter.key().starts_with("visual.")) {
            continue;
        }
        copyInto(parameter.value(), weights, weightSource(parameter.key(), names));
    }
}

ClipModel loadClip(const fs::path& folder)
{
    const ClipConfig config = readClipConfig(folder);
    const ClipWeights weights = ClipWeights::ofFolder(folder);
    requireFit(config, weights); // before a model of that size is made
    ClipModel model(config);
    loadWeights(model, weights);
    model->eval();
    return model;
}

void saveClip(ClipModel& model, const fs::path& folder, torch::Dtype dtype)
{
    const torch::NoGradGuard noGrad;
    tensor_io::makeFolder(folder);
    tensor_io::NamedTensors tensors;
    const NamesOf names =
        model->config().family == Family::SigLip ? NamesOf::SigLip : NamesOf::HuggingFace;
    for (const auto& parameter : model->named_parameters()) {
        const WeightSource source = weightSource(parameter.key(), names);
        const torch::Tensor value = parameter.value().detach().to(torch::kCPU, dtype);
        const torch::Tensor turned = source.isTransposed ? value.t() : value;
        const auto parts = source.names.size() == 1
                               ? std::vector<torch::Tensor>{turned}
                               : turned.chunk(static_cast<std::int64_t>(source.names.size()));
        for (std::size_t i = 0; i < parts.size(); ++i) {
            tensors.emplace_back(source.names[i], parts[i].contiguous());
        }
    }
    tensor_io::writeSafetensors(folder / kSingleFile, tensors, {{"format", "pt"}});
    tensor_io::writeWholeText(folder / "config.json", configJson(model->config()));
    tensor_io::writeWholeText(folder / "preprocessor_config.json",
                              preprocessorJson(model->config()));
}

} // namespace tagalign::model::clip
