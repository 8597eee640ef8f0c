#pragma once

#include "model/eval/Fairness.h"
#include "model/eval/TagRanking.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

/// What stands together more often than chance, and whether a model makes more of it.
namespace tagalign::model::eval {

struct Association
{
    double pmi = 0.0;        ///< log2 p(x, y) / (p(x) p(y)), bits; 0 = as by chance
    double normalised = 0.0; ///< pmi / -log2 p(x, y), in [-1, 1]; 1 = always and only together
};

/// Pointwise mutual information (Church and Hanks 1990) and its normalised form (Bouma 2009,
/// Normalized (pointwise) mutual information in collocation extraction, section 3).
/// @param together, first, second how often they are seen; @param all the number of observations.
/// @return both NaN if they are never seen together.
[[nodiscard]] Association association(double together, double first, double second, double all);

/// Labels of some tags on the images. [tag][image]
using LabelRows = std::vector<std::vector<Label>>;

/// Which pairs are on the same image more often than by chance: P(x, y) > P(x) P(y), the y of the
/// amplification below. Unknown counts as absent. [given][told]
[[nodiscard]] std::vector<std::vector<bool>> standTogether(const LabelRows& given,
                                                           const LabelRows& told);

/// How far a model says a tag more often than it is there, on the images that carry another:
/// Δ = P(told is said | given) - P(told is there | given), as the term of BiasAmp→ (Wang and
/// Russakovsky, Directional Bias Amplification, ICML 2021, section 4.2).
class DirectedShift
{
public:
    /// @param said decisions on `told`. @throws ShapeError if numbers of tags or images differ.
    DirectedShift(const LabelRows& given, const LabelRows& told, const Decisions& said);

    /// Δ of each pair, row by row: [given · told]. NaN where no image carries `given` and has
    /// `told` known. @param weights times that each image counts; empty = once each.
    [[nodiscard]] std::vector<double> shifts(std::span<const std::uint32_t> weights = {}) const;

    /// Δ of each pair less Δ of `told` on the images that do not carry `given`: above 0 where the
    /// model says the tag too often with this one rather than everywhere. NaN where either is.
    [[nodiscard]] std::vector<double> contrasts(std::span<const std::uint32_t> weights = {}) const;

private:
    /// Something of one pair on one image.
    struct Entry
    {
        std::uint32_t image = 0;
        std::uint32_t pair = 0;
    };

    /// Sums of one pair over images.
    struct Sum
    {
        double known = 0.0; ///< images with `told` known
        double shift = 0.0; ///< times it is said there but not there, less the contrary

        [[nodiscard]] double mean() const;
    };

    void addRow(std::vector<std::uint32_t> carriers, const LabelRows& told, const Decisions& said);
    [[nodiscard]] std::vector<Sum> sums(std::span<const std::uint32_t> weights) const;

    std::size_t m_images = 0;
    std::size_t m_told = 0;
    std::vector<std::vector<std::uint32_t>> m_carriers; ///< [given], and at last all images
    std::vector<Entry> m_unknown;                       ///< `told` is not known
    std::vector<Entry> m_more;                          ///< said but not there
    std::vector<Entry> m_less;                          ///< there but not said
};

/// BiasAmp→ of one direction: the mean of Δ over pairs that stand together and of -Δ over the
/// others; above 0 the model exaggerates what it was shown. Pairs without Δ are left out; NaN if
/// none has one. @param shifts as DirectedShift gives them. @param together [given][told].
[[nodiscard]] double biasAmplification(std::span<const double> shifts,
                                       const std::vector<std::vector<bool>>& together);

} // namespace tagalign::model::eval
