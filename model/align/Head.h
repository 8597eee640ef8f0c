#pragma once

#include "model/align/Choices.h"

#include <torch/torch.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tagalign::model::align {

/// What SigLIP's attention pooling does behind its matrix: adds a bias, then
/// x + down(GELU(up(LayerNorm(x)))), the GELU with tanh. A CLIP has no tail: undefined tensors.
struct PoolTail
{
    torch::Tensor bias;       ///< [D]
    torch::Tensor normWeight; ///< [D]
    torch::Tensor normBias;   ///< [D]
    torch::Tensor upWeight;   ///< [H, D]
    torch::Tensor upBias;     ///< [H]
    torch::Tensor downWeight; ///< [D, H]
    torch::Tensor downBias;   ///< [D]

    /// H; 0 if there is no tail.
    [[nodiscard]] std::int64_t width() const { return upBias.defined() ? upBias.size(0) : 0; }
};

/// The parts by the names that head files have.
inline constexpr std::array<std::pair<const char*, torch::Tensor PoolTail::*>, 7> kPoolTailParts = {
    {{"pool_bias", &PoolTail::bias},
     {"pool_norm_weight", &PoolTail::normWeight},
     {"pool_norm_bias", &PoolTail::normBias},
     {"pool_up_weight", &PoolTail::upWeight},
     {"pool_up_bias", &PoolTail::upBias},
     {"pool_down_weight", &PoolTail::downWeight},
     {"pool_down_bias", &PoolTail::downBias}}};

/// The shape of each part, in the order of kPoolTailParts.
[[nodiscard]] std::array<std::vector<std::int64_t>, 7> poolTailShapes(std::int64_t embeddingWidth,
                                                                      std::int64_t tailWidth);

/// A checkpoint's way from tower tokens to the joint space: ln_post, a matrix, and SigLIP's tail.
struct Projection
{
    torch::Tensor normWeight; ///< [C]
    torch::Tensor normBias;   ///< [C]
    torch::Tensor matrix;     ///< [C, D]
    double epsilon = 1e-5;    ///< of every layer norm
    PoolTail tail;

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

    [[nodiscard]] std::int64_t tokenWidth() const { return m_projection.tokenWidth(); }

    [[nodiscard]] std::int64_t embeddingWidth() const { return m_projection.embeddingWidth(); }

    /// Width of an adapter's bottleneck or a transformer's MLP; 0 where there is none.
    [[nodiscard]] virtual std::int64_t hiddenWidth() const { return 0; }

    /// Of ln_post.
    [[nodiscard]] double epsilon() const { return m_projection.epsilon; }

    /// Multiplications and additions of one forward pass over one patch.
    [[nodiscard]] virtual double flopsPerPatch() const = 0;

    [[nodiscard]] std::int64_t tailWidth() const { return m_projection.tail.width(); }

    /// Type that convolutions run in; the weights stay float32. No effect where there are none.
    virtual void setConvolutionType(torch::Dtype) {}

protected:
    /// Which parts of the projection's copy are trained; the rest is only saved. SigLIP's tail
    /// never is.
    enum class Trained { Nothing, Matrix, All };

    Head(const Projection& projection, Trained trained);

    /// The way out: by the head's own copy of the projection.
    [[nodiscard]] torch::Tensor projected(const torch::Tensor& tokens) const
    {
        return project(tokens, m_projection);
    }

    /// What projected() adds to flopsPerPatch().
    [[nodiscard]] double projectionFlops() const
    {
        return 2.0 * double(embeddingWidth()) * double(tokenWidth() + 2 * tailWidth());
    }

    virtual torch::Tensor run(const torch::Tensor& tokens, std::int64_t rows,
                              std::int64_t columns) = 0;

private:
    Projection m_projection;
};

/// @param hiddenWidth see Head::hiddenWidth(); 0 chooses the kind's own.
/// @param seed of the random weights; the process-wide generator is not touched.
/// @throws ShapeError if the projection's tensors do not fit together.
[[nodiscard]] std::shared_ptr<Head> makeHead(HeadKind kind, const Projection& projection,
                                             std::uint64_t seed, std::int64_t hiddenWidth = 0);

} // namespace tagalign::model::align
