#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <string>

namespace tagalign::model::align {

enum class HeadKind { Adapter, GatedConv };

/// As stored in files: "adapter", "gated-conv".
[[nodiscard]] std::string nameOf(HeadKind kind);

/// A checkpoint's way from tower tokens to the joint space: ln_post, then a matrix.
struct Projection
{
    torch::Tensor normWeight; ///< [C]
    torch::Tensor normBias;   ///< [C]
    torch::Tensor matrix;     ///< [C, D]
    double epsilon = 1e-5;

    [[nodiscard]] std::int64_t tokenWidth() const { return matrix.size(0); }

    [[nodiscard]] std::int64_t embeddingWidth() const { return matrix.size(1); }
};

/// [.., C] -> [.., D], not normalised.
[[nodiscard]] torch::Tensor project(const torch::Tensor& tokens, const Projection& projection);

/// What TagAlign trains: from a frozen tower's patch tokens to the joint space.
/// A fresh head computes bit for bit what project() does, so that "after" starts at "before".
class Head : public torch::nn::Module
{
public:
    /// @param tokens [N, P, C] float, P = rows × columns, row-major.
    /// @return [N, P, D], not normalised. @throws ShapeError
    torch::Tensor forward(const torch::Tensor& tokens, std::int64_t rows, std::int64_t columns);

    [[nodiscard]] virtual HeadKind kind() const = 0;
    [[nodiscard]] virtual std::int64_t tokenWidth() const = 0;
    [[nodiscard]] virtual std::int64_t embeddingWidth() const = 0;

    /// Width of the bottleneck; 0 where there is none.
    [[nodiscard]] virtual std::int64_t hiddenWidth() const { return 0; }

    /// Of ln_post.
    [[nodiscard]] virtual double epsilon() const = 0;
    /// Multiplications and additions of one forward pass over one patch.
    [[nodiscard]] virtual double flopsPerPatch() const = 0;

    /// Type that convolutions run in; the weights stay float32. No effect where there are none.
    virtual void setConvolutionType(torch::Dtype) {}

protected:
    virtual torch::Tensor run(const torch::Tensor& tokens, std::int64_t rows,
                              std::int64_t columns) = 0;
};

/// @param hiddenWidth bottleneck of an adapter; 0 chooses a quarter of the token width.
/// @param seed of the random weights; the process-wide generator is not touched.
/// @throws ShapeError if the projection's tensors do not fit together.
[[nodiscard]] std::shared_ptr<Head> makeHead(HeadKind kind, const Projection& projection,
                                             std::uint64_t seed, std::int64_t hiddenWidth = 0);

} // namespace tagalign::model::align
