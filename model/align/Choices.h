#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

/// What a training may be made of, for code that does not know tensors. Names are those in files
/// and on the command line.
namespace tagalign::model::align {

enum class HeadKind { Adapter, GatedConv, Transformer, Projection };

/// How a tag's cosines with the patches become one score.
enum class TagPooling {
    Mean, ///< of the patches, then the cosine: the paper's
    TopK, ///< mean of the largest sixteenth
    LogSumExp
};

enum class TagObjective {
    Softmax,   ///< cross-entropy over the tags: the paper's
    Sigmoid,   ///< each tag a yes or no, as in SigLIP (arXiv 2303.15343, section 3.2)
    Asymmetric ///< the same with easy negatives weighed down (arXiv 2009.14119, section 2.3)
};

/// Whether objects and attributes compete with each other under a softmax.
enum class TagGroups {
    Separate,
    Joint ///< the paper's
};

/// How much the patches count beside the whole image's vector, each in [0, 1]: 0 is the frozen
/// model's own vector alone, 1 the head's patches alone. Chosen on validation images.
struct ScoreShares
{
    double objects = 0.5;    ///< of an object tag's score
    double attributes = 0.5; ///< of an attribute tag's score
    double retrieval = 0.5;  ///< of the vector that texts are compared with

    bool operator==(const ScoreShares&) const = default;
};

inline constexpr std::array kHeadKinds{HeadKind::Adapter, HeadKind::GatedConv,
                                       HeadKind::Transformer, HeadKind::Projection};
inline constexpr std::array kTagPoolings{TagPooling::Mean, TagPooling::TopK, TagPooling::LogSumExp};
inline constexpr std::array kTagObjectives{TagObjective::Softmax, TagObjective::Sigmoid,
                                           TagObjective::Asymmetric};
inline constexpr std::array kTagGroups{TagGroups::Separate, TagGroups::Joint};

[[nodiscard]] std::string nameOf(HeadKind kind);          ///< "adapter", "gated-conv", ..
[[nodiscard]] std::string nameOf(TagPooling pooling);     ///< "mean", "top-k", "log-sum-exp"
[[nodiscard]] std::string nameOf(TagObjective objective); ///< "softmax", "sigmoid", "asymmetric"
[[nodiscard]] std::string nameOf(TagGroups groups);       ///< "separate", "joint"

/// The one of all choices that has the name.
template <typename Choice, std::size_t N>
[[nodiscard]] std::optional<Choice> choiceNamed(const std::array<Choice, N>& all,
                                                std::string_view name)
{
    for (const Choice choice : all) {
        if (nameOf(choice) == name)
            return choice;
    }
    return std::nullopt;
}

/// All names, separated by commas.
template <typename Choice, std::size_t N>
[[nodiscard]] std::string namesOf(const std::array<Choice, N>& all)
{
    std::string names;
    for (const Choice choice : all)
        names += (names.empty() ? "" : ", ") + nameOf(choice);
    return names;
}

} // namespace tagalign::model::align
