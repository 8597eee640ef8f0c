#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

/// Retrieval with several captions an image, as on Flickr30k: a caption looks for its one image,
/// an image for any of its captions.
namespace tagalign::model::eval {

/// Place of the best of entries [first, last) among all, from 1. Others with an equal score come
/// before it, so that a model that scores everything alike finds nothing.
/// @param alike other entries that are no mistake to find, as they carry the same text: they do
///        not count. Different indices, in any order.
/// @throws RangeError unless first < last <= scores.size() and alike < scores.size().
[[nodiscard]] std::size_t rankOf(std::span<const float> scores, std::size_t first, std::size_t last,
                                 std::span<const std::size_t> alike = {});

/// Ranks of the searches that belong to one image: its captions' (text to image) or its own one
/// (image to text); none if it has no caption.
using ImageRanks = std::vector<std::size_t>;

/// Part of all searches that find what they look for among the first k.
/// @param weights times that each image counts; empty = once each.
/// @return nothing if there is no search. @throws ShapeError if weights have another length.
[[nodiscard]] std::optional<double> recallAt(std::size_t k, std::span<const ImageRanks> images,
                                             std::span<const std::uint32_t> weights = {});

} // namespace tagalign::model::eval
