#include "model/pipeline/SegmentationExample.h"

#include "model/Error.h"
#include "model/image/Decode.h"
#include "model/image/IndexMask.h"

#include <filesystem>
#include <optional>
#include <string>

namespace tagalign::model::pipeline {

namespace {

/// What the decoder says, without the file's name.
std::string reasonIn(const Error& error, const std::filesystem::path& file)
{
    const std::string text = error.what();
    const std::string prefix = file.string() + ": ";
    return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

/// Mask values to positions. @throws Error saying where the value is.
std::vector<std::uint16_t> positionsOf(const image::IndexMask& mask,
                                       const dataset::SegmentationSet& set)
{
    std::vector<std::uint16_t> positions(mask.labels.size());
    for (std::size_t i = 0; i < positions.size(); ++i) {
        const std::uint16_t value = mask.labels[i];
        const auto label =
            value == set.ignored ? std::optional<std::size_t>(kNoLabel) : set.classOf(value);
        if (!label) {
            throw Error("its mask has the value " + std::to_string(value) + " at column " +
                        std::to_string(i % std::size_t(mask.width)) + ", row " +
                        std::to_string(i / std::size_t(mask.width)) + ", which is no class");
        }
        positions[i] = std::uint16_t(*label);
    }
    return positions;
}

} // namespace

SegmentationExample loadExample(const dataset::SegmentationImage& row,
                                const dataset::SegmentationSet& set)
{
    SegmentationExample example;
    try {
        example.picture = image::decodeImage(row.image);
    } catch (const Error& error) {
        throw Error(reasonIn(error, row.image));
    }
    image::IndexMask mask;
    try {
        mask = image::decodeIndexMask(row.mask);
    } catch (const Error& error) {
        throw Error("its mask: " + reasonIn(error, row.mask));
    }
    const auto sizeText = [](int width, int height) {
        return std::to_string(width) + " × " + std::to_string(height);
    };
    if (mask.width != example.picture.width || mask.height != example.picture.height) {
        throw Error("its mask is " + sizeText(mask.width, mask.height) +
                    " pixels, the picture is " +
                    sizeText(example.picture.width, example.picture.height));
    }
    example.truth = positionsOf(mask, set);
    return example;
}

} // namespace tagalign::model::pipeline
