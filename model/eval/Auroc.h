#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tagalign::model::eval {

/// Area under the receiver operating characteristic: how often a positive has a higher score than a
/// negative; ties count half (Mann and Whitney; Hanley and McNeil 1982).
/// @param weights times that each one counts; empty = once each.
/// @return nothing without a positive or without a negative.
/// @throws ShapeError if lengths differ; RangeError if a score is not finite.
[[nodiscard]] std::optional<double> auroc(std::span<const double> scores,
                                          const std::vector<bool>& positive,
                                          std::span<const std::uint32_t> weights = {});

} // namespace tagalign::model::eval
