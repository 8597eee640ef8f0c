#include "model/dataset/SegmentationClasses.h"

#include "model/Error.h"
#include "model/dataset/RecordCollector.h"

#include <nlohmann/json.hpp>

#include <map>
#include <sstream>
#include <vector>

namespace tagalign::model::dataset {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::int64_t kHighestValue = 65535; // of a 16-bit mask

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
    std::ifstream stream = openedList(file);
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
    std::ifstream stream = openedList(file);
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

} // namespace

void readSegmentationClasses(const fs::path& folder, SegmentationSet& set)
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

std::ifstream openedList(const fs::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    if (!stream) {
        throw Error(file.string() + ": cannot be opened; check that it can be read");
    }
    return stream;
}

std::optional<std::string> textIn(const json& record, const char* name)
{
    const auto found = record.find(name);
    return found != record.end() && found->is_string() ? std::optional(found->get<std::string>())
                                                       : std::nullopt;
}

} // namespace tagalign::model::dataset
