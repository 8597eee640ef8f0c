#include "model/dataset/SegmentationSet.h"

#include "model/Error.h"
#include "model/dataset/RecordCollector.h"
#include "model/dataset/SourceFolder.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

namespace tagalign::model::dataset {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::int64_t kHighestValue = 65535; // of a 16-bit mask
constexpr std::size_t kReportEvery = 500;

std::ifstream open(const fs::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    if (!stream) {
        throw Error(file.string() + ": cannot be opened; check that it can be read");
    }
    return stream;
}

SegmentationClass classNamed(const std::string& label)
{
    SegmentationClass made{.label = tidyText(label), .names = {}};
    std::istringstream parts(made.label);
    for (std::string part; std::getline(parts, part, ',');) {
        if (std::string name = tidyText(part); !name.empty()) {
            made.names.push_back(std::move(name));
        }
    }
    return made;
}

/// The classes by their mask values while they are read.
class ClassList
{
public:
    explicit ClassList(fs::path file)
        : m_file(std::move(file))
    {
    }

    void add(std::int64_t value, const std::string& label)
    {
        SegmentationClass made = classNamed(label);
        if (made.names.empty()) {
            refuse("class " + std::to_string(value) + " has no name");
        }
        if (value < 0 || value > kHighestValue) {
            refuse("the index " + std::to_string(value) + " of \"" + made.label +
                   "\" is outside what a mask can hold, 0 to 65535");
        }
        const auto [known, isNew] = m_classes.emplace(value, std::move(made));
        if (!isNew) {
            refuse("the index " + std::to_string(value) + " is given to \"" + known->second.label +
                   "\" and to \"" + tidyText(label) + "\"");
        }
    }

    void ignore(std::int64_t value)
    {
        if (value < 0 || value > kHighestValue) {
            refuse("\"ignore\" has to be from 0 to 65535");
        }
        m_ignored = value;
    }

    void moveTo(SegmentationSet& set)
    {
        if (m_classes.empty()) {
            refuse("names no class");
        }
        const std::int64_t usual = m_classes.rbegin()->first < 255 ? 255 : kHighestValue;
        set.ignored = std::uint16_t(m_ignored.value_or(usual));
        if (m_classes.contains(set.ignored)) {
            refuse("\"" + m_classes[set.ignored].label + "\" has the index that is ignored, " +
                   std::to_string(set.ignored));
        }
        for (auto& [value, made] : m_classes) {
            set.values.push_back(std::uint16_t(value));
            set.classes.push_back(std::move(made));
        }
    }

    [[noreturn]] void refuse(const std::string& reason) const
    {
        throw FormatError(m_file.string() + ": " + reason + "; correct the list of classes");
    }

private:
    fs::path m_file;
    std::map<std::int64_t, SegmentationClass> m_classes;
    std::optional<std::int64_t> m_ignored;
};

std::optional<std::string> textIn(const json& record, const char* name)
{
    const auto found = record.find(name);
    return found != record.end() && found->is_string() ? std::optional(found->get<std::string>())
                                                       : std::nullopt;
}

/// @param position in the list: the index where none is given.
void addJsonClass(const json& entry, std::int64_t position, ClassList& classes)
{
    if (entry.is_string()) {
        classes.add(position, entry.get<std::string>());
        return;
    }
    const auto label = entry.is_object()
                           ? textIn(entry, "label") ? textIn(entry, "label") : textIn(entry, "name")
                           : std::nullopt;
    const bool isNumbered = entry.is_object() && entry.contains("index");
    if (!label || (isNumbered && !entry["index"].is_number_integer())) {
        classes.refuse("entry " + std::to_string(position + 1) +
                       R"( is neither a label nor {"index": number, "label": text})");
    }
    classes.add(isNumbered ? entry["index"].get<std::int64_t>() : position, *label);
}

void readJsonClasses(const fs::path& file, ClassList& classes)
{
    std::ifstream stream = open(file);
    const json all = json::parse(stream, nullptr, false);
    const json list = all.is_object() && all.contains("classes") ? all["classes"] : all;
    if (!list.is_array()) {
        classes.refuse("is not JSON with a list of classes");
    }
    std::int64_t position = 0;
    for (const json& entry : list) {
        addJsonClass(entry, position++, classes);
    }
    if (all.is_object() && all.contains("ignore")) {
        classes.ignore(all["ignore"].is_number_integer() ? all["ignore"].get<std::int64_t>() : -1);
    }
}

void readTextClasses(const fs::path& file, ClassList& classes)
{
    std::ifstream stream = open(file);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(tidyText(line.starts_with("\xEF\xBB\xBF") ? line.substr(3) : line));
    }
    while (!lines.empty() && lines.back().empty()) {
        lines.pop_back();
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
        classes.add(std::int64_t(i), lines[i]);
    }
}

void readClasses(const fs::path& folder, SegmentationSet& set)
{
    const fs::path asJson = folder / "classes.json";
    const fs::path asText = folder / "classes.txt";
    const bool isJson = fs::exists(asJson);
    if (!isJson && !fs::exists(asText)) {
        throw FormatError(folder.string() + ": is no segmentation set: it holds neither "
                                            "classes.json nor classes.txt");
    }
    ClassList classes(isJson ? asJson : asText);
    (isJson ? readJsonClasses : readTextClasses)(isJson ? asJson : asText, classes);
    classes.moveTo(set);
}

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
        std::ifstream stream = open(file);
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
    readClasses(folder, set);
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
