#include "model/pipeline/Segmenter.h"

#include "model/Error.h"
#include "model/image/Preprocess.h"
#include "model/pipeline/StoreKey.h"

namespace tagalign::model::pipeline {

namespace {

std::vector<PilotTag> namesOf(const std::vector<dataset::SegmentationClass>& classes)
{
    std::vector<PilotTag> names;
    for (const dataset::SegmentationClass& each : classes) {
        for (const std::string& name : each.names) {
            names.push_back({.text = name, .kind = tags::TagKind::Object, .templates = {}});
        }
    }
    return names;
}

align::LoadedHead loadHeadOnAnyPath(const ModelFiles& model, const clip::ClipConfig& config,
                                    const std::filesystem::path& file)
{
    align::LoadedHead loaded = align::loadHead(
        file, {config.vision.width, config.embedDim, checkpointFingerprint(model.checkpoint), {}});
    loaded.head->eval();
    return loaded;
}

/// Zeros around, so that both sides are whole patches. [3, H, W]
torch::Tensor padded(const torch::Tensor& pixels, int patch)
{
    const auto around = [patch](std::int64_t length) {
        const std::int64_t before = paddingBefore(int(length), patch);
        return std::pair(before, (patch - length % patch) % patch - before);
    };
    const auto [top, bottom] = around(pixels.size(1));
    const auto [left, right] = around(pixels.size(2));
    return torch::constant_pad_nd(pixels, {left, right, top, bottom});
}

} // namespace

Segmenter::Segmenter(const ModelFiles& model,
                     const std::vector<dataset::SegmentationClass>& classes,
                     const std::filesystem::path& headFile, const SegmentationSettings& settings,
                     const OnProgress& onProgress)
    : m_settings(settings),
      m_texts(model),
      m_names(m_texts.tags(namesOf(classes), onProgress)),
      m_tower(m_texts.clip(), settings.paths.front(), settings.precision)
{
    for (const dataset::SegmentationClass& each : classes) {
        m_counts.push_back(std::int64_t(each.names.size()));
    }
    if (!headFile.empty()) {
        m_head = loadHeadOnAnyPath(model, m_tower.config(), headFile);
        m_maskSettings.blend = m_head.info.blend;
    }
    m_maskSettings.blend = settings.blend.value_or(m_maskSettings.blend);
}

bool Segmenter::hasHeadOn(clip::PatchPath path) const
{
    return m_head.head && m_head.info.patchPath == nameOf(path);
}

torch::Tensor Segmenter::classMasks(const torch::Tensor& patches, const torch::Tensor& frozen) const
{
    const torch::Tensor ofNames = align::patchMasks(patches, frozen, m_names, m_maskSettings)[0];
    if (ofNames.size(1) == std::int64_t(m_counts.size())) {
        return ofNames.t();
    }
    std::vector<torch::Tensor> ofClasses;
    for (const torch::Tensor& names : ofNames.split_with_sizes(m_counts, 1)) {
        ofClasses.push_back(names.amax(1));
    }
    return torch::stack(ofClasses);
}

Segmenter::PatchMasks Segmenter::masksOf(const tensor_io::ImageFeatures& features,
                                         clip::PatchPath path)
{
    const torch::Tensor tokens = features.tokens.to(torch::kFloat).unsqueeze(0);
    const torch::Tensor frozen = m_texts.clip()->projectTokens(tokens).to(torch::kFloat);
    if (!frozen.isfinite().all().item<bool>()) {
        throw Error("the model's features are not finite; check the checkpoint with `tagalign "
                    "model check`");
    }
    const std::int64_t classes = std::int64_t(m_counts.size());
    const auto onGrid = [&](const torch::Tensor& masks) {
        return masks.reshape({classes, features.rows, features.columns}).contiguous();
    };
    PatchMasks masks{.before = onGrid(classMasks(frozen, frozen)), .after = {}};
    if (hasHeadOn(path)) {
        const torch::Tensor patches =
            m_head.head->forward(tokens, features.rows, features.columns).to(torch::kFloat);
        masks.after = onGrid(classMasks(patches, frozen));
    }
    return masks;
}

MaskPair Segmenter::masks(const image::RgbImage& picture, clip::PatchPath path, int shortSide,
                          const std::function<void()>& beforeWindow)
{
    const torch::InferenceMode guard;
    const clip::ClipConfig& config = m_tower.config();
    const int patch = int(config.vision.patchSize);
    const image::PixelSize size = image::fitShortSide({picture.width, picture.height}, shortSide);
    const image::SlidingWindows windows =
        image::slidingWindows(size, m_settings.window, m_settings.stride);
    const torch::Tensor pixels =
        image::preprocessTo(picture, size, {config.mean, config.deviation});
    std::vector<torch::Tensor> before;
    std::vector<torch::Tensor> after;
    for (const auto& corner : windows.corners) {
        beforeWindow();
        const torch::Tensor window =
            padded(pixels.slice(1, corner.top, corner.top + windows.window.height)
                       .slice(2, corner.left, corner.left + windows.window.width),
                   patch);
        const PatchMasks masks = masksOf(m_tower.encode(window.unsqueeze(0), path).front(), path);
        before.push_back(masks.before);
        if (masks.after.defined()) {
            after.push_back(masks.after);
        }
    }
    MaskPair pair{.before = {torch::stack(before), windows, patch}, .after = {}};
    if (!after.empty()) {
        pair.after = WindowMasks{torch::stack(after), windows, patch};
    }
    return pair;
}

} // namespace tagalign::model::pipeline
