#include "model/align/Head.h"

#include "model/Error.h"
#include "model/align/AdapterHead.h"
#include "model/align/GatedConvHead.h"
#include "model/align/ProjectionHead.h"
#include "model/align/TransformerHead.h"

#include <sstream>

namespace tagalign::model::align {

namespace {

void requireConsistent(const Projection& projection)
{
    const bool fits = projection.matrix.dim() == 2 && projection.normWeight.dim() == 1 &&
                      projection.normBias.dim() == 1 &&
                      projection.normWeight.size(0) == projection.matrix.size(0) &&
                      projection.normBias.size(0) == projection.matrix.size(0) &&
                      projection.matrix.numel() > 0;
    if (!fits) {
        std::ostringstream text;
        text << "The checkpoint's projection does not fit together: expected ln_post [C], [C] and "
                "a matrix [C, D], found "
             << projection.normWeight.sizes() << ", " << projection.normBias.sizes() << " and "
             << projection.matrix.sizes() << ".";
        throw ShapeError(text.str());
    }
    const auto shapes = poolTailShapes(projection.embeddingWidth(), projection.tail.width());
    for (std::size_t i = 0; i < shapes.size(); ++i) {
        const auto& [name, part] = kPoolTailParts[i];
        const torch::Tensor& tensor = projection.tail.*part;
        const bool isAbsent = projection.tail.width() == 0 && !tensor.defined();
        if (!isAbsent && (!tensor.defined() || tensor.sizes() != shapes[i])) {
            std::ostringstream text;
            text << "The checkpoint's projection does not fit together: expected " << name << " "
                 << torch::IntArrayRef(shapes[i]) << ".";
            throw ShapeError(text.str());
        }
    }
}

torch::Tensor throughTail(const torch::Tensor& x, const PoolTail& tail, double epsilon)
{
    const auto pooled = x + tail.bias;
    const auto normed =
        torch::layer_norm(pooled, {pooled.size(-1)}, tail.normWeight, tail.normBias, epsilon);
    const auto hidden = torch::gelu(torch::linear(normed, tail.upWeight, tail.upBias), "tanh");
    return pooled + torch::linear(hidden, tail.downWeight, tail.downBias);
}

} // namespace

std::array<std::vector<std::int64_t>, 7> poolTailShapes(std::int64_t embeddingWidth,
                                                        std::int64_t tailWidth)
{
    return {{{embeddingWidth},
             {embeddingWidth},
             {embeddingWidth},
             {tailWidth, embeddingWidth},
             {tailWidth},
             {embeddingWidth, tailWidth},
             {embeddingWidth}}};
}

torch::Tensor project(const torch::Tensor& tokens, const Projection& projection)
{
    const auto normed = torch::layer_norm(tokens, {projection.tokenWidth()}, projection.normWeight,
                                          projection.normBias, projection.epsilon);
    const auto joint = torch::matmul(normed, projection.matrix);
    return projection.tail.width() == 0 ? joint
                                        : throughTail(joint, projection.tail, projection.epsilon);
}

Head::Head(const Projection& projection, Trained trained)
{
    const auto keep = [this](const char* name, const torch::Tensor& tensor, bool isTrained) {
        const auto copy = tensor.detach().clone();
        return isTrained ? register_parameter(name, copy) : register_buffer(name, copy);
    };
    const bool isAll = trained == Trained::All;
    m_projection.normWeight = keep("ln_post_weight", projection.normWeight, isAll);
    m_projection.normBias = keep("ln_post_bias", projection.normBias, isAll);
    m_projection.matrix = keep("projection", projection.matrix, trained != Trained::Nothing);
    m_projection.epsilon = projection.epsilon;
    if (projection.tail.width() == 0)
        return;
    for (const auto& [name, part] : kPoolTailParts)
        m_projection.tail.*part = keep(name, projection.tail.*part, false);
}

torch::Tensor Head::forward(const torch::Tensor& tokens, std::int64_t rows, std::int64_t columns)
{
    if (tokens.dim() != 3 || tokens.size(1) != rows * columns || tokens.size(2) != tokenWidth()) {
        std::ostringstream text;
        text << "The head expects patch tokens of shape [N, " << rows << " × " << columns << ", "
             << tokenWidth() << "], found " << tokens.sizes() << ".";
        throw ShapeError(text.str());
    }
    return run(tokens, rows, columns);
}

std::shared_ptr<Head> makeHead(HeadKind kind, const Projection& projection, std::uint64_t seed,
                               std::int64_t hiddenWidth)
{
    requireConsistent(projection);
    switch (kind) {
    case HeadKind::Adapter:
        return std::make_shared<AdapterHead>(projection, seed, hiddenWidth);
    case HeadKind::GatedConv:
        return std::make_shared<GatedConvHead>(projection, seed);
    case HeadKind::Transformer:
        return std::make_shared<TransformerHead>(projection, seed, hiddenWidth);
    case HeadKind::Projection:
        break;
    }
    return std::make_shared<ProjectionHead>(projection);
}

} // namespace tagalign::model::align
