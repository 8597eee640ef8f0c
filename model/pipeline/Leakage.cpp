#include "model/pipeline/Leakage.h"

#include "model/Error.h"

#include <string>
#include <unordered_map>

namespace tagalign::model::pipeline {

namespace {

std::string nameOf(Split split)
{
    switch (split) {
    case Split::Train:
        return "train";
    case Split::Validation:
        return "validation";
    case Split::Test:
        break;
    }
    return "test";
}

} // namespace

void requireDisjointSplits(const PilotData& data)
{
    std::unordered_map<std::string, const PilotImage*> seen;
    for (const PilotImage& image : data.images) {
        const auto [first, isNew] = seen.emplace(image.contentHash, &image);
        if (!isNew && first->second->split != image.split) {
            throw Error(image.file.string() + " (split \"" + nameOf(image.split) +
                        "\") is the same picture as " + first->second->file.string() +
                        " (split \"" + nameOf(first->second->split) +
                        "\"): what is tested on must not be trained on; remove one of them or "
                        "give both the same split");
        }
    }
}

} // namespace tagalign::model::pipeline
