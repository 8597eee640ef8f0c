#pragma once

#include "model/Progress.h"
#include "model/dataset/DatasetReader.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace tagalign::model::dataset {

struct SegmentationClass
{
    std::string label;              ///< as the set gives it
    std::vector<std::string> names; ///< what it is called, one or more: the label at its commas
};

/// One picture with its mask. Both files exist and lie in the set's folder; nobody has looked into
/// them yet.
struct SegmentationImage
{
    std::filesystem::path image;
    std::filesystem::path mask;
    std::string name; ///< for messages: the picture's path in the set
};

/// Pictures with a mask each, whose pixels hold the index of a class.
struct SegmentationSet
{
    /// Position in `classes` of each mask value; nothing for values that are no class.
    [[nodiscard]] std::optional<std::size_t> classOf(std::uint16_t value) const;

    std::vector<SegmentationClass> classes;
    std::vector<std::uint16_t> values; ///< the mask value of each class, ascending
    std::uint16_t ignored = 255;       ///< mask value of pixels that do not count
    std::vector<SegmentationImage> images;
    std::vector<RecordProblem> problems;
};

/// Reads the lists of a segmentation set:
/// - classes.json: {"ignore": 255, "classes": [{"index": 0, "label": "cat"}, ..]} ("name" stands in
///   for "label"), or a list of labels; or classes.txt: a label a line, the first one's index is 0.
///   Several names of one class are separated by commas: "person,rider".
/// - index.jsonl: {"image": "images/a.jpg", "mask": "masks/a.png"} a line; or, without it, the
///   pictures of images/ with the PNG of the same stem in masks/.
/// Where no ignore value is given it is 255, or 65535 with more than 255 classes.
///
/// Rows without a picture or a mask, or whose paths leave the folder, become problems.
/// @throws FormatError if the folder holds no such set, its classes cannot be read, or no row can
///         be used; Cancelled.
[[nodiscard]] SegmentationSet readSegmentationSet(const std::filesystem::path& folder,
                                                  const OnProgress& onProgress = {});

} // namespace tagalign::model::dataset
