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
    "a way to prepare images that this program does not have; choose a CLIP whose images are "
    "resized to its size by their shortest side (bicubic), cropped in the middle and normalised";

constexpr int kPillowBicubic = 3; ///< PIL.Image.BICUBIC

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

    [[nodiscard]] bool isTrue(const char* name) const
    {
        return has(name) && m_values[name] == true;
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
        refuse(name, std::vector<Json>{harmless},
               "an architecture this program does not know; choose a CLIP with plain vision and "
               "text transformers");
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

Activation activationOf(const Settings& settings)
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

void readHuggingFaceTower(const Settings& settings, TowerConfig& tower)
{
    tower.width = settings.size("hidden_size", tower.width);
    tower.layers = settings.size("num_hidden_layers", tower.layers);
    tower.heads = settings.size("num_attention_heads", tower.heads);
    tower.mlpWidth = settings.size("intermediate_size", tower.mlpWidth);
    tower.activation = activationOf(settings);
    tower.layerNormEpsilon = settings.number("layer_norm_eps", tower.layerNormEpsilon);
}

ClipConfig readHuggingFace(const Settings& settings)
{
    if (settings.text("model_type", "") != "clip") {
        throw settings.wrong("model_type", "\"clip\": this architecture is not known here");
    }
    ClipConfig config;
    const Settings vision = settings.merged({"vision_config", "vision_config_dict"});
    config.vision.width = 768;
    config.vision.heads = 12;
    config.vision.mlpWidth = 3072;
    readHuggingFaceTower(vision, config.vision);
    config.vision.patchSize = vision.size("patch_size", config.vision.patchSize);
    config.vision.imageSize = vision.size("image_size", config.vision.imageSize);
    vision.refuse("num_channels", 3);

    const Settings text = settings.merged({"text_config", "text_config_dict"});
    readHuggingFaceTower(text, config.text);
    config.text.vocabularySize = text.size("vocab_size", config.text.vocabularySize);
    config.text.contextLength = text.size("max_position_embeddings", config.text.contextLength);
    const std::int64_t end = text.size("eos_token_id", 49407);
    config.text.endTokenId = end == kLegacyEndToken ? std::nullopt : std::optional(end);
    config.embedDim = settings.size("projection_dim", config.embedDim);
    return config;
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
    settings.refuse("resize_mode", {"shortest"}, kOtherPreparation);
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
    readOpenClipVision(settings.merged({"vision_cfg"}), config.vision);
    readOpenClipText(settings.merged({"text_cfg"}), config.text);
    const Activation activation =
        settings.isTrue("quick_gelu") ? Activation::QuickGelu : Activation::Gelu;
    config.vision.activation = activation;
    config.text.activation = activation;
    config.embedDim = settings.size("embed_dim", config.embedDim);
    readOpenClipPreparation(file.merged({"preprocess_cfg"}), config);
    return config;
}

void readHuggingFacePreparation(const Settings& settings, ClipConfig& config)
{
    const Json side = config.vision.imageSize;
    for (const char* name : {"do_resize", "do_center_crop", "do_rescale", "do_normalize"}) {
        settings.refuse(name, {true}, kOtherPreparation);
    }
    settings.refuse("size", {side, {{"shortest_edge", side}}}, kOtherPreparation);
    settings.refuse("crop_size", {side, {{"height", side}, {"width", side}}}, kOtherPreparation);
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

Json towerJson(const char* type, const TowerConfig& tower, std::int64_t embedDim)
{
    return {{"model_type", type},
            {"hidden_size", tower.width},
            {"num_hidden_layers", tower.layers},
            {"num_attention_heads", tower.heads},
            {"intermediate_size", tower.mlpWidth},
            {"hidden_act", tower.activation == Activation::Gelu ? "gelu" : "quick_gelu"},
            {"layer_norm_eps", tower.layerNormEpsilon},
            {"projection_dim", embedDim}};
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
    if (config.vision.imageSize % config.vision.patchSize != 0) {
        throw RangeError("image size " + std::to_string(config.vision.imageSize) +
                         " is not a multiple of the patch size " +
                         std::to_string(config.vision.patchSize));
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
                                      "choose a folder with a published CLIP checkpoint");
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

std::string configJson(const ClipConfig& config)
{
    Json vision = towerJson("clip_vision_model", config.vision, config.embedDim);
    vision["patch_size"] = config.vision.patchSize;
    vision["image_size"] = config.vision.imageSize;
    vision["num_channels"] = 3;
    Json text = towerJson("clip_text_model", config.text, config.embedDim);
    text["vocab_size"] = config.text.vocabularySize;
    text["max_position_embeddings"] = config.text.contextLength;
    text["eos_token_id"] = config.text.endTokenId.value_or(kLegacyEndToken);
    text["bos_token_id"] = std::max<std::int64_t>(0, config.text.vocabularySize - 2);
    const Json all = {{"architectures", {"CLIPModel"}},    {"model_type", "clip"},
                      {"projection_dim", config.embedDim}, {"logit_scale_init_value", 2.6592},
                      {"vision_config", vision},           {"text_config", text}};
    return all.dump(2) + "\n";
}

std::string preprocessorJson(const ClipConfig& config)
{
    const Json side = config.vision.imageSize;
    const Json all = {{"image_processor_type", "CLIPImageProcessor"},
                      {"do_convert_rgb", true},
                      {"do_resize", true},
                      {"size", {{"shortest_edge", side}}},
                      {"resample", 3}, // bicubic
                      {"do_center_crop", true},
                      {"crop_size", {{"height", side}, {"width", side}}},
                      {"do_rescale", true},
                      {"rescale_factor", 1.0 / 255.0},
                      {"do_normalize", true},
                      {"image_mean", config.mean},
                      {"image_std", config.deviation}};
    return all.dump(2) + "\n";
}

} // namespace tagalign::model::clip
