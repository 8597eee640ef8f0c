#pragma once

#include "model/clip/ClipModel.h"
#include "model/image/Preprocess.h"
#include "model/pipeline/Encoding.h"
#include "model/tensor_io/FeatureStore.h"

#include <torch/torch.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace tagalign::model::pipeline {

/// A picture as the checkpoint was trained to see it, cropped or squashed to its square; what the
/// last patches leave over at the right and at the bottom is cut off.
/// @return [3, S, S] normalised, S a multiple of the patch size.
[[nodiscard]] torch::Tensor squarePixels(const image::RgbImage& image,
                                         const clip::ClipConfig& config);

/// A checkpoint's frozen vision tower in the fastest form this machine has for the precision.
class ImageTower
{
public:
    /// @throws Error if the checkpoint cannot be loaded or the machine lacks the precision.
    ImageTower(const std::filesystem::path& checkpoint, clip::PatchPath path, Precision precision);

    /// For measuring: any model, e.g. a randomly initialised one.
    ImageTower(clip::ClipModel model, clip::PatchPath path, Precision precision);

    ~ImageTower();
    ImageTower(const ImageTower&) = delete;
    ImageTower& operator=(const ImageTower&) = delete;

    /// @param pixels [N, 3, H, W] normalised, multiples of the patch size.
    /// @return one element an image, float32 on the CPU.
    [[nodiscard]] std::vector<tensor_io::ImageFeatures> encode(const torch::Tensor& pixels);

    /// The same by another path than the tower's own.
    [[nodiscard]] std::vector<tensor_io::ImageFeatures> encode(const torch::Tensor& pixels,
                                                               clip::PatchPath path);

    [[nodiscard]] const clip::ClipConfig& config() const;

    [[nodiscard]] bool isOnGpu() const;

    [[nodiscard]] int usualBatchSize() const; ///< clip::usualBatchSize of its device

    /// What it runs on, e.g. "CPU, bf16".
    [[nodiscard]] std::string description() const;

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace tagalign::model::pipeline
