#pragma once

#include "model/clip/ClipModel.h"

#include <memory>
#include <string>

namespace tagalign::model::clip {

enum class Precision {
    Automatic, ///< BFloat16 where the CPU or GPU has it, Float32 elsewhere
    Float32,
    BFloat16,
    Int8 ///< CPU only: 8-bit weights per output channel, activations per tensor; by choice only
};

struct EncoderOptions
{
    Precision precision = Precision::Automatic;
    std::string device = "cpu"; ///< what resolveDevice gave
};

/// A frozen vision tower made ready to run as fast as the machine can: weights prepacked in the
/// layout of the CPU's matrix kernels, activation and residual fused into the matrix products.
/// Copies the weights; the model can be changed or freed afterwards. Any thread may call it.
class ClipEncoder
{
public:
    /// @throws Error if the precision cannot be had on the device.
    ClipEncoder(ClipModel& model, const EncoderOptions& options);
    ~ClipEncoder();
    ClipEncoder(ClipEncoder&&) noexcept;
    ClipEncoder& operator=(ClipEncoder&&) noexcept;

    /// As ClipModelImpl::encodeImage, but on the encoder's device, without lastHidden, and with the
    /// tokens in the type that runs inside: moving less is most of what a GPU can save.
    /// @throws ShapeError
    [[nodiscard]] VisionOutput encodeImage(const torch::Tensor& pixels, PatchPath path) const;

    [[nodiscard]] Precision precision() const; ///< what runs, never Automatic

private:
    class Tower;
    std::unique_ptr<const Tower> m_tower;
};

} // namespace tagalign::model::clip
