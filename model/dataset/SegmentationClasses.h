#pragma once

#include "model/dataset/SegmentationSet.h"

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

namespace tagalign::model::dataset {

/// Reads classes.json or classes.txt of a set's folder into it (SegmentationSet.h).
/// @throws FormatError, Error naming the file.
void readSegmentationClasses(const std::filesystem::path& folder, SegmentationSet& set);

/// @throws Error naming the file.
[[nodiscard]] std::ifstream openedList(const std::filesystem::path& file);

/// A field of a JSON object, if it is a text.
[[nodiscard]] std::optional<std::string> textIn(const nlohmann::json& record, const char* name);

} // namespace tagalign::model::dataset
