#include "model/dataset/SegmentationSet.h"

#include "model/Error.h"
#include "model/dataset/RecordCollector.h"
#include "model/dataset/SegmentationClasses.h"
#include "model/dataset/SourceFolder.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>

namespace tagalign::model::dataset {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t kReportEvery = 500;

class RowReader
{
public:
    RowReader(const fs::path& folder, SegmentationSet& set, const OnProgress& onProgress)
        : m_folder(folder, onProgress),
          m_set(set),
          m_onProgress(onProgress)
    {
    }

    void readIndex(const fs::path& file)
    {
        std::ifstream stream = openedList(file);
        std::string line;
        for (std::size_t number = 1; std::getline(stream, line); ++number) {
            report(number);
            if (line.find_first_not_of(" \t\r") == std::string::npos) {
                continue;
            }
            addRow(json::parse(line, nullptr, false),
                   file.filename().string() + ", line " + std::to_string(number));
        }
    }

    void readFolders()
    {
        std::size_t number = 0;
        for (const fs::path& file : m_folder.files()) {
            report(++number);
            const fs::path below = file.lexically_relative(m_folder.root() / "images");
            if (isImageName(file) && isBelow(file, m_folder.root() / "images")) {
                add(m_folder.nameOf(file),
                    (fs::path("masks") / below).replace_extension(".png").string(),
                    m_folder.nameOf(file));
            }
        }
        for (const RecordProblem& problem : m_folder.problems()) {
            m_set.problems.push_back(problem);
        }
    }

private:
    void addRow(const json& row, const std::string& where)
    {
        if (!row.is_object()) {
            m_set.problems.push_back({where, "is not a JSON object; left out."});
            return;
        }
        const auto image = textIn(row, "image");
        const auto mask = textIn(row, "mask");
        if (!image) {
            m_set.problems.push_back({where, "has no \"image\"; left out."});
        } else if (!mask) {
            m_set.problems.push_back({tidyText(*image), "has no mask (" + where + "); left out."});
        } else {
            add(*image, *mask, where);
        }
    }

    void add(const std::string& image, const std::string& mask, const std::string& where)
    {
        const auto place = [&](const std::string& name) -> std::optional<fs::path> {
            const bool isName = !name.empty() && name.find('\0') == std::string::npos;
            const fs::path file = isName ? m_folder.root() / name : fs::path();
            if (!isName || !m_folder.holds(file)) {
                m_set.problems.push_back(
                    {where, "\"" + tidyText(name) + "\" leaves the set's folder; left out."});
                return std::nullopt;
            }
            std::error_code problem;
            if (!fs::is_regular_file(file, problem)) {
                m_set.problems.push_back(
                    {where, "\"" + tidyText(name) + "\" does not exist; left out."});
                return std::nullopt;
            }
            return file;
        };
        const auto imageFile = place(image);
        const auto maskFile = imageFile ? place(mask) : std::nullopt;
        if (maskFile) {
            m_set.images.push_back({*imageFile, *maskFile, tidyText(image)});
        }
    }

    void report(std::size_t done) const
    {
        if (done % kReportEvery == 0 && m_onProgress &&
            m_onProgress({std::int64_t(done), 0, "the list"}) == Next::Stop) {
            throw Cancelled();
        }
    }

    SourceFolder m_folder;
    SegmentationSet& m_set;
    const OnProgress& m_onProgress;
};

} // namespace

std::optional<std::size_t> SegmentationSet::classOf(std::uint16_t value) const
{
    const auto found = std::lower_bound(values.begin(), values.end(), value);
    return found != values.end() && *found == value
               ? std::optional(std::size_t(found - values.begin()))
               : std::nullopt;
}

SegmentationSet readSegmentationSet(const fs::path& folder, const OnProgress& onProgress)
{
    std::error_code problem;
    if (!fs::is_directory(folder, problem)) {
        throw FormatError(folder.string() + ": is no folder; give one with classes.json, images "
                                            "and masks");
    }
    SegmentationSet set;
    readSegmentationClasses(folder, set);
    RowReader rows(folder, set, onProgress);
    const fs::path index = folder / "index.jsonl";
    if (fs::exists(index)) {
        rows.readIndex(index);
    } else {
        rows.readFolders();
    }
    if (set.images.empty()) {
        throw FormatError(folder.string() + ": no picture with a mask was found" +
                          (set.problems.empty()
                               ? "; looked for index.jsonl, else for pictures in images/ with "
                                 "a PNG of the same name in masks/"
                               : "; the first problem: " + set.problems.front().where + " " +
                                     set.problems.front().message));
    }
    return set;
}

} // namespace tagalign::model::dataset
