#pragma once

namespace tagalign::model::clip {

/// How patch features leave the vision tower. On every path they go on to the joint space as
/// ClipModelImpl::projectTokens() says.
enum class PatchPath {
    Plain,        ///< the last block's output
    Value,        ///< MaskCLIP (arXiv 2112.01071, section 3.2): out_proj(v) of the last block
    SelfValue,    ///< TagAlign's official v-v stream over the last six blocks
    SelfQueryKey, ///< SCLIP (arXiv 2312.01597): q-q + k-k attention in the last block
    /// NACLIP (arXiv 2404.08181, section 3): out_proj of k-k attention with a Gaussian of the
    /// patches' distance on its logits, in the last block
    Neighbour
};

} // namespace tagalign::model::clip
