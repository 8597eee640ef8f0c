#include "model/align/HeadFile.h"

#include "model/Error.h"
#include "model/tensor_io/SafetensorsFile.h"

#include <nlohmann/json.hpp>

#include <map>
#include <sstream>
#include <utility>
#include <vector>

namespace tagalign::model::align {

namespace {

constexpr const char* kFormat = "tagalign-head 1";
constexpr const char* kSettingsKey = "tagalign"; // one JSON object beside "format"

std::vector<std::pair<std::string, torch::Tensor>> tensorsOf(Head& head)
{
    std::vector<std::pair<std::string, torch::Tensor>> tensors;
    for (const auto& parameter : head.named_parameters())
        tensors.emplace_back(parameter.key(), parameter.value());
    for (const auto& buffer : head.named_buffers())
        tensors.emplace_back(buffer.key(), buffer.value());
    return tensors;
}

FormatError broken(const std::filesystem::path& file, const std::string& what)
{
    return FormatError(file.string() + ": " + what);
}

HeadKind kindFrom(const std::string& name, const std::filesystem::path& file)
{
    if (const auto kind = choiceNamed(kHeadKinds, name))
        return *kind;
    throw broken(file, "unknown kind of head \"" + name + "\"; this version knows " +
                           namesOf(kHeadKinds) + ".");
}

nlohmann::json settingsOf(const tensor_io::SafetensorsFile& tensors,
                          const std::filesystem::path& file)
{
    const auto& metadata = tensors.metadata();
    const auto format = metadata.find("format");
    const auto settings = metadata.find(kSettingsKey);
    if (format == metadata.end() || format->second != kFormat || settings == metadata.end())
        throw broken(file, std::string("not a head of TagAlign Studio: the metadata lack \"") +
                               kFormat + "\".");
    auto json = nlohmann::json::parse(settings->second, nullptr, false);
    if (!json.is_object())
        throw broken(file, "the head's settings are not a JSON object.");
    return json;
}

struct Description
{
    HeadKind kind;
    std::int64_t tokenWidth, embeddingWidth, hiddenWidth;
    std::int64_t tailWidth; ///< 0 for a CLIP's head
    double epsilon;
    HeadInfo info;
};

Description describe(const nlohmann::json& json, const std::filesystem::path& file)
{
    try {
        Description result{kindFrom(json.at("kind"), file),
                           json.at("token_width"),
                           json.at("embedding_width"),
                           json.at("hidden_width"),
                           json.value("tail_width", std::int64_t(0)),
                           json.at("epsilon"),
                           {}};
        result.info.checkpoint = json.at("checkpoint");
        result.info.patchPath = json.at("patch_path");
        const std::string pooling = json.at("pooling");
        const auto known = choiceNamed(kTagPoolings, pooling);
        if (!known)
            throw broken(file, "unknown pooling \"" + pooling + "\"; this version knows " +
                                   namesOf(kTagPoolings) + ".");
        result.info.pooling = *known;
        result.info.kappa = json.at("kappa");
        result.info.blend = json.at("blend");
        result.info.captionShare = json.value("caption_share", 0.5);
        result.info.shares = {json.value("object_share", 0.5), json.value("attribute_share", 0.5),
                              json.value("retrieval_share", 0.5)};
        return result;
    } catch (const nlohmann::json::exception& error) {
        throw broken(file, std::string("the head's settings are incomplete: ") + error.what());
    }
}

/// Sizes come from a file: refuse what could not be a head before anything is allocated.
void requirePlausible(const Description& description, const std::filesystem::path& file)
{
    constexpr std::int64_t kMaxWidth = 16384;
    for (const auto width : {description.tokenWidth, description.embeddingWidth}) {
        if (width < 1 || width > kMaxWidth)
            throw broken(file, "a width of " + std::to_string(width) + " is outside 1 to " +
                                   std::to_string(kMaxWidth) + ".");
    }
    const bool hasHidden =
        description.kind == HeadKind::Adapter || description.kind == HeadKind::Transformer;
    if (description.hiddenWidth < (hasHidden ? 1 : 0) || description.hiddenWidth > 4 * kMaxWidth)
        throw broken(file, "a hidden width of " + std::to_string(description.hiddenWidth) +
                               " does not fit the kind of head.");
    if (description.tailWidth < 0 || description.tailWidth > kMaxWidth)
        throw broken(file, "a tail of width " + std::to_string(description.tailWidth) +
                               " is outside 0 to " + std::to_string(kMaxWidth) + ".");
    if (!(description.info.kappa > 0.0) || !(description.epsilon > 0.0))
        throw broken(file, "kappa and epsilon must be greater than 0.");
    const ScoreShares& shares = description.info.shares;
    for (const double share : {shares.objects, shares.attributes, shares.retrieval}) {
        if (!(share >= 0.0 && share <= 1.0))
            throw broken(file, "a share of " + std::to_string(share) + " is outside 0 to 1.");
    }
}

void requireFit(const Description& head, const HeadFit& fit, const std::filesystem::path& file)
{
    const bool wrongTokens = fit.tokenWidth != 0 && fit.tokenWidth != head.tokenWidth;
    const bool wrongEmbedding =
        fit.embeddingWidth != 0 && fit.embeddingWidth != head.embeddingWidth;
    if (wrongTokens || wrongEmbedding) {
        std::ostringstream text;
        text << file.string() << ": the head takes tokens of width " << head.tokenWidth
             << " to embeddings of width " << head.embeddingWidth << ", but the model has "
             << fit.tokenWidth << " and " << fit.embeddingWidth
             << "; load it with the model that it was trained on.";
        throw ShapeError(text.str());
    }
    const HeadInfo& info = head.info;
    if (!fit.checkpoint.empty() && fit.checkpoint != info.checkpoint)
        throw Error(file.string() + ": the head was trained on another model (" + info.checkpoint +
                    ", not " + fit.checkpoint + "); load it with that one, or train again.");
    if (!fit.patchPath.empty() && fit.patchPath != info.patchPath)
        throw Error(file.string() + ": the head was trained on the patch path \"" + info.patchPath +
                    "\", not \"" + fit.patchPath + "\"; choose that one, or train again.");
}

using Shapes = std::map<std::string, std::vector<std::int64_t>>;

/// Every tensor that a head of this description has, without making one.
Shapes shapesOf(const Description& head)
{
    const std::int64_t width = head.tokenWidth;
    Shapes shapes = {{"ln_post_weight", {width}},
                     {"ln_post_bias", {width}},
                     {"projection", {width, head.embeddingWidth}}};
    if (head.tailWidth > 0) {
        const auto tail = poolTailShapes(head.embeddingWidth, head.tailWidth);
        for (std::size_t i = 0; i < tail.size(); ++i)
            shapes[kPoolTailParts[i].first] = tail[i];
    }
    const auto addNorm = [&](const std::string& name) {
        shapes.merge(Shapes{{name + ".weight", {width}}, {name + ".bias", {width}}});
    };
    const auto addLinear = [&](const std::string& name, std::int64_t from, std::int64_t to) {
        shapes.merge(Shapes{{name + ".weight", {to, from}}, {name + ".bias", {to}}});
    };
    if (head.kind == HeadKind::Adapter) {
        addNorm("norm");
        addLinear("down", width, head.hiddenWidth);
        addLinear("up", head.hiddenWidth, width);
    }
    if (head.kind == HeadKind::Transformer) {
        addNorm("attention_norm");
        addLinear("query_key_value", width, 3 * width);
        addLinear("output", width, width);
        addNorm("mlp_norm");
        addLinear("up", width, head.hiddenWidth);
        addLinear("down", head.hiddenWidth, width);
    }
    if (head.kind != HeadKind::GatedConv)
        return shapes;
    for (const std::string step : {"net.0.conv.", "net.0.conv2.", "net.1.conv.", "net.1.conv2."}) {
        shapes.merge(Shapes{{step + "norm.weight", {width}},
                            {step + "norm.bias", {width}},
                            {step + "conv.weight", {width, width, 3, 3}},
                            {step + "conv.bias", {width}},
                            {step + "gate.gate", {}}});
    }
    return shapes;
}

/// Compares the settings with what the file holds: a head is only made as large as its tensors.
void requireTensors(const Description& head, const tensor_io::SafetensorsFile& tensors,
                    const std::filesystem::path& file)
{
    for (const auto& [name, expected] : shapesOf(head)) {
        if (!tensors.contains(name))
            throw broken(file, "the tensor \"" + name + "\" is missing.");
        const tensor_io::TensorInfo& found = tensors.info(name);
        if (!tensor_io::isFloating(found.dtype))
            throw broken(file, "the tensor \"" + name + "\" holds " + nameOf(found.dtype) +
                                   " numbers, expected floating-point weights (F32); train again.");
        if (found.shape != expected) {
            std::ostringstream text;
            text << "the tensor \"" << name << "\" has shape " << torch::IntArrayRef(found.shape)
                 << ", expected " << torch::IntArrayRef(expected) << ".";
            throw broken(file, text.str());
        }
    }
}

void copyTensors(Head& head, const tensor_io::SafetensorsFile& tensors,
                 const std::filesystem::path& file)
{
    torch::NoGradGuard noGrad;
    for (auto& [name, target] : tensorsOf(head)) {
        target.copy_(tensors.tensor(name));
        if (!torch::isfinite(target).all().item<bool>())
            throw broken(file, "the tensor \"" + name +
                                   "\" holds numbers that are not finite; train again.");
    }
}

} // namespace

void saveHead(Head& head, const HeadInfo& info, const std::filesystem::path& file)
{
    const nlohmann::json settings = {
        {"kind", nameOf(head.kind())},
        {"token_width", head.tokenWidth()},
        {"embedding_width", head.embeddingWidth()},
        {"hidden_width", head.hiddenWidth()},
        {"tail_width", head.tailWidth()},
        {"epsilon", head.epsilon()},
        {"checkpoint", info.checkpoint},
        {"patch_path", info.patchPath},
        {"pooling", nameOf(info.pooling)},
        {"kappa", info.kappa},
        {"blend", info.blend},
        {"caption_share", info.captionShare},
        {"object_share", info.shares.objects},
        {"attribute_share", info.shares.attributes},
        {"retrieval_share", info.shares.retrieval},
    };
    std::vector<std::pair<std::string, torch::Tensor>> tensors;
    for (const auto& [name, tensor] : tensorsOf(head))
        tensors.emplace_back(name, tensor.detach().to(torch::kCPU, torch::kFloat32).contiguous());
    tensor_io::writeSafetensors(file, tensors,
                                {{"format", kFormat}, {kSettingsKey, settings.dump()}});
}

void writeShares(const ScoreShares& shares, const std::filesystem::path& file)
{
    LoadedHead loaded = loadHead(file);
    loaded.info.shares = shares;
    saveHead(*loaded.head, loaded.info, file);
}

LoadedHead loadHead(const std::filesystem::path& file, const HeadFit& fit)
{
    const tensor_io::SafetensorsFile tensors(file);
    const auto description = describe(settingsOf(tensors, file), file);
    requirePlausible(description, file);
    requireFit(description, fit, file);
    requireTensors(description, tensors, file);
    Projection empty{torch::ones({description.tokenWidth}),
                     torch::zeros({description.tokenWidth}),
                     torch::zeros({description.tokenWidth, description.embeddingWidth}),
                     description.epsilon,
                     {}};
    if (description.tailWidth > 0) {
        const auto shapes = poolTailShapes(description.embeddingWidth, description.tailWidth);
        for (std::size_t i = 0; i < shapes.size(); ++i)
            empty.tail.*kPoolTailParts[i].second = torch::zeros(shapes[i]);
    }
    LoadedHead loaded{makeHead(description.kind, empty, 0, description.hiddenWidth),
                      description.info};
    copyTensors(*loaded.head, tensors, file);
    loaded.head->eval();
    return loaded;
}

} // namespace tagalign::model::align
