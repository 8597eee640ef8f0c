#pragma once

#include "model/dataset/DatasetReader.h"
#include "model/dataset/SourceFolder.h"

#include <string>
#include <unordered_map>
#include <vector>

namespace tagalign::model::dataset {

/// How the name of a picture is understood.
enum class Lookup {
    Exact, ///< relative to its list
    Search ///< that, else relative to the root, else the only file below that ends with the name
};

/// Gathers records, merging those of the same file and refusing paths that leave the folder.
class RecordCollector
{
public:
    /// @param folder must outlive the collector.
    explicit RecordCollector(SourceFolder& folder);

    /// @param name   path as the data set gives it.
    /// @param beside folder of the list that names it.
    /// @param where  for messages, e.g. "captions.jsonl, line 12".
    /// @throws Cancelled
    void add(const std::string& name, const std::filesystem::path& beside, Lookup lookup,
             const std::vector<std::string>& captions, const std::string& where,
             GivenSplit split = GivenSplit::None);
    void addProblem(const std::string& where, const std::string& message);

    /// Keeps one problem instead of all that came since there were `known`.
    void foldProblems(std::size_t known, const std::string& where);

    /// Records added, merged ones included.
    [[nodiscard]] std::size_t added() const { return m_added; }

    [[nodiscard]] std::size_t captions() const { return m_captions; }

    [[nodiscard]] std::size_t problems() const { return m_dataset.problems.size(); }

    [[nodiscard]] Dataset take(std::string format);

private:
    struct Place
    {
        std::filesystem::path file; ///< empty if there is a problem
        std::string problem;
    };

    [[nodiscard]] Place placeOf(const std::string& name, const std::filesystem::path& beside,
                                Lookup lookup);

    SourceFolder& m_folder;
    Dataset m_dataset;
    std::unordered_map<std::string, std::size_t> m_places;
    std::size_t m_added = 0;
    std::size_t m_captions = 0;
};

/// Invalid UTF-8 replaced by U+FFFD, blanks at both ends removed.
[[nodiscard]] std::string tidyText(const std::string& text);

/// "train", "validation" ("val", "valid", "dev") or "test", in any case; None for other words.
[[nodiscard]] GivenSplit splitNamed(const std::string& name);

/// ASCII letters only.
[[nodiscard]] std::string lowerCase(std::string text);

/// A file name the importer takes for a picture, by its ending.
[[nodiscard]] bool isImageName(const std::filesystem::path& file);

} // namespace tagalign::model::dataset
