#pragma once

#include "model/Progress.h"
#include "model/dataset/DatasetReader.h"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace tagalign::model::dataset {

/// The folder of a data set: the only place that anything is read from.
class SourceFolder
{
public:
    /// @param root must exist.
    SourceFolder(const std::filesystem::path& root, OnProgress onProgress);

    /// Canonical.
    [[nodiscard]] const std::filesystem::path& root() const { return m_root; }

    /// Whether the file lies in the folder, with every link on the way followed.
    [[nodiscard]] bool holds(const std::filesystem::path& file) const;

    /// All files below in the order of their paths; listed at the first call. Links to folders
    /// are not followed; they and what cannot be looked at are problems(). Projects of this
    /// program (.tagalign) are passed over.
    /// @throws Cancelled
    [[nodiscard]] const std::vector<std::filesystem::path>& files();

    /// The files somewhere below `folder` whose paths end with `name`. @throws Cancelled
    [[nodiscard]] std::vector<std::filesystem::path>
    endingWith(const std::filesystem::path& name, const std::filesystem::path& folder);

    /// @throws Cancelled
    [[nodiscard]] bool hasPictureBelow(const std::filesystem::path& folder);

    [[nodiscard]] const std::vector<RecordProblem>& problems() const { return m_problems; }

    /// Path from the root, for messages.
    [[nodiscard]] std::string nameOf(const std::filesystem::path& file) const;

private:
    void list(const std::filesystem::path& folder);
    void take(const std::filesystem::directory_entry& entry);

    std::filesystem::path m_root;
    OnProgress m_onProgress;
    bool m_isListed = false;
    std::vector<std::filesystem::path> m_files;
    std::multimap<std::string, std::size_t> m_byName; ///< file name to index in m_files
    std::map<std::filesystem::path, bool> m_hasPicture;
    std::vector<RecordProblem> m_problems;
};

/// Whether `file` is `folder` or lies below it, by the words of both alone.
[[nodiscard]] bool isBelow(const std::filesystem::path& file, const std::filesystem::path& folder);

} // namespace tagalign::model::dataset
