#include "model/tensor_io/FeatureStore.h"

#include "model/Error.h"
#include "model/tensor_io/SafetensorsFile.h"
#include "model/tensor_io/WholeFile.h"

#include <algorithm>
#include <cctype>

namespace tagalign::model::tensor_io {

namespace {

/// A key as a folder name: letters, digits, '.', '-', '_' stay, the rest becomes '_'.
std::string folderName(const std::string& modelKey)
{
    std::string name = modelKey;
    std::replace_if(
        name.begin(), name.end(),
        [](unsigned char c) { return std::isalnum(c) == 0 && c != '.' && c != '-' && c != '_'; },
        '_');
    std::replace(name.begin(), name.begin() + std::min<std::ptrdiff_t>(1, std::ssize(name)), '.',
                 '_');
    return name;
}

std::optional<std::int64_t> number(const SafetensorsFile& file, const std::string& key)
{
    const auto found = file.metadata().find(key);
    if (found == file.metadata().end() || found->second.empty() || found->second.size() > 9 ||
        found->second.find_first_not_of("0123456789") != std::string::npos) {
        return std::nullopt;
    }
    return std::stoll(found->second);
}

} // namespace

FeatureStore::FeatureStore(std::filesystem::path folder, std::string modelKey)
    : m_folder(std::move(folder)),
      m_modelKey(std::move(modelKey))
{
    m_folder /= folderName(m_modelKey);
}

std::filesystem::path FeatureStore::fileOf(const std::string& contentHash) const
{
    const bool isHash = contentHash.size() >= 8 && contentHash.size() <= 128 &&
                        contentHash.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!isHash) {
        throw RangeError("\"" + contentHash.substr(0, 140) + "\" is not a content hash");
    }
    return m_folder / contentHash.substr(0, 2) / (contentHash + ".safetensors");
}

bool FeatureStore::contains(const std::string& contentHash) const
{
    return get(contentHash).has_value();
}

void FeatureStore::put(const std::string& contentHash, const ImageFeatures& features) const
{
    const std::filesystem::path file = fileOf(contentHash);
    if (features.tokens.dim() != 2 || features.global.dim() != 1 ||
        features.tokens.size(0) != features.rows * features.columns) {
        throw ShapeError("features of " + contentHash +
                         ": expected tokens [rows * columns, C] and "
                         "a global vector [D]");
    }
    makeFolder(file.parent_path());
    writeSafetensors(file,
                     {{"tokens", features.tokens.to(torch::kFloat16)},
                      {"global", features.global.to(torch::kFloat16)}},
                     {{"key", m_modelKey},
                      {"rows", std::to_string(features.rows)},
                      {"columns", std::to_string(features.columns)}});
}

std::optional<ImageFeatures> FeatureStore::get(const std::string& contentHash) const
{
    const std::filesystem::path path = fileOf(contentHash);
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) {
        return std::nullopt;
    }
    try {
        const SafetensorsFile file(path);
        const auto rows = number(file, "rows");
        const auto columns = number(file, "columns");
        const auto key = file.metadata().find("key");
        if (!rows || !columns || key == file.metadata().end() || key->second != m_modelKey) {
            return std::nullopt;
        }
        ImageFeatures features{file.tensor("tokens"), file.tensor("global"), *rows, *columns};
        const bool fits = features.tokens.scalar_type() == torch::kFloat16 &&
                          features.global.scalar_type() == torch::kFloat16 &&
                          features.tokens.dim() == 2 && features.global.dim() == 1 &&
                          features.tokens.size(0) == *rows * *columns;
        return fits ? std::optional(std::move(features)) : std::nullopt;
    } catch (const Error&) { // damaged or unreadable: encoded anew
        return std::nullopt;
    }
}

} // namespace tagalign::model::tensor_io
