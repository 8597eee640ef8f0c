#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tagalign::model::eval {

/// What is known of one tag on one image.
enum class Label : std::uint8_t { Absent, Present, Unknown };

/// Images by their score for one tag, sorted once, so that resampled precision is one pass.
/// Images where the tag is Unknown are left out.
class TagRanking
{
public:
    /// @throws ShapeError if the two differ in length; RangeError if a score is not finite.
    TagRanking(std::span<const float> scores, std::span<const Label> labels);

    /// Average precision as scikit-learn defines it: the sum over distinct scores of the gain in
    /// recall times the precision there; equal scores count as one step.
    /// @param weights times that each image counts, as many as images; empty = once each.
    /// @return nothing if no image carries the tag.
    [[nodiscard]] std::optional<double>
    averagePrecision(std::span<const std::uint32_t> weights = {}) const;

    [[nodiscard]] std::size_t positives() const { return m_positives; }

private:
    struct Entry
    {
        std::uint32_t image;
        bool isRelevant;
        bool endsStep; ///< the next score is another one
    };

    std::vector<Entry> m_entries; ///< best first
    std::size_t m_images = 0;
    std::size_t m_positives = 0;
};

} // namespace tagalign::model::eval
