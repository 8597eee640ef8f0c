#pragma once

namespace tagalign::model::align {

/// How similarities become masks; the defaults are the official values.
struct MaskSettings
{
    double scale = 10.0; ///< mask = sigmoid(scale · cos + offset)
    double offset = -2.5;
    double blend = 0.3;     ///< part of the frozen mask, [0, 1]: 0 = head alone, 1 = frozen alone
    double threshold = 0.4; ///< below it everywhere: background
};

} // namespace tagalign::model::align
