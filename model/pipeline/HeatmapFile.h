#pragma once

#include "model/pipeline/PromptSession.h"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace tagalign::model::pipeline {

struct NamedHeatmaps
{
    std::filesystem::path image;
    HeatmapPair maps;
};

/// Writes heatmaps as safetensors: before/NAME and, where there is one, after/NAME, [rows, columns]
/// float32, cosine. NAME is the image's file name; if two images share theirs, all go by the path
/// given.
/// @throws Error naming the file, or an image that is given twice.
void writeHeatmaps(const std::filesystem::path& file, const std::vector<NamedHeatmaps>& heatmaps,
                   const std::map<std::string, std::string>& metadata);

} // namespace tagalign::model::pipeline
