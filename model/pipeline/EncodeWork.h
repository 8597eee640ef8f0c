#pragma once

#include "model/pipeline/Encoding.h"
#include "model/pipeline/ImageTower.h"
#include "model/tensor_io/FeatureStore.h"

namespace tagalign::model::pipeline {

/// encodeImages() with a tower and a store that are open already.
EncodeReport encodeInto(const tensor_io::FeatureStore& store, ImageTower& tower,
                        const std::vector<EncodeItem>& items, const EncodeSettings& settings,
                        const OnProgress& onProgress);

} // namespace tagalign::model::pipeline
