#include "model/dataset/RecordCollector.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cctype>

namespace tagalign::model::dataset {

namespace fs = std::filesystem;

RecordCollector::RecordCollector(fs::path root)
{
    m_dataset.root = fs::weakly_canonical(root);
}

fs::path RecordCollector::inside(const std::string& name) const
{
    std::string forward = name;
    std::replace(forward.begin(), forward.end(), '\\', '/');
    if (name.empty() || name.find('\0') != std::string::npos) {
        return {};
    }
    // weakly_canonical follows links, so one that points outside is found too.
    std::error_code problem;
    const fs::path file = fs::weakly_canonical(m_dataset.root / forward, problem);
    const auto [rootEnd, ignored] =
        std::mismatch(m_dataset.root.begin(), m_dataset.root.end(), file.begin(), file.end());
    return problem || rootEnd != m_dataset.root.end() ? fs::path() : file;
}

void RecordCollector::add(const std::string& name, const std::vector<std::string>& captions,
                          const std::string& where)
{
    const fs::path file = inside(name);
    if (file.empty()) {
        addProblem(where, "\"" + tidyText(name).substr(0, 200) +
                              "\" leaves the data set's folder; left out.");
        return;
    }
    const auto [place, isNew] = m_places.emplace(file.string(), m_dataset.records.size());
    if (isNew) {
        m_dataset.records.push_back({file, {}, where});
    }
    for (const std::string& caption : captions) {
        if (std::string tidy = tidyText(caption); !tidy.empty()) {
            m_dataset.records[place->second].captions.push_back(std::move(tidy));
        }
    }
}

void RecordCollector::addProblem(const std::string& where, const std::string& message)
{
    m_dataset.problems.push_back({where, message});
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

bool isImageName(const fs::path& file)
{
    constexpr std::array kEndings{".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"};
    std::string ending = file.extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(),
                   [](unsigned char c) { return char(std::tolower(c)); });
    return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

} // namespace tagalign::model::dataset
