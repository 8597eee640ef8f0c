#include "model/pipeline/StoredImages.h"

#include "model/Error.h"
#include "model/pipeline/StoreKey.h"
#include "model/tensor_io/FeatureStore.h"

#include <algorithm>

namespace tagalign::model::pipeline {

namespace {

constexpr std::size_t kPollEvery = 64; // images: a look takes well under a millisecond

} // namespace

std::string LeftOut::caution() const
{
    if (images == 0) {
        return {};
    }
    const std::string who =
        images == 1
            ? "1 image has no stored features and was left out, "
            : std::to_string(images) + " images have no stored features and were left out, first ";
    return who + first.string() + "; encode the images again to see why.";
}

StoredImages storedImages(const ModelFiles& model, const PilotData& data,
                          const std::vector<Split>& splits, const OnProgress& onProgress)
{
    const tensor_io::FeatureStore store(model.store, storeKey(model));
    StoredImages result;
    result.data.tags = data.tags;
    for (std::size_t i = 0; i < data.images.size(); ++i) {
        const PilotImage& image = data.images[i];
        const bool isWanted = std::find(splits.begin(), splits.end(), image.split) != splits.end();
        if (!isWanted || store.contains(image.contentHash)) {
            result.data.images.push_back(image);
        } else if (++result.leftOut.images == 1) {
            result.leftOut.first = image.file;
        }
        if (i % kPollEvery == 0 && onProgress &&
            onProgress({std::int64_t(i), std::int64_t(data.images.size()), image.file.string()}) ==
                Next::Stop) {
            throw Cancelled();
        }
    }
    return result;
}

} // namespace tagalign::model::pipeline
