#include "model/dataset/DatasetReader.h"

#include "model/Error.h"
#include "model/dataset/DelimitedText.h"
#include "model/dataset/RecordCollector.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <map>
#include <optional>

namespace tagalign::model::dataset {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::array kFileNames{"file_name", "filename", "filepath", "file", "image", "path"};
constexpr std::array kCaptionNames{"caption", "captions", "text", "title", "description"};
constexpr std::size_t kReportEvery = 500;

/// Where to read and whom to tell; one for each call of readDataset.
struct Source
{
    fs::path file;
    RecordCollector& records;
    const OnProgress& onProgress;

    [[nodiscard]] std::string line(std::size_t number) const
    {
        return file.filename().string() + ", line " + std::to_string(number);
    }

    void report(std::size_t done) const
    {
        if (done % kReportEvery == 0 && onProgress &&
            onProgress({std::int64_t(done), 0, file.filename().string()}) == Next::Stop) {
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

std::string lowerCase(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return char(std::tolower(c)); });
    return text;
}

/// Captions of a record: each known field may hold a text or a list of texts.
std::vector<std::string> captionsOf(const json& record)
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

/// @param prefix folder of the file below the root, "" or with '/' at its end.
void readJsonLines(const Source& source, const std::string& prefix)
{
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
            source.records.add(prefix + *name, captionsOf(record), source.line(number));
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
    try {
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
                                              " columns, the header " +
                                              std::to_string(header->size()) + "; left out.");
                continue;
            }
            source.records.add((*fields)[*file],
                               caption ? std::vector{(*fields)[*caption]}
                                       : std::vector<std::string>(),
                               source.line(text.line()));
        }
    } catch (const FormatError& error) {
        throw FormatError(source.file.string() + ": " + error.what());
    }
}

/// COCO captions: images [{id, file_name}], annotations [{image_id, caption}].
void readCoco(const Source& source)
{
    std::ifstream stream = open(source.file);
    const json whole = json::parse(stream, nullptr, false);
    if (!whole.is_object() || !whole.contains("images") || !whole["images"].is_array()) {
        throw FormatError(source.file.string() +
                          ": is not a COCO file (an object with images and annotations)");
    }
    std::map<std::int64_t, std::string> names;
    for (const json& image : whole["images"]) {
        const auto name = image.is_object() ? fileNameOf(image) : std::nullopt;
        if (!name || !image.contains("id") || !image["id"].is_number_integer()) {
            source.records.addProblem(source.file.filename().string(),
                                      "an image has no id or no file_name; left out.");
            continue;
        }
        names.emplace(image["id"].get<std::int64_t>(), *name);
        source.records.add(*name, {}, source.file.filename().string());
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
            source.records.addProblem(source.file.filename().string(),
                                      "annotation " + std::to_string(count) +
                                          " has no caption or no known image; left out.");
            continue;
        }
        source.records.add(name->second, {annotation["caption"].get<std::string>()},
                           source.file.filename().string());
    }
}

/// Flickr8k and 30k: "name.jpg#0<tab>caption".
bool looksLikeFlickr(const fs::path& file)
{
    std::ifstream stream = open(file);
    std::string line;
    std::getline(stream, line);
    const auto tab = line.find('\t');
    const auto hash = line.find('#');
    return tab != std::string::npos && hash < tab && hash + 1 < tab &&
           line.find_first_not_of("0123456789", hash + 1) == tab;
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
        source.records.add(line.substr(0, hash), {line.substr(tab + 1)}, source.line(number));
    }
}

/// All files below the folder in the order of their names; links to folders are not followed.
std::vector<fs::path> filesBelow(const fs::path& root)
{
    std::vector<fs::path> files;
    const auto options = fs::directory_options::skip_permission_denied;
    for (const auto& entry : fs::recursive_directory_iterator(root, options)) {
        if (entry.is_regular_file()) {
            files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

std::optional<std::string> sidecarText(const fs::path& image)
{
    for (const char* ending : {".txt", ".caption"}) {
        fs::path file = image;
        file.replace_extension(ending);
        if (fs::is_regular_file(file)) {
            std::ifstream stream = open(file);
            return std::string(std::istreambuf_iterator<char>(stream), {});
        }
    }
    return std::nullopt;
}

/// A folder of pictures, captions beside them or nowhere. @return the format's name.
std::string readPictures(const Source& source, const fs::path& root,
                         const std::vector<fs::path>& files)
{
    bool hasText = false;
    std::size_t pictures = 0;
    for (const fs::path& file : files) {
        if (!isImageName(file)) {
            continue;
        }
        source.report(++pictures);
        const auto text = sidecarText(file);
        hasText = hasText || text.has_value();
        const std::string name = fs::relative(file, root).string();
        source.records.add(name, text ? std::vector{*text} : std::vector<std::string>(), name);
    }
    if (pictures == 0) {
        throw FormatError(root.string() +
                          ": holds neither pictures nor a list of captions (captions.jsonl, "
                          "metadata.jsonl, *.csv, *.tsv, COCO *.json, Flickr token file)");
    }
    return hasText ? "sidecar text" : "image folder";
}

Dataset readFile(const fs::path& file, const OnProgress& onProgress)
{
    RecordCollector records(file.parent_path());
    const Source source{file, records, onProgress};
    const std::string ending = lowerCase(file.extension().string());
    if (ending == ".jsonl" || ending == ".ndjson") {
        readJsonLines(source, "");
        return records.take("JSONL");
    }
    if (ending == ".json") {
        readCoco(source);
        return records.take("COCO captions");
    }
    if (ending == ".csv") {
        readDelimited(source, ',');
        return records.take("CSV");
    }
    if ((ending == ".txt" || ending == ".token") && looksLikeFlickr(file)) {
        readFlickr(source);
        return records.take("Flickr captions");
    }
    if (ending == ".tsv" || ending == ".txt") {
        readDelimited(source, '\t');
        return records.take("TSV");
    }
    throw FormatError(file.string() + ": is of a kind this program does not read (.jsonl, .json, "
                                      ".csv, .tsv, .txt, or a folder)");
}

Dataset readFolder(const fs::path& folder, const OnProgress& onProgress)
{
    const fs::path root = fs::weakly_canonical(folder);
    const std::vector<fs::path> files = filesBelow(root);
    RecordCollector records(root);
    bool found = false;
    for (const fs::path& file : files) {
        if (file.filename() == "metadata.jsonl") {
            const std::string prefix = fs::relative(file.parent_path(), root).string() + "/";
            readJsonLines({file, records, onProgress}, prefix);
            found = true;
        }
    }
    if (found) {
        return records.take("Hugging Face imagefolder");
    }
    // The lists in the folder itself, most telling kind first.
    for (const char* ending : {".jsonl", ".csv", ".tsv", ".json", ".token", ".txt"}) {
        for (const fs::path& file : files) {
            const bool isList =
                file.parent_path() == root && lowerCase(file.extension().string()) == ending;
            if (!isList || (std::string_view(ending) == ".txt" && !looksLikeFlickr(file))) {
                continue;
            }
            try {
                Dataset dataset = readFile(file, onProgress);
                if (!dataset.records.empty()) {
                    return dataset;
                }
            } catch (const FormatError&) { // another .json or .csv; the next may be the list
                continue;
            }
        }
    }
    const std::string format = readPictures({root, records, onProgress}, root, files);
    return records.take(format);
}

} // namespace

Dataset readDataset(const fs::path& source, const OnProgress& onProgress)
{
    std::error_code problem;
    if (!fs::exists(source, problem)) {
        throw Error(source.string() + ": does not exist");
    }
    const fs::path absolute = fs::weakly_canonical(source);
    return fs::is_directory(absolute) ? readFolder(absolute, onProgress)
                                      : readFile(absolute, onProgress);
}

} // namespace tagalign::model::dataset
