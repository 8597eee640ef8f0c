#include "model/pipeline/TagLabels.h"

#include "model/Error.h"

#include <string>
#include <utility>

namespace tagalign::model::pipeline {

namespace {

constexpr double kBelief = 0.5;

} // namespace

std::vector<std::vector<eval::Label>> labelsOf(const std::vector<const PilotImage*>& images,
                                               std::size_t tags)
{
    std::vector labels(tags, std::vector(images.size(), eval::Label::Absent));
    for (std::size_t i = 0; i < images.size(); ++i) {
        std::vector<const TagTarget*> known(tags, nullptr);
        for (const TagTarget& target : images[i]->targets) {
            if (target.tag >= tags) {
                throw RangeError(images[i]->file.string() + ": tag " + std::to_string(target.tag) +
                                 " is outside the " + std::to_string(tags) + " enabled tags");
            }
            const TagTarget*& best = known[target.tag];
            const auto rank = [](const TagTarget& t) {
                return std::pair(t.verified, t.probability);
            };
            if (best == nullptr || rank(target) > rank(*best)) {
                best = &target;
            }
        }
        for (std::size_t tag = 0; tag < tags; ++tag) {
            if (known[tag] != nullptr) {
                labels[tag][i] = known[tag]->probability >= kBelief ? eval::Label::Present
                                 : known[tag]->verified             ? eval::Label::Absent
                                                                    : eval::Label::Unknown;
            }
        }
    }
    return labels;
}

} // namespace tagalign::model::pipeline
