#pragma once

#include "model/Progress.h"
#include "model/align/MaskSettings.h"
#include "model/dataset/SegmentationSet.h"
#include "model/eval/Interval.h"
#include "model/eval/Segmentation.h"
#include "model/image/RgbImage.h"
#include "model/pipeline/Encoding.h"
#include "model/pipeline/PilotData.h"
#include "model/pipeline/SegmentationExample.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tagalign::model::pipeline {

/// How pictures are looked at. Sizes are the official benchmark's (TCL, arXiv 2212.00785, whose
/// evaluation TagAlign's code uses), pixels of the resized picture.
struct SegmentationSettings
{
    std::vector<clip::PatchPath> paths{clip::PatchPath::SelfValue}; ///< at least one
    /// Of the resized pictures, at least one: each is measured by itself, and several together.
    std::vector<int> shortSides{448};
    int window = 448;                      ///< side of a sliding window
    int stride = 224;                      ///< from window to window, at most its side
    std::optional<std::size_t> background; ///< class that stands for "none of the others"
    double threshold = align::MaskSettings{}.threshold; ///< of the background, [0, 1]
    std::optional<double> blend; ///< as MaskSettings::blend; without it the head's own
    std::size_t limit = 0;       ///< pictures, the first ones; 0: all
    Precision precision = Precision::Automatic;
    int resamples = 2000;
    std::uint64_t seed = 1;
};

/// One way of looking.
struct SegmentationView
{
    clip::PatchPath path = clip::PatchPath::SelfValue;
    std::vector<int> shortSides; ///< masks are averaged over these
};

/// What one model reaches by one view.
struct SegmentationSide
{
    eval::SegmentationScore score;
    eval::Interval meanIou; ///< 95 %, bootstrap over images
    eval::Interval pixelAccuracy;
};

/// 95 % interval of a difference, paired bootstrap over images.
struct SegmentationChange
{
    eval::Interval meanIou;
    eval::Interval pixelAccuracy;
};

struct SegmentationRow
{
    SegmentationView view;
    SegmentationSide before;                     ///< the frozen model
    std::optional<SegmentationSide> after;       ///< the head, on the path that it was trained on
    std::optional<SegmentationChange> byHead;    ///< after - before
    std::optional<SegmentationChange> fromFirst; ///< before - before of the first row
};

struct SegmentationResult
{
    std::vector<SegmentationRow> rows;            ///< paths × scales, in the settings' order
    std::vector<std::size_t> images;              ///< of each class: how many show it
    std::size_t measured = 0;                     ///< images
    std::vector<dataset::RecordProblem> problems; ///< images that were left out
};

/// One picture as it was labelled, for drawing. Labels are positions of classes, row-major.
struct SegmentedPicture
{
    const dataset::SegmentationImage& source;
    const image::RgbImage& picture;
    const std::vector<std::uint16_t>& truth; ///< kNoLabel where ignored
    /// Of each row of the result.
    std::vector<std::vector<std::uint16_t>> before;
    std::vector<std::vector<std::uint16_t>> after; ///< empty where the head has no part
};

using OnSegmented = std::function<void(const SegmentedPicture&)>;

/// Open-vocabulary segmentation: each class is the mean of its name in the standard templates, of
/// several names the one that fits best at a patch; masks as align::patchMasks(), labels as
/// drawLabels() (LabelMap.h), scores as mmsegmentation's. Resizing is antialiased bicubic like
/// everywhere here, where the official code has OpenCV's bilinear.
/// A picture that cannot be read, or whose mask is of another size or has a value that is no class,
/// is left out.
/// @param model    checkpoint, and the folder that text embeddings are cached in.
/// @param headFile empty: the frozen model alone.
/// @throws Error if no picture can be used, the model or the head cannot be loaded, or none of the
///         paths is the head's; RangeError; Cancelled.
[[nodiscard]] SegmentationResult
evaluateSegmentation(const ModelFiles& model, const dataset::SegmentationSet& set,
                     const std::filesystem::path& headFile, const SegmentationSettings& settings,
                     const OnProgress& onProgress, const OnSegmented& onSegmented = {});

} // namespace tagalign::model::pipeline
