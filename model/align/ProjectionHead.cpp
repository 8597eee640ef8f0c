#include "model/align/ProjectionHead.h"

namespace tagalign::model::align {

ProjectionHead::ProjectionHead(const Projection& projection)
    : m_epsilon(projection.epsilon)
{
    m_normWeight = register_buffer("ln_post_weight", projection.normWeight.detach().clone());
    m_normBias = register_buffer("ln_post_bias", projection.normBias.detach().clone());
    m_matrix = register_parameter("projection", projection.matrix.detach().clone());
    keepTail(projection.tail);
}

} // namespace tagalign::model::align
