#pragma once

#include "model/Progress.h"
#include "model/pipeline/PilotData.h"

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace tagalign::model::pipeline {

/// Images that a run goes without, as the store holds no whole features of them.
struct LeftOut
{
    std::size_t images = 0;
    std::filesystem::path first; ///< one of them, to be named

    /// "2 images have no stored features and were left out, first kitchen/3.jpg; ..". Empty if
    /// none was left out.
    [[nodiscard]] std::string caution() const;
};

struct StoredImages
{
    PilotData data; ///< images of other splits are kept unseen
    LeftOut leftOut;
};

/// Looks for the features of the splits' images, so that one that cannot be encoded does not
/// stop all others. @throws Error, Cancelled
[[nodiscard]] StoredImages storedImages(const ModelFiles& model, const PilotData& data,
                                        const std::vector<Split>& splits,
                                        const OnProgress& onProgress);

} // namespace tagalign::model::pipeline
