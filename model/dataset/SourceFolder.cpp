#include "model/dataset/SourceFolder.h"

#include "model/Error.h"
#include "model/dataset/RecordCollector.h"

#include <algorithm>

namespace tagalign::model::dataset {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kReportEvery = 500;
constexpr const char* kProjectEnding = ".tagalign"; // thumbnails and the like are no data

} // namespace

SourceFolder::SourceFolder(const fs::path& root, OnProgress onProgress)
    : m_root(fs::canonical(root)),
      m_onProgress(std::move(onProgress))
{
}

bool SourceFolder::holds(const fs::path& file) const
{
    std::error_code problem;
    const fs::path real = fs::weakly_canonical(file, problem);
    return !problem && isBelow(real, m_root);
}

const std::vector<fs::path>& SourceFolder::files()
{
    if (!m_isListed) {
        list(m_root);
        m_isListed = true;
        std::sort(m_files.begin(), m_files.end());
        for (std::size_t i = 0; i < m_files.size(); ++i) {
            m_byName.emplace(m_files[i].filename().string(), i);
        }
    }
    return m_files;
}

/// A folder at a time rather than by a recursive iterator, which one bad entry ends for good.
void SourceFolder::list(const fs::path& folder)
{
    std::error_code problem;
    fs::directory_iterator entry(folder, problem);
    for (const fs::directory_iterator end; !problem && entry != end; entry.increment(problem)) {
        take(*entry);
    }
    if (problem) {
        m_problems.push_back(
            {nameOf(folder), "the folder cannot be read (" + problem.message() + "); left out."});
    }
}

void SourceFolder::take(const fs::directory_entry& entry)
{
    std::error_code problem;
    const fs::file_status status = entry.status(problem);
    const bool isLink = entry.is_symlink(problem);
    if (fs::is_regular_file(status)) {
        m_files.push_back(entry.path());
        if (m_files.size() % kReportEvery == 0 && m_onProgress &&
            m_onProgress({std::int64_t(m_files.size()), 0, nameOf(entry.path())}) == Next::Stop) {
            throw Cancelled();
        }
    } else if (fs::is_directory(status) && !isLink) {
        if (entry.path().extension() != kProjectEnding) {
            list(entry.path());
        }
    } else if (isLink) {
        m_problems.push_back({nameOf(entry.path()),
                              fs::is_directory(status)
                                  ? "is a link to a folder, and those are not followed; left out."
                                  : "is a link that leads to no file; left out."});
    }
}

std::vector<fs::path> SourceFolder::endingWith(const fs::path& name, const fs::path& folder)
{
    const auto& all = files();
    std::vector<fs::path> found;
    const auto [first, last] = m_byName.equal_range(name.filename().string());
    for (auto place = first; place != last; ++place) {
        const fs::path& file = all[place->second];
        fs::path front = file;
        for (auto part = name.begin(); part != name.end(); ++part) {
            front = front.parent_path();
        }
        if (isBelow(front, folder) && front / name == file) {
            found.push_back(file);
        }
    }
    return found;
}

bool SourceFolder::hasPictureBelow(const fs::path& folder)
{
    const auto known = m_hasPicture.find(folder);
    if (known != m_hasPicture.end()) {
        return known->second;
    }
    const auto& all = files();
    const bool has = std::any_of(all.begin(), all.end(), [&folder](const fs::path& file) {
        return isImageName(file) && isBelow(file, folder);
    });
    return m_hasPicture[folder] = has;
}

std::string SourceFolder::nameOf(const fs::path& file) const
{
    return file.lexically_relative(m_root).string();
}

bool isBelow(const fs::path& file, const fs::path& folder)
{
    const auto [folderEnd, ignored] =
        std::mismatch(folder.begin(), folder.end(), file.begin(), file.end());
    return folderEnd == folder.end();
}

} // namespace tagalign::model::dataset
