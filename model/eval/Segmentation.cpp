#include "model/eval/Segmentation.h"

#include "model/Error.h"

#include <limits>
#include <string>

namespace tagalign::model::eval {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

void requireClass(std::uint16_t label, std::size_t classes, const char* of)
{
    if (label >= classes) {
        throw RangeError(std::string("the ") + of + " has the label " + std::to_string(label) +
                         ", but there are " + std::to_string(classes) + " classes");
    }
}

/// Sums over images, weighted: whole numbers, so exact in a double.
struct Sums
{
    double common = 0.0;
    double predicted = 0.0;
    double truth = 0.0;

    [[nodiscard]] double iou() const
    {
        const double either = predicted + truth - common;
        return either > 0.0 ? common / either : kNone;
    }
};

std::vector<Sums> sumsOf(std::span<const PixelCounts> images, std::size_t classes,
                         std::span<const std::uint32_t> weights)
{
    std::vector<Sums> sums(classes);
    for (std::size_t i = 0; i < images.size(); ++i) {
        const double weight = weights.empty() ? 1.0 : weights[i];
        for (const ClassPixels& pixels : images[i]) {
            Sums& of = sums[pixels.label];
            of.common += weight * double(pixels.common);
            of.predicted += weight * double(pixels.predicted);
            of.truth += weight * double(pixels.truth);
        }
    }
    return sums;
}

} // namespace

PixelCounts countPixels(std::span<const std::uint16_t> predicted,
                        std::span<const std::uint16_t> truth, std::size_t classes,
                        std::uint16_t ignored)
{
    if (predicted.size() != truth.size()) {
        throw ShapeError("a label map of " + std::to_string(predicted.size()) +
                         " pixels cannot be compared with a mask of " +
                         std::to_string(truth.size()));
    }
    PixelCounts all(classes);
    for (std::size_t i = 0; i < truth.size(); ++i) {
        if (truth[i] == ignored) {
            continue;
        }
        requireClass(truth[i], classes, "mask");
        requireClass(predicted[i], classes, "label map");
        ++all[truth[i]].truth;
        ++all[predicted[i]].predicted;
        all[truth[i]].common += truth[i] == predicted[i] ? 1 : 0;
    }
    PixelCounts seen;
    for (std::size_t label = 0; label < classes; ++label) {
        if (all[label].truth > 0 || all[label].predicted > 0) {
            all[label].label = label;
            seen.push_back(all[label]);
        }
    }
    return seen;
}

SegmentationScore scoreSegmentation(std::span<const PixelCounts> images, std::size_t classes,
                                    std::span<const std::uint32_t> weights)
{
    SegmentationScore score;
    double sum = 0.0; // a class that is predicted only adds 0
    double inTruth = 0.0;
    double seen = 0.0;
    double right = 0.0;
    double pixels = 0.0;
    for (const Sums& of : sumsOf(images, classes, weights)) {
        score.iou.push_back(of.iou());
        if (of.truth > 0.0 || of.predicted > 0.0) {
            sum += of.iou();
            seen += 1.0;
        }
        inTruth += of.truth > 0.0 ? 1.0 : 0.0;
        right += of.common;
        pixels += of.truth;
    }
    score.meanIou = inTruth > 0.0 ? sum / inTruth : kNone;
    score.meanIouOfSeen = seen > 0.0 ? sum / seen : kNone;
    score.pixelAccuracy = pixels > 0.0 ? right / pixels : kNone;
    return score;
}

} // namespace tagalign::model::eval
