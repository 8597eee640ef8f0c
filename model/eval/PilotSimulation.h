#pragma once

#include "model/eval/TagRanking.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tagalign::model::eval {

struct SimulationSettings
{
    std::size_t images = 200; ///< test images, >= 20
    double effect = 0.0;      ///< relative change of the true mAP, in [-0.5, 0.5]
    std::uint64_t seed = 1;
};

/// Labels and scores of the test images of a pilot whose truth is known. [tag][image]
struct SimulatedPilot
{
    std::vector<std::vector<Label>> labels;
    std::vector<std::vector<float>> before; ///< frozen patches
    std::vector<std::vector<float>> whole;  ///< the frozen model's whole-image vector
    std::vector<std::vector<float>> after;  ///< the head
    /// Mean average precision on infinitely many images, of the tags on at least five of these.
    double trueBefore = 0.0;
    double trueWhole = 0.0;
    double trueAfter = 0.0; ///< (1 + effect) times the greater of the two
};

/// Draws a pilot as different from the next as real ones are: 8 to 60 attribute tags whose
/// frequencies fall by a power law from 35 % of the images down to 0.5 %; tags that come together
/// (five latent topics an image); one image in seven repeats the scene of the one before it. A
/// tag's score is normal, shifted by a tag's own separation where the tag is present; its noise is
/// shared between the models (the interval of the difference is paired), and between the tags of an
/// image. Each tag gains or loses for itself; their mean is moved until the true mAP, computed by
/// integration, has changed by `effect`.
/// Same seed and standard library: the same pilot.
/// @throws RangeError if a setting is outside its range.
[[nodiscard]] SimulatedPilot simulatePilot(const SimulationSettings& settings);

} // namespace tagalign::model::eval
