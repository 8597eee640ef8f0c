#include "model/clip/ClipConfig.h"

#include "model/Error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <vector>

namespace tagalign::model::clip {

namespace {

using Json = nlohmann::json;

/// Beyond any published model; stops a broken file before it asks for all memory.
constexpr std::int64_t kLargestSize = 1'000'000;

/// OpenAI's first configurations on Hugging Face carry this id, and `transformers` then takes the
/// highest id of the row instead (modeling_clip.py, CLIPTextTransformer).
constexpr std::int64_t kLegacyEndToken = 2;

/// The towers saw their training images in one way; features of pictures that are prepared in
/// another are wrong without a sign of it.
constexpr const char* kOtherPreparation =
    "a way to prepare images that this program does not have; choose a model whose images are "
    "resized to its size (bicubic; by their shortest side and cropped in the middle, or both "
    "sides) "
    "and normalised";

constexpr int kPillowBicubic = 3; ///< PIL.Image.BICUBIC

/// The only one that is published; the projection of dense tokens counts on it.
constexpr const char* kSigLipActivation = "gelu_pytorch_tanh";

/// One object of a configuration file, with the file's name for messages.
class Settings
{
public:
    Settings(std::string file, Json values)
        : m_file(std::move(file)),
          m_values(std::move(values))
    {
        if (!m_values.is_object()) {
            throw FormatError(m_file + ": expected a JSON object; download the file again");
        }
    }

    [[nodiscard]] bool has(const char* name) const
    {
        return m_values.contains(name) && !m_values[name].is_null();
    }

    [[nodiscard]] std::int64_t size(const char* name, std::int64_t fallback) const
    {
        if (!has(name)) {
            return fallback;
        }
        const Json& value = m_values[name];
        if (!value.is_number_integer() || value < 0 || value > kLargestSize) {
            throw wrong(name, "a whole number from 0 to " + std::to_string(kLargestSize));
        }
        return value.get<std::int64_t>();
    }

    [[nodiscard]] double number(const char* name, double fallback) const
    {
        if (!has(name)) {
            return fallback;
        }
        if (!m_values[name].is_number()) {
            throw wrong(name, "a number");
        }
        return m_values[name].get<double>();
    }

    [[nodiscard]] std::string text(const char* name, const std::string& fallback) const
    {
        if (!has(name)) {
            return fallback;
        }
        if (!m_values[name].is_string()) {
            throw wrong(name, "a text");
        }
        return m_values[name].get<std::string>();
    }

    [[nodiscard]] bool isValue(const char* name, const Json& value) const
    {
        return has(name) && m_values[name] == value;
    }

    /// The named objects laid over each other, later ones winning; absent ones are empty.
    [[nodiscard]] Settings merged(std::initializer_list<const char*> names) const
    {
        Json all = Json::object();
        for (const char* name : names) {
            if (has(name)) {
                all.update(Settings(m_file + ", " + name, m_values[name]).m_values);
            }
        }
        return Settings(m_file + ", " + *names.begin(), std::move(all));
    }

    void readTriple(const char* name, std::array<double, 3>& triple) const
    {
        if (!has(name)) {
            return;
        }
        const Json& values = m_values[name];
        if (!values.is_array() || values.size() != 3 ||
            !std::all_of(values.begin(), values.end(),
                         [](const Json& value) { return value.is_number(); })) {
            throw wrong(name, "three numbers");
        }
        triple = values.get<std::array<double, 3>>();
    }

    /// Refuses a setting that asks for something this program does not have: another value than
    /// the harmless ones. @param what such a value is, and what to do.
    void refuse(const char* name, const std::vector<Json>& harmless, const char* what) const
    {
        const bool isHarmless = !has(name) || std::find(harmless.begin(), harmless.end(),
                                                        m_values[name]) != harmless.end();
        if (!isHarmless) {
            throw FormatError(m_file + ": \"" + name + "\" = " +
                              m_values[name].dump(-1, ' ', false, Json::error_handler_t::replace) +
                              " is " + what);
        }
    }

    void refuse(const char* name, const Json& harmless) const
    {
        refuse(
            name, std::vector<Json>{harmless},
            "an architecture this program does not know; choose a CLIP or SigLIP with plain vision "
            "and text transformers");
    }

    [[nodiscard]] FormatError wrong(const char* name, const std::string& expected) const
    {
        return FormatError(m_file + ": \"" + name + "\" is " + m_values.value(name, Json()).dump() +
                           ", expected " + expected);
    }

private:
    std::string m_file;
    Json m_values;
};

Settings readSettings(const std::filesystem::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    if (!stream) {
        throw Error(file.string() + ": cannot be read; check that it exists and its permissions");
    }
    Json values = Json::parse(stream, nullptr, false);
    if (values.is_discarded()) {
        throw FormatError(file.string() + ": is not valid JSON; download the file again");
    }
    return Settings(file.string(), std::move(values));
}

Activation clipActivation(const Settings& settings)
{
    const std::string name = settings.text("hidden_act", "quick_gelu");
    if (name == "quick_gelu") {
        return Activation::QuickGelu;
    }
    if (name == "gelu") {
        return Activation::Gelu;
    }
    throw settings.wrong("hidden_act", "\"quick_gelu\" or \"gelu\"");
}

/// @param tower holds the defaults of transformers for what the file leaves out.

void readHuggingFaceTower(const Settings& settings, TowerConfig& tower)
{
    tower.width = settings.size("hidden_size", tower.width);
    tower.layers = settings.size("num_hidden_layers", tower.layers);
    tower.heads = settings.size("num_attention_heads", tower.heads);
    tower.mlpWidth = settings.size("intermediate_size", tower.mlpWidth);
    tower.layerNormEpsilon = settings.number("layer_norm_eps", tower.layerNormEpsilon);
}

void readHuggingFaceVision(const Settings& settings, VisionConfig& vision)
{
    readHuggingFaceTower(settings, vision);
    vision.patchSize = settings.size("patch_size", vision.patchSize);
    vision.imageSize = settings.size("image_size", vision.imageSize);
    settings.refuse("num_channels", 3);
}

void readHuggingFaceText(const Settings& settings, TextConfig& text)
{
    readHuggingFaceTower(settings, text);
    text.vocabularySize = settings.size("vocab_size", text.vocabularySize);
    text.contextLength = settings.size("max_position_embeddings", text.contextLength);
}

ClipConfig readHuggingFaceClip(const Settings& settings)
{
    ClipConfig config = vitB16Config();
    config.vision.patchSize = 32;
    const Settings vision = settings.merged({"vision_config", "vision_config_dict"});
    readHuggingFaceVision(vision, config.vision);
    config.vision.activation = clipActivation(vision);

    const Settings text = settings.merged({"text_config", "text_config_dict"});
    readHuggingFaceText(text, config.text);
    config.text.activation = clipActivation(text);
    const std::int64_t end = text.size("eos_token_id", 49407);
    config.text.endTokenId = end == kLegacyEndToken ? std::nullopt : std::optional(end);
    config.embedDim = settings.size("projection_dim", config.embedDim);
    return config;
}

ClipConfig readHuggingFaceSigLip(const Settings& settings)
{
    ClipConfig config = sigLipBaseConfig();
    const Settings vision = settings.merged({"vision_config"});
    readHuggingFaceVision(vision, config.vision);
    vision.refuse("hidden_act", kSigLipActivation);
    vision.refuse("vision_use_head", true);

    const Settings text = settings.merged({"text_config"});
    readHuggingFaceText(text, config.text);
    text.refuse("hidden_act", kSigLipActivation);
    config.embedDim = text.size("projection_size", config.text.width);
    return config;
}

ClipConfig readHuggingFace(const Settings& settings)
{
    const std::string type = settings.text("model_type", "");
    if (type == "clip") {
        return readHuggingFaceClip(settings);
    }
    if (type == "siglip") {
        return readHuggingFaceSigLip(settings);
    }
    throw settings.wrong("model_type",
                         "\"clip\" or \"siglip\": this architecture is not known here");
}

void readOpenClipTower(const Settings& settings, TowerConfig& tower)
{
    for (const char* name :
         {"ls_init_value", "act_kwargs", "hf_model_name", "hf_tokenizer_name", "timm_model_name"}) {
        settings.refuse(name, nullptr);
    }
    for (const char* name : {"qk_norm", "scaled_cosine_attn", "scale_heads", "scale_attn_inner",
                             "scale_attn", "scale_fc", "attentional_pool", "no_ln_pre",
                             "final_ln_after_pool", "embed_cls", "no_causal_mask", "proj_bias"}) {
        settings.refuse(name, false);
    }
    settings.refuse("block_type", "default");
    settings.refuse("proj_type", "linear");
    settings.refuse("pos_embed_type", "learnable");
    tower.width = settings.size("width", tower.width);
    tower.layers = settings.size("layers", tower.layers);
    tower.mlpWidth = std::llround(static_cast<double>(tower.width) *
                                  std::clamp(settings.number("mlp_ratio", 4.0), 0.0, 1000.0));
    tower.layerNormEpsilon = settings.merged({"norm_kwargs"}).number("eps", 1e-5);
}

void readOpenClipVision(const Settings& settings, VisionConfig& vision)
{
    vision.width = 768;
    vision.patchSize = 16;
    readOpenClipTower(settings, vision);
    settings.refuse("pool_type", "tok");
    vision.heads = vision.width / std::max<std::int64_t>(1, settings.size("head_width", 64));
    vision.patchSize = settings.size("patch_size", vision.patchSize);
    vision.imageSize = settings.size("image_size", vision.imageSize);
}

void readOpenClipText(const Settings& settings, TextConfig& text)
{
    readOpenClipTower(settings, text);
    text.heads = settings.size("heads", text.heads);
    text.vocabularySize = settings.size("vocab_size", text.vocabularySize);
    text.contextLength = settings.size("context_length", text.contextLength);
    if (settings.text("pool_type", "argmax") == "eos") {
        text.endTokenId = settings.size("eos_id", 2);
    } else {
        settings.refuse("pool_type", "argmax");
    }
}

void readOpenClipPreparation(const Settings& settings, ClipConfig& config)
{
    const Json side = config.vision.imageSize;
    settings.refuse("size", {side, Json::array({side, side})}, kOtherPreparation);
    settings.refuse("mode", {"RGB"}, kOtherPreparation);
    settings.refuse("resize_mode", {"shortest", "squash"}, kOtherPreparation);
    config.framing =
        settings.text("resize_mode", "shortest") == "squash" ? Framing::Squash : Framing::Crop;
    settings.refuse("interpolation", {"bicubic"}, kOtherPreparation);
    settings.readTriple("mean", config.mean);
    settings.readTriple("std", config.deviation);
}

ClipConfig readOpenClip(const Settings& file)
{
    ClipConfig config;
    const Settings settings = file.has("model_cfg") ? file.merged({"model_cfg"}) : file;
    for (const char* name : {"embed_dim", "vision_cfg", "text_cfg"}) {
        if (!settings.has(name)) {
            throw settings.wrong(name,
                                 "a CLIP with \"embed_dim\", \"vision_cfg\" and \"text_cfg\"");
        }
    }
    for (const char* name : {"mask_image", "mask_text"}) { // TinyCLIP's pruned towers
        settings.refuse(name, false);
    }
    readOpenClipVision(settings.merged({"vision_cfg"}), config.vision);
    readOpenClipText(settings.merged({"text_cfg"}), config.text);
    const Activation activation =
        settings.isValue("quick_gelu", true) ? Activation::QuickGelu : Activation::Gelu;
    config.vision.activation = activation;
    config.text.activation = activation;
    config.embedDim = settings.size("embed_dim", config.embedDim);
    readOpenClipPreparation(file.merged({"preprocess_cfg"}), config);
    return config;
}

void readHuggingFacePreparation(const Settings& settings, ClipConfig& config)
{
    const Json side = config.vision.imageSize;
    const Json square = {{"height", side}, {"width", side}};
    for (const char* name : {"do_resize", "do_rescale", "do_normalize"}) {
        settings.refuse(name, {true}, kOtherPreparation);
    }
    const Json shortest = {{"shortest_edge", side}};
    settings.refuse("size", {side, square, shortest}, kOtherPreparation);
    if (settings.isValue("size", square)) {
        config.framing = Framing::Squash;
    } else if (settings.isValue("size", shortest)) {
        config.framing = Framing::Crop;
    }
    if (config.framing == Framing::Crop) {
        settings.refuse("do_center_crop", {true}, kOtherPreparation);
    }
    settings.refuse("crop_size", {side, square}, kOtherPreparation);
    settings.refuse("resample", {kPillowBicubic}, kOtherPreparation);
    if (std::abs(settings.number("rescale_factor", 1.0 / 255.0) * 255.0 - 1.0) > 1e-6) {
        settings.refuse("rescale_factor", std::vector<Json>{}, kOtherPreparation);
    }
    settings.readTriple("image_mean", config.mean);
    settings.readTriple("image_std", config.deviation);
}

void readHuggingFacePreparation(const std::filesystem::path& folder, ClipConfig& config)
{
    const auto file = folder / "preprocessor_config.json";
    const auto newer = folder / "processor_config.json"; // since transformers 5
    if (std::filesystem::exists(file)) {
        readHuggingFacePreparation(readSettings(file), config);
    } else if (std::filesystem::exists(newer)) {
        readHuggingFacePreparation(readSettings(newer).merged({"image_processor"}), config);
    }
}

void checkRange(const std::string& name, std::int64_t value)
{
    if (value < 1 || value > kLargestSize) {
        throw RangeError(name + " is " + std::to_string(value) + ", expected 1 to " +
                         std::to_string(kLargestSize));
    }
}

void checkTower(const std::string& name, const TowerConfig& tower)
{
    checkRange(name + " width", tower.width);
    checkRange(name + " layers", tower.layers);
    checkRange(name + " heads", tower.heads);
    checkRange(name + " MLP width", tower.mlpWidth);
    if (tower.width % tower.heads != 0) {
        throw RangeError(name + " width " + std::to_string(tower.width) +
                         " is not a multiple of its " + std::to_string(tower.heads) + " heads");
    }
    if (!(tower.layerNormEpsilon > 0.0 && tower.layerNormEpsilon < 1.0)) {
        throw RangeError(name + " layer norm epsilon is not between 0 and 1");
    }
}

/// As transformers names them.
std::string nameOf(Activation activation)
{
    switch (activation) {
    case Activation::QuickGelu:
        return "quick_gelu";
    case Activation::Gelu:
        return "gelu";
    case Activation::TanhGelu:
        break;
    }
    return kSigLipActivation;
}

Json towerJson(const std::string& type, const TowerConfig& tower)
{
    return {{"model_type", type},
            {"hidden_size", tower.width},
            {"num_hidden_layers", tower.layers},
            {"num_attention_heads", tower.heads},
            {"intermediate_size", tower.mlpWidth},
            {"hidden_act", nameOf(tower.activation)},
            {"layer_norm_eps", tower.layerNormEpsilon}};
}

void checkSigLip(const ClipConfig& config)
{
    if (config.embedDim != config.vision.width) {
        throw RangeError("SigLIP's text embedding width " + std::to_string(config.embedDim) +
                         " is not the width of its vision tower, " +
                         std::to_string(config.vision.width));
    }
    for (const TowerConfig* tower : {static_cast<const TowerConfig*>(&config.vision),
                                     static_cast<const TowerConfig*>(&config.text)}) {
        if (tower->activation != Activation::TanhGelu) {
            throw RangeError("SigLIP's activation is " + nameOf(tower->activation) + ", expected " +
                             kSigLipActivation);
        }
    }
}

} // namespace

void checkClipConfig(const ClipConfig& config)
{
    checkTower("vision", config.vision);
    checkTower("text", config.text);
    checkRange("patch size", config.vision.patchSize);
    checkRange("image size", config.vision.imageSize);
    checkRange("vocabulary size", config.text.vocabularySize);
    checkRange("context length", config.text.contextLength);
    checkRange("embedding width", config.embedDim);
    // google/siglip-so400m-patch14-384 leaves 6 pixels over; a CLIP that does so is not known.
    const bool isWhole = config.vision.imageSize % config.vision.patchSize == 0;
    if (config.vision.gridSide() < 1 || (config.family == Family::Clip && !isWhole)) {
        throw RangeError("image size " + std::to_string(config.vision.imageSize) +
                         " is not a multiple of the patch size " +
                         std::to_string(config.vision.patchSize));
    }
    if (config.family == Family::SigLip) {
        checkSigLip(config);
    }
    for (const double deviation : config.deviation) {
        if (!(deviation > 0.0)) {
            throw RangeError("a channel's standard deviation is not positive");
        }
    }
}

ClipConfig readClipConfig(const std::filesystem::path& folder)
{
    const auto huggingFace = folder / "config.json";
    const auto openClip = folder / "open_clip_config.json";
    const bool isHuggingFace = std::filesystem::exists(huggingFace);
    if (!isHuggingFace && !std::filesystem::exists(openClip)) {
        throw Error(folder.string() + ": neither config.json nor open_clip_config.json is there; "
                                      "choose a folder with a published CLIP or SigLIP checkpoint");
    }
    const auto& file = isHuggingFace ? huggingFace : openClip;
    ClipConfig config =
        isHuggingFace ? readHuggingFace(readSettings(file)) : readOpenClip(readSettings(file));
    if (isHuggingFace) {
        readHuggingFacePreparation(folder, config);
    }
    try {
        checkClipConfig(config);
    } catch (const RangeError& error) {
        throw FormatError(file.string() + ": " + error.what());
    }
    return config;
}

ClipConfig vitB16Config()
{
    ClipConfig config;
    config.vision.width = 768;
    config.vision.heads = 12;
    config.vision.mlpWidth = 3072;
    config.vision.patchSize = 16;
    return config;
}

ClipConfig vitL14Config()
{
    ClipConfig config;
    config.vision.width = 1024;
    config.vision.layers = 24;
    config.vision.heads = 16;
    config.vision.mlpWidth = 4096;
    config.vision.patchSize = 14;
    config.text.width = 768;
    config.text.heads = 12;
    config.text.mlpWidth = 3072;
    config.embedDim = 768;
    return config;
}

ClipConfig sigLipBaseConfig()
{
    ClipConfig config;
    config.family = Family::SigLip;
    const TowerConfig tower = {.width = 768,
                               .layers = 12,
                               .heads = 12,
                               .mlpWidth = 3072,
                               .activation = Activation::TanhGelu,
                               .layerNormEpsilon = 1e-6};
    static_cast<TowerConfig&>(config.vision) = tower;
    static_cast<TowerConfig&>(config.text) = tower;
    config.vision.patchSize = 16;
    config.text.vocabularySize = 32000;
    config.text.contextLength = 64;
    config.embedDim = 768;
    config.framing = Framing::Squash;
    config.mean = {0.5, 0.5, 0.5};
    config.deviation = {0.5, 0.5, 0.5};
    return config;
}

std::string nameOf(Family family)
{
    return family == Family::SigLip ? "SigLIP" : "CLIP";
}

std::string configJson(const ClipConfig& config)
{
    const bool isSigLip = config.family == Family::SigLip;
    const std::string type = isSigLip ? "siglip" : "clip";
    Json vision = towerJson(type + "_vision_model", config.vision);
    vision["patch_size"] = config.vision.patchSize;
    vision["image_size"] = config.vision.imageSize;
    vision["num_channels"] = 3;
    Json text = towerJson(type + "_text_model", config.text);
    text["vocab_size"] = config.text.vocabularySize;
    text["max_position_embeddings"] = config.text.contextLength;
    Json all = {{"architectures", {isSigLip ? "SiglipModel" : "CLIPModel"}}, {"model_type", type}};
    if (isSigLip) {
        text["projection_size"] = config.embedDim;
    } else {
        text["eos_token_id"] = config.text.endTokenId.value_or(kLegacyEndToken);
        text["bos_token_id"] = std::max<std::int64_t>(0, config.text.vocabularySize - 2);
        for (Json* place : {&vision, &text, &all}) {
            (*place)["projection_dim"] = config.embedDim;
        }
        all["logit_scale_init_value"] = 2.6592;
    }
    all["vision_config"] = vision;
    all["text_config"] = text;
    return all.dump(2) + "\n";
}

std::string preprocessorJson(const ClipConfig& config)
{
    const Json side = config.vision.imageSize;
    const Json square = {{"height", side}, {"width", side}};
    const bool isSquashed = config.framing == Framing::Squash;
    Json all = {{"do_convert_rgb", true},        {"do_resize", true},
                {"resample", kPillowBicubic},    {"do_rescale", true},
                {"rescale_factor", 1.0 / 255.0}, {"do_normalize", true},
                {"image_mean", config.mean},     {"image_std", config.deviation}};
    all["size"] = isSquashed ? square : Json{{"shortest_edge", side}};
    if (config.family == Family::SigLip) {
        all["image_processor_type"] = "SiglipImageProcessor";
    } else {
        all["image_processor_type"] = "CLIPImageProcessor";
        all["do_center_crop"] = !isSquashed;
        all["crop_size"] = square;
    }
    return all.dump(2) + "\n";
}

} // namespace tagalign::model::clip
