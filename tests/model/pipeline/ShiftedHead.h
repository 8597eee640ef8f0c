#pragma once

#include "model/align/Head.h"
#include "model/align/HeadFile.h"
#include "model/clip/ClipModel.h"
#include "model/pipeline/PilotData.h"
#include "model/pipeline/StoreKey.h"

#include <filesystem>
#include <string>

namespace tagalign::test {

/// A head file of the checkpoint whose projection is the frozen one, moved by that much noise: 0
/// does what the frozen model does.
/// @param fingerprint of the checkpoint it names; empty: its own.
inline std::filesystem::path writeShiftedHead(const model::pipeline::ModelFiles& model,
                                              const std::filesystem::path& file, double shift,
                                              const std::string& fingerprint = {})
{
    using namespace model;
    clip::ClipModel clip = clip::loadClip(model.checkpoint);
    const torch::NoGradGuard guard;
    torch::manual_seed(5);
    const auto parameters = clip->named_parameters();
    const torch::Tensor matrix = parameters["visual.proj"].detach().clone();
    const align::Projection projection{parameters["visual.ln_post.weight"].detach().clone(),
                                       parameters["visual.ln_post.bias"].detach().clone(),
                                       matrix + shift * torch::randn_like(matrix),
                                       clip->config().vision.layerNormEpsilon};
    align::HeadInfo info;
    info.checkpoint =
        fingerprint.empty() ? pipeline::checkpointFingerprint(model.checkpoint) : fingerprint;
    info.patchPath = pipeline::nameOf(model.patchPath);
    align::saveHead(*align::makeHead(align::HeadKind::Adapter, projection, 1), info, file);
    return file;
}

} // namespace tagalign::test
