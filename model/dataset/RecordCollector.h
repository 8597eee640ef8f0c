#pragma once

#include "model/dataset/DatasetReader.h"

#include <string>
#include <unordered_map>
#include <vector>

namespace tagalign::model::dataset {

/// Gathers records, merging those of the same file and refusing paths that leave the folder.
class RecordCollector
{
public:
    explicit RecordCollector(std::filesystem::path root);

    /// @param name  path as the data set gives it, relative to the root.
    /// @param where for messages, e.g. "captions.jsonl, line 12".
    void add(const std::string& name, const std::vector<std::string>& captions,
             const std::string& where);
    void addProblem(const std::string& where, const std::string& message);

    [[nodiscard]] Dataset take(std::string format);

private:
    /// Absolute and inside the root, or empty.
    [[nodiscard]] std::filesystem::path inside(const std::string& name) const;

    Dataset m_dataset;
    std::unordered_map<std::string, std::size_t> m_places;
};

/// Invalid UTF-8 replaced by U+FFFD, blanks at both ends removed.
[[nodiscard]] std::string tidyText(const std::string& text);

/// A file name the importer takes for a picture, by its ending.
[[nodiscard]] bool isImageName(const std::filesystem::path& file);

} // namespace tagalign::model::dataset
