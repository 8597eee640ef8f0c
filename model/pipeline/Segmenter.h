#pragma once

#include "model/align/HeadFile.h"
#include "model/align/Masks.h"
#include "model/dataset/SegmentationSet.h"
#include "model/image/RgbImage.h"
#include "model/pipeline/ImageTower.h"
#include "model/pipeline/LabelMap.h"
#include "model/pipeline/SegmentationEvaluation.h"
#include "model/pipeline/TextEmbedding.h"

#include <torch/torch.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace tagalign::model::pipeline {

/// Of one picture at one scale.
struct MaskPair
{
    WindowMasks before;
    std::optional<WindowMasks> after; ///< with a head, on its path
};

/// The frozen model and at most one head, ready to find a list of classes in pictures. Includes
/// torch, so no header for app. Not thread-safe.
class Segmenter
{
public:
    /// @param classes to look for, at least one; a background is none of them.
    /// @throws Error as evaluateSegmentation(); Cancelled.
    Segmenter(const ModelFiles& model, const std::vector<dataset::SegmentationClass>& classes,
              const std::filesystem::path& headFile, const SegmentationSettings& settings,
              const OnProgress& onProgress);

    /// Whether the head was trained on this path.
    [[nodiscard]] bool hasHeadOn(clip::PatchPath path) const;

    /// @param beforeWindow called before each window; may throw.
    /// @throws Error if the features are not finite.
    [[nodiscard]] MaskPair masks(const image::RgbImage& picture, clip::PatchPath path,
                                 int shortSide, const std::function<void()>& beforeWindow);

private:
    struct PatchMasks
    {
        torch::Tensor before; ///< [K, rows, columns]
        torch::Tensor after;  ///< undefined without a head
    };

    [[nodiscard]] PatchMasks masksOf(const tensor_io::ImageFeatures& features,
                                     clip::PatchPath path);
    /// [1, P, D] twice -> [K, P]
    [[nodiscard]] torch::Tensor classMasks(const torch::Tensor& patches,
                                           const torch::Tensor& frozen) const;

    SegmentationSettings m_settings;
    TextEmbedding m_texts;
    torch::Tensor m_names;              ///< [M, D], the classes' names one after the other
    std::vector<std::int64_t> m_counts; ///< names of each class
    align::LoadedHead m_head;           ///< empty without one
    align::MaskSettings m_maskSettings;
    ImageTower m_tower;
};

} // namespace tagalign::model::pipeline
