#include "model/dataset/CaptionList.h"

#include "model/Error.h"
#include "model/dataset/DelimitedText.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <sstream>

namespace tagalign::model::dataset {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::array kFileNames{"file_name", "filename", "filepath", "file", "image", "path"};
constexpr std::array kCaptionNames{"caption", "captions", "text", "title", "description"};
constexpr std::size_t kReportEvery = 500;
constexpr std::size_t kFirstLineBytes = 1U << 16U; // enough for any header

/// One list while it is read.
struct Source
{
    fs::path file;
    Lookup lookup;
    RecordCollector& records;
    const OnProgress& onProgress;

    [[nodiscard]] std::string name() const { return file.filename().string(); }

    [[nodiscard]] std::string line(std::size_t number) const
    {
        return name() + ", line " + std::to_string(number);
    }

    void add(const std::string& picture, const std::vector<std::string>& captions,
             const std::string& where, GivenSplit split = GivenSplit::None) const
    {
        records.add(picture, file.parent_path(), lookup, captions, where, split);
    }

    void report(std::size_t done) const
    {
        if (done % kReportEvery == 0 && onProgress &&
            onProgress({std::int64_t(done), 0, name()}) == Next::Stop) {
            throw Cancelled();
        }
    }
};

std::ifstream open(const fs::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    if (!stream) {
        throw Error(file.string() + ": cannot be opened; check that it exists and can be read");
    }
    return stream;
}

/// Each known field may hold a text or a list of texts.
std::vector<std::string> captionsIn(const json& record)
{
    std::vector<std::string> captions;
    for (const char* name : kCaptionNames) {
        const auto found = record.find(name);
        if (found == record.end()) {
            continue;
        }
        if (found->is_string()) {
            captions.push_back(found->get<std::string>());
        }
        for (const json& item : found->is_array() ? *found : json::array()) {
            if (item.is_string()) {
                captions.push_back(item.get<std::string>());
            }
        }
    }
    return captions;
}

std::optional<std::string> fileNameOf(const json& record)
{
    for (const char* name : kFileNames) {
        const auto found = record.find(name);
        if (found != record.end() && found->is_string()) {
            return found->get<std::string>();
        }
    }
    return std::nullopt;
}

GivenSplit splitOf(const json& record)
{
    const auto found = record.find("split");
    return found != record.end() && found->is_string() ? splitNamed(found->get<std::string>())
                                                       : GivenSplit::None;
}

void readJsonLines(const Source& source)
{
    // An imagefolder keeps each split's list in a folder of that name.
    const GivenSplit folder = source.file.filename() == "metadata.jsonl"
                                  ? splitNamed(source.file.parent_path().filename().string())
                                  : GivenSplit::None;
    std::ifstream stream = open(source.file);
    std::string line;
    for (std::size_t number = 1; std::getline(stream, line); ++number) {
        source.report(number);
        if (number == 1 && line.starts_with("\xEF\xBB\xBF")) {
            line.erase(0, 3);
        }
        if (line.find_first_not_of(" \t\r") == std::string::npos) {
            continue;
        }
        // Only what is not valid UTF-8 is worth a second, repaired try.
        const json record =
            json::accept(line) ? json::parse(line) : json::parse(tidyText(line), nullptr, false);
        const auto name = record.is_object() ? fileNameOf(record) : std::nullopt;
        if (!record.is_object()) {
            source.records.addProblem(source.line(number), "is not a JSON object; left out.");
        } else if (!name) {
            source.records.addProblem(source.line(number), "has no file_name; left out.");
        } else {
            source.add(*name, captionsIn(record), source.line(number),
                       std::max(folder, splitOf(record)));
        }
    }
}

template <class Names>
std::optional<std::size_t> columnOf(const std::vector<std::string>& header, const Names& names)
{
    for (const char* name : names) {
        for (std::size_t column = 0; column < header.size(); ++column) {
            if (lowerCase(tidyText(header[column])) == name) {
                return column;
            }
        }
    }
    return std::nullopt;
}

void readDelimited(const Source& source, char delimiter)
{
    std::ifstream stream = open(source.file);
    DelimitedText text(stream, delimiter);
    const auto header = text.next();
    const auto file = header ? columnOf(*header, kFileNames) : std::nullopt;
    if (!file) {
        throw FormatError("its first line names no column file_name, filename, filepath, file, "
                          "image or path");
    }
    const auto caption = columnOf(*header, kCaptionNames);
    while (const auto fields = text.next()) {
        source.report(text.line());
        if (fields->size() == 1 && fields->front().empty()) {
            continue;
        }
        if (fields->size() <= std::max(*file, caption.value_or(0))) {
            source.records.addProblem(source.line(text.line()),
                                      "has " + std::to_string(fields->size()) +
                                          " columns, the header " + std::to_string(header->size()) +
                                          "; left out.");
            continue;
        }
        source.add((*fields)[*file],
                   caption ? std::vector{(*fields)[*caption]} : std::vector<std::string>(),
                   source.line(text.line()));
    }
}

/// COCO captions: images [{id, file_name}], annotations [{image_id, caption}].
void readCoco(const Source& source)
{
    std::ifstream stream = open(source.file);
    const json whole = mentionsCaptions(source.file) ? json::parse(stream, nullptr, false) : json();
    if (!whole.is_object() || !whole.contains("images") || !whole["images"].is_array()) {
        throw FormatError("is not a COCO file of captions (an object with images, and annotations "
                          "that have a caption), or it is damaged");
    }
    std::map<std::int64_t, std::string> names;
    for (const json& image : whole["images"]) {
        const auto name = image.is_object() ? fileNameOf(image) : std::nullopt;
        if (!name || !image.contains("id") || !image["id"].is_number_integer()) {
            source.records.addProblem(source.name(),
                                      "an image has no id or no file_name; left out.");
            continue;
        }
        names.emplace(image["id"].get<std::int64_t>(), *name);
        source.add(*name, {}, source.name());
    }
    const json annotations = whole.value("annotations", json::array());
    std::size_t count = 0;
    for (const json& annotation : annotations) {
        source.report(++count);
        const bool isCaption = annotation.is_object() && annotation.contains("caption") &&
                               annotation["caption"].is_string() &&
                               annotation.contains("image_id") &&
                               annotation["image_id"].is_number_integer();
        const auto name =
            isCaption ? names.find(annotation["image_id"].get<std::int64_t>()) : names.end();
        if (name == names.end()) {
            source.records.addProblem(source.name(),
                                      "annotation " + std::to_string(count) +
                                          " has no caption or no known image; left out.");
            continue;
        }
        source.add(name->second, {annotation["caption"].get<std::string>()}, source.name());
    }
}

void readFlickr(const Source& source)
{
    std::ifstream stream = open(source.file);
    std::string line;
    for (std::size_t number = 1; std::getline(stream, line); ++number) {
        source.report(number);
        const auto tab = line.find('\t');
        const auto hash = line.find('#');
        if (tab == std::string::npos || hash > tab) {
            source.records.addProblem(source.line(number),
                                      "is not \"name#number<tab>caption\"; left out.");
            continue;
        }
        source.add(line.substr(0, hash), {line.substr(tab + 1)}, source.line(number));
    }
}

std::string firstLine(const fs::path& file)
{
    std::ifstream stream = open(file);
    std::string line(kFirstLineBytes, '\0');
    stream.read(line.data(), std::streamsize(line.size()));
    line.resize(std::size_t(stream.gcount()));
    return line.substr(0, line.find('\n'));
}

/// Flickr8k and 30k: "name.jpg#0<tab>caption".
bool looksLikeFlickr(const std::string& line)
{
    const auto tab = line.find('\t');
    const auto hash = line.find('#');
    return tab != std::string::npos && hash < tab && hash + 1 < tab &&
           line.find_first_not_of("0123456789", hash + 1) == tab;
}

bool looksLikeHeader(const std::string& line, char delimiter)
{
    std::istringstream stream(line);
    try {
        const auto header = DelimitedText(stream, delimiter).next();
        return header && columnOf(*header, kFileNames) && columnOf(*header, kCaptionNames);
    } catch (const FormatError&) { // a quote that does not end: not a header
        return false;
    }
}

/// Text files are anything; only the first line tells.
std::optional<ListForm> formOfText(const std::string& line)
{
    if (looksLikeFlickr(line)) {
        return ListForm::Flickr;
    }
    if (looksLikeHeader(line, '\t')) {
        return ListForm::Tabs;
    }
    return looksLikeHeader(line, ',') ? std::optional(ListForm::Commas) : std::nullopt;
}

} // namespace

std::optional<ListForm> formOf(const fs::path& file)
{
    const std::string ending = lowerCase(file.extension().string());
    if (ending == ".jsonl" || ending == ".ndjson") {
        return ListForm::JsonLines;
    }
    if (ending == ".csv") {
        return ListForm::Commas;
    }
    if (ending == ".tsv") {
        return ListForm::Tabs;
    }
    if (ending == ".json") {
        return ListForm::Coco;
    }
    return ending == ".txt" || ending == ".token" ? formOfText(firstLine(file)) : std::nullopt;
}

bool mentionsCaptions(const fs::path& file)
{
    constexpr std::string_view kField = "\"caption\"";
    std::ifstream stream = open(file);
    std::string block;
    std::string kept;
    while (stream) {
        block.resize(1U << 20U);
        stream.read(block.data(), std::streamsize(block.size()));
        block.resize(std::size_t(stream.gcount()));
        kept += block;
        if (kept.find(kField) != std::string::npos) {
            return true;
        }
        kept.erase(0, kept.size() - std::min(kept.size(), kField.size()));
    }
    return false;
}

std::string nameOf(ListForm form)
{
    switch (form) {
    case ListForm::JsonLines:
        return "JSONL";
    case ListForm::Commas:
        return "CSV";
    case ListForm::Tabs:
        return "TSV";
    case ListForm::Coco:
        return "COCO captions";
    case ListForm::Flickr:
        return "Flickr captions";
    }
    return {};
}

void readList(const fs::path& file, ListForm form, Lookup lookup, RecordCollector& records,
              const OnProgress& onProgress)
{
    const Source source{file, lookup, records, onProgress};
    switch (form) {
    case ListForm::JsonLines:
        return readJsonLines(source);
    case ListForm::Commas:
        return readDelimited(source, ',');
    case ListForm::Tabs:
        return readDelimited(source, '\t');
    case ListForm::Coco:
        return readCoco(source);
    case ListForm::Flickr:
        return readFlickr(source);
    }
}

std::vector<std::string> captionsOfJson(const std::string& text)
{
    const json record = json::parse(text, nullptr, false);
    return record.is_object() ? captionsIn(record) : std::vector<std::string>();
}

} // namespace tagalign::model::dataset
