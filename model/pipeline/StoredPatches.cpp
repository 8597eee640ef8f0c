#include "model/pipeline/StoredPatches.h"

#include "model/Error.h"
#include "model/pipeline/StoreKey.h"

namespace tagalign::model::pipeline {

align::LoadedHead loadHeadFor(const ModelFiles& model, const clip::ClipConfig& config,
                              const std::filesystem::path& headFile)
{
    align::LoadedHead loaded = align::loadHead(headFile, {config.vision.width, config.embedDim,
                                                          checkpointFingerprint(model.checkpoint),
                                                          nameOf(model.patchPath)});
    loaded.head->eval();
    return loaded;
}

StoredPatches::StoredPatches(const ModelFiles& model, const std::filesystem::path& headFile)
    : m_texts(model),
      m_store(model.store, storeKey(model)),
      m_width(m_texts.clip()->config().embedDim),
      m_head(loadHeadFor(model, m_texts.clip()->config(), headFile))
{
}

PatchPair StoredPatches::of(const PilotImage& image)
{
    const auto features = m_store.get(image.contentHash);
    if (!features || features->global.size(0) != m_width) {
        throw Error(image.file.string() +
                    ": its features are missing from the store; encode the images again");
    }
    const torch::Tensor tokens = features->tokens.to(torch::kFloat).unsqueeze(0);
    return {.before = m_texts.clip()->projectTokens(tokens).to(torch::kFloat),
            .after =
                m_head.head->forward(tokens, features->rows, features->columns).to(torch::kFloat),
            .global = features->global.to(torch::kFloat).unsqueeze(0),
            .rows = features->rows,
            .columns = features->columns};
}

} // namespace tagalign::model::pipeline
