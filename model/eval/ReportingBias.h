#pragma once

#include "model/eval/Interval.h"

#include <cstddef>
#include <cstdint>
#include <vector>

/// Reporting bias: what people see in a picture but its captions leave out (Misra et al., Seeing
/// through the Human Reporting Bias, CVPR 2016, section 3), from tags that a person confirmed.
namespace tagalign::model::eval {

/// One tag that a person confirmed on one picture.
struct Mentions
{
    std::int64_t picture = 0; ///< any number of its own
    std::size_t captions = 0; ///< of the picture that were read
    std::size_t saying = 0;   ///< those that say the tag in their own words
};

/// A share of what people confirmed.
struct Omission
{
    std::size_t pictures = 0; ///< that it was measured on
    double share = 0.0;       ///< [0, 1]
    Interval interval{0.0, 1.0};
};

/// How often one caption leaves out a tag that is there. Of a tag that is known from one caption
/// only the others can tell: each caption counts where *another* one says the tag (as the chance of
/// capture is estimated from recaptures). Assumes that captions are written independently. Wilson's
/// interval takes a picture, not a tag or a caption, as one trial, as those of one picture are
/// alike.
[[nodiscard]] Omission omission(const std::vector<Mentions>& confirmed);

/// The share of pictures on which no caption says the confirmed tag, as something other than their
/// words proposed it. A lower bound, as what nobody proposed could not be confirmed.
[[nodiscard]] Omission unsaid(const std::vector<Mentions>& confirmed);

} // namespace tagalign::model::eval
