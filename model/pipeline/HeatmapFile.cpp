#include "model/pipeline/HeatmapFile.h"

#include "model/Error.h"
#include "model/tensor_io/SafetensorsFile.h"

#include <torch/torch.h>

#include <set>

namespace tagalign::model::pipeline {

namespace {

std::vector<std::string> namesOf(const std::vector<NamedHeatmaps>& heatmaps)
{
    std::vector<std::string> names;
    std::vector<std::string> paths;
    for (const NamedHeatmaps& entry : heatmaps) {
        names.push_back(entry.image.filename().string());
        paths.push_back(entry.image.string());
    }
    std::set<std::string> known;
    for (const std::string& path : paths) {
        if (!known.insert(path).second) {
            throw Error(path + ": is given twice; name each picture once");
        }
    }
    const bool areUnique = std::set(names.begin(), names.end()).size() == names.size();
    return areUnique ? names : paths;
}

torch::Tensor tensorOf(const Heatmap& map)
{
    return torch::tensor(map.values, torch::kFloat32).view({map.rows, map.columns});
}

} // namespace

void writeHeatmaps(const std::filesystem::path& file, const std::vector<NamedHeatmaps>& heatmaps,
                   const std::map<std::string, std::string>& metadata)
{
    const std::vector<std::string> names = namesOf(heatmaps);
    tensor_io::NamedTensors tensors;
    for (std::size_t i = 0; i < heatmaps.size(); ++i) {
        const HeatmapPair& maps = heatmaps[i].maps;
        tensors.emplace_back("before/" + names[i], tensorOf(maps.before));
        if (maps.after) {
            tensors.emplace_back("after/" + names[i], tensorOf(*maps.after));
        }
    }
    tensor_io::writeSafetensors(file, tensors, metadata);
}

} // namespace tagalign::model::pipeline
