#include "model/dataset/RecordCollector.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cctype>

namespace tagalign::model::dataset {

namespace fs = std::filesystem;

RecordCollector::RecordCollector(SourceFolder& folder)
    : m_folder(folder)
{
    m_dataset.root = folder.root();
}

RecordCollector::Place RecordCollector::placeOf(const std::string& name, const fs::path& beside,
                                                Lookup lookup)
{
    std::string forward = name;
    std::replace(forward.begin(), forward.end(), '\\', '/');
    const bool isName = !name.empty() && name.find('\0') == std::string::npos;
    // Links are followed, so that one that points outside is found too.
    std::error_code problem;
    const fs::path file = fs::weakly_canonical(beside / forward, problem);
    if (!isName || problem || !isBelow(file, m_folder.root())) {
        return {{}, "leaves the data set's folder; left out."};
    }
    if (lookup == Lookup::Exact || fs::exists(file, problem)) {
        return {file, {}};
    }
    const fs::path fromRoot = fs::weakly_canonical(m_folder.root() / forward, problem);
    if (fs::exists(fromRoot, problem) && isBelow(fromRoot, m_folder.root())) {
        return {fromRoot, {}};
    }
    // A list among pictures means those; one that lies apart may mean any.
    const bool isApart = !m_folder.hasPictureBelow(beside);
    const auto found = m_folder.endingWith(fs::path(forward).lexically_normal(),
                                           isApart ? m_folder.root() : beside);
    if (found.size() > 1) {
        return {{},
                "may be " + m_folder.nameOf(found[0]) + " or " + m_folder.nameOf(found[1]) +
                    "; left out."};
    }
    if (found.size() == 1 && !m_folder.holds(found[0])) {
        return {{}, "leaves the data set's folder; left out."};
    }
    return {found.empty() ? file : fs::weakly_canonical(found[0], problem), {}};
}

void RecordCollector::add(const std::string& name, const fs::path& beside, Lookup lookup,
                          const std::vector<std::string>& captions, const std::string& where,
                          GivenSplit split)
{
    const Place place = placeOf(name, beside, lookup);
    if (!place.problem.empty()) {
        addProblem(where, "\"" + tidyText(name).substr(0, 200) + "\" " + place.problem);
        return;
    }
    ++m_added;
    const auto [known, isNew] = m_places.emplace(place.file.string(), m_dataset.records.size());
    if (isNew) {
        m_dataset.records.push_back({place.file, {}, where});
    }
    // Listed for two splits it is the stricter one's: what is for testing is never trained on.
    GivenSplit& given = m_dataset.records[known->second].split;
    given = std::max(given, split);
    for (const std::string& caption : captions) {
        if (std::string tidy = tidyText(caption); !tidy.empty()) {
            m_dataset.records[known->second].captions.push_back(std::move(tidy));
            ++m_captions;
        }
    }
}

void RecordCollector::addProblem(const std::string& where, const std::string& message)
{
    m_dataset.problems.push_back({where, message});
}

void RecordCollector::foldProblems(std::size_t known, const std::string& where)
{
    const std::size_t count = m_dataset.problems.size() - known;
    if (count < 2) {
        return;
    }
    const RecordProblem first = m_dataset.problems[known];
    m_dataset.problems.resize(known);
    addProblem(where, "none of its " + std::to_string(count) + " entries can be used; the first (" +
                          first.where + ") " + first.message);
}

Dataset RecordCollector::take(std::string format)
{
    m_dataset.format = std::move(format);
    return std::move(m_dataset);
}

std::string tidyText(const std::string& text)
{
    // dump() with this handler is the library's own repair of invalid UTF-8.
    const std::string valid =
        nlohmann::json::parse(
            nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace))
            .get<std::string>();
    const auto isSpace = [](unsigned char c) { return std::isspace(c) != 0; };
    const auto first = std::find_if_not(valid.begin(), valid.end(), isSpace);
    const auto last = std::find_if_not(valid.rbegin(), valid.rend(), isSpace).base();
    return first < last ? std::string(first, last) : std::string();
}

GivenSplit splitNamed(const std::string& name)
{
    constexpr std::array kValidation{"validation", "val", "valid", "dev"};
    const std::string word = lowerCase(name);
    return word == "train"  ? GivenSplit::Train
           : word == "test" ? GivenSplit::Test
           : std::find(kValidation.begin(), kValidation.end(), word) != kValidation.end()
               ? GivenSplit::Validation
               : GivenSplit::None;
}

std::string lowerCase(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return char(std::tolower(c)); });
    return text;
}

bool isImageName(const fs::path& file)
{
    constexpr std::array kEndings{".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"};
    const std::string ending = lowerCase(file.extension().string());
    return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

} // namespace tagalign::model::dataset
