#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace tagalign::model::clip {

enum class Family {
    Clip,  ///< arXiv 2103.00020: class token, causal text tower read at its end token
    SigLip ///< arXiv 2303.15343: attention pooling, text tower read at its last position
};

/// As published. @return "CLIP", "SigLIP".
[[nodiscard]] std::string nameOf(Family family);

enum class Activation {
    QuickGelu, ///< x · sigmoid(1.702 x), OpenAI's
    Gelu,      ///< exact, with the error function
    TanhGelu   ///< its approximation with tanh, SigLIP's
};

/// How a picture becomes the square that the vision tower was trained on.
enum class Framing {
    Crop,  ///< short side to the tower's size, then the middle
    Squash ///< both sides to the tower's size
};

/// What both towers are made of: pre-norm transformer blocks.
struct TowerConfig
{
    std::int64_t width = 512;
    std::int64_t layers = 12;
    std::int64_t heads = 8;
    std::int64_t mlpWidth = 2048;
    Activation activation = Activation::QuickGelu;
    double layerNormEpsilon = 1e-5;
};

struct VisionConfig : TowerConfig
{
    std::int64_t patchSize = 32; ///< pixels
    /// Pixels. What is left over after whole patches at the right and at the bottom is not seen.
    std::int64_t imageSize = 224;

    /// Patches in a row or column of a picture of imageSize.
    [[nodiscard]] std::int64_t gridSide() const { return imageSize / patchSize; }
};

struct TextConfig : TowerConfig
{
    std::int64_t vocabularySize = 49408;
    std::int64_t contextLength = 77;
    /// CLIP's text vector is read at the first token of this id; without it at the highest id of
    /// the row, OpenAI's rule.
    std::optional<std::int64_t> endTokenId;
};

/// What a checkpoint's configuration says about the model.
struct ClipConfig
{
    Family family = Family::Clip;
    VisionConfig vision;
    TextConfig text;
    std::int64_t embedDim = 512; ///< of SigLIP the width of the vision tower
    Framing framing = Framing::Crop;
    std::array<double, 3> mean = {0.48145466, 0.4578275, 0.40821073}; ///< of RGB in [0, 1]
    std::array<double, 3> deviation = {0.26862954, 0.26130258, 0.27577711};
};

/// Reads config.json (Hugging Face CLIPModel or SiglipModel, with the preparation of images in
/// preprocessor_config.json or processor_config.json) or open_clip_config.json. An architecture or
/// a way to prepare images that this program does not have is refused, never ignored.
/// @throws FormatError naming the file and the setting; Error if neither file is there.
[[nodiscard]] ClipConfig readClipConfig(const std::filesystem::path& folder);

/// OpenAI's ViT-B/16, the size that speed is measured at.
[[nodiscard]] ClipConfig vitB16Config();

/// OpenAI's ViT-L/14 at 224 pixels.
[[nodiscard]] ClipConfig vitL14Config();

/// google/siglip-base-patch16-224, whose sizes are also the defaults of `transformers`.
[[nodiscard]] ClipConfig sigLipBaseConfig();

/// @throws RangeError naming the setting, if a size is not positive, far too large, or does not
///         divide the one it must divide.
void checkClipConfig(const ClipConfig& config);

/// config.json as `transformers.CLIPConfig` or `SiglipConfig` reads it.
[[nodiscard]] std::string configJson(const ClipConfig& config);

/// preprocessor_config.json as `transformers.CLIPImageProcessor` or `SiglipImageProcessor` reads
/// it.
[[nodiscard]] std::string preprocessorJson(const ClipConfig& config);

} // namespace tagalign::model::clip
