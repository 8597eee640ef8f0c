#pragma once

#include <cstddef>
#include <span>
#include <vector>

/// Logistic regression small enough to be fitted anew after each verdict.
namespace tagalign::model::eval {

/// 1 / (1 + exp(-logit)), without overflow.
[[nodiscard]] double logistic(double logit);

/// What a model is fitted to. n rows, k columns.
struct LogisticData
{
    std::size_t columns = 0;
    std::vector<double> values;  ///< n·k, row by row; a column of ones is the intercept
    std::vector<double> offsets; ///< n logits that are given beforehand; empty: 0
    std::vector<bool> labels;    ///< n
};

/// Minimises Σ log(1 + exp(-s·(offset + x·β))) + ½ Σ ridge_j·β_j² over β (s = ±1, the label):
/// logistic regression with an L2 penalty, which is a normal prior of precision ridge_j around the
/// offsets (le Cessie and van Houwelingen 1992, Ridge Estimators in Logistic Regression). Newton's
/// method (IRLS) with step halving.
/// @param ridge k penalties, >= 0; above 0 wherever rows cannot fix the coefficient.
/// @return k coefficients; zeros without a row.
/// @throws ShapeError if lengths do not fit; RangeError if a value is not finite, a penalty
///         negative, or the minimum not unique.
[[nodiscard]] std::vector<double> fitLogistic(const LogisticData& data,
                                              std::span<const double> ridge);

} // namespace tagalign::model::eval
