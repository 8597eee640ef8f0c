#include "model/align/Choices.h"

namespace tagalign::model::align {

std::string nameOf(HeadKind kind)
{
    switch (kind) {
    case HeadKind::Adapter:
        return "adapter";
    case HeadKind::GatedConv:
        return "gated-conv";
    case HeadKind::Transformer:
        return "transformer";
    case HeadKind::Projection:
        break;
    }
    return "projection";
}

std::string nameOf(TagPooling pooling)
{
    switch (pooling) {
    case TagPooling::Mean:
        return "mean";
    case TagPooling::TopK:
        return "top-k";
    case TagPooling::LogSumExp:
        break;
    }
    return "log-sum-exp";
}

std::string nameOf(TagObjective objective)
{
    switch (objective) {
    case TagObjective::Softmax:
        return "softmax";
    case TagObjective::Sigmoid:
        return "sigmoid";
    case TagObjective::Asymmetric:
        break;
    }
    return "asymmetric";
}

std::string nameOf(TagGroups groups)
{
    return groups == TagGroups::Separate ? "separate" : "joint";
}

} // namespace tagalign::model::align
