#include "model/dataset/DatasetReader.h"

#include "model/Error.h"
#include "model/dataset/CaptionList.h"
#include "model/dataset/RecordCollector.h"
#include "model/dataset/SourceFolder.h"
#include "model/dataset/TarShard.h"

#include <fstream>
#include <map>
#include <set>

namespace tagalign::model::dataset {

namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kMaxSidecarBytes = 1U << 20U;
constexpr std::size_t kReportEvery = 500;

Dataset readShards(const std::vector<fs::path>& shards, const fs::path& extraction,
                   const OnProgress& onProgress)
{
    if (extraction.empty()) {
        throw FormatError(shards.front().string() +
                          ": WebDataset shards are unpacked into a project; import them into one");
    }
    std::error_code problem;
    fs::create_directories(extraction, problem);
    if (problem) {
        throw Error(extraction.string() + ": cannot be made (" + problem.message() + ")");
    }
    SourceFolder folder(extraction, onProgress);
    RecordCollector records(folder);
    for (const fs::path& shard : shards) {
        try {
            readShard(shard, folder.root(), records, onProgress);
        } catch (const FormatError& error) {
            if (shards.size() == 1) {
                throw FormatError(shard.string() + ": " + error.what());
            }
            records.addProblem(shard.filename().string(), error.what());
        }
    }
    return records.take("WebDataset");
}

/// Chooses among the files of one folder and reads what it has chosen.
class FolderReader
{
public:
    FolderReader(SourceFolder& folder, const fs::path& extraction, const OnProgress& onProgress)
        : m_folder(folder),
          m_extraction(extraction),
          m_onProgress(onProgress)
    {
    }

    [[nodiscard]] Dataset read()
    {
        if (auto dataset = readImagefolder()) {
            return withProblems(std::move(*dataset));
        }
        findLists();
        std::optional<Dataset> bare; // a list that names pictures only
        for (const auto& [depthAndForm, files] : m_lists) {
            RecordCollector records(m_folder);
            for (const fs::path& file : files) {
                readOne(file, depthAndForm.second, Lookup::Search, records);
            }
            const bool isCaptioned = records.captions() > 0;
            const bool isUsed = records.added() > 0;
            Dataset dataset = records.take(nameOf(depthAndForm.second));
            if (isCaptioned) {
                return withProblems(std::move(dataset));
            }
            if (isUsed && !bare) {
                bare = std::move(dataset);
            } else if (!isUsed) {
                keepProblems(dataset);
            }
        }
        if (bare) {
            return withProblems(std::move(*bare));
        }
        const auto shards = findShards();
        const bool hasPictures = m_folder.hasPictureBelow(m_folder.root());
        if (hasPictures && !shards.empty()) {
            m_problems.push_back({m_folder.nameOf(shards.front()),
                                  "is a shard in a folder of pictures; left out, as are the other "
                                  ".tar files."});
        }
        return withProblems(hasPictures || shards.empty()
                                ? readPictures()
                                : readShards(shards, m_extraction, m_onProgress));
    }

private:
    /// metadata.jsonl in each split's folder, its names relative to that folder.
    std::optional<Dataset> readImagefolder()
    {
        RecordCollector records(m_folder);
        for (const fs::path& file : m_folder.files()) {
            if (file.filename() == "metadata.jsonl" && mayOpen(file)) {
                readOne(file, ListForm::JsonLines, Lookup::Exact, records);
            }
        }
        const bool isUsed = records.added() > 0;
        Dataset dataset = records.take("Hugging Face imagefolder");
        if (!isUsed) {
            keepProblems(dataset);
            return std::nullopt;
        }
        return dataset;
    }

    /// Lists in the folder itself come before those one level down (COCO's annotations/).
    void findLists()
    {
        std::set<fs::path> pictures; // without ending: a text beside its picture is no list
        for (const fs::path& file : m_folder.files()) {
            if (isImageName(file)) {
                pictures.insert(fs::path(file).replace_extension());
            }
        }
        for (const fs::path& file : m_folder.files()) {
            // Flickr8k's captions once more, as dictionary forms of their words.
            const bool isRepeat = file.filename().string().find(".lemma.") != std::string::npos;
            if (!isNear(file) || isRepeat || file.filename() == "metadata.jsonl" ||
                pictures.contains(fs::path(file).replace_extension())) {
                continue;
            }
            if (const auto form = formIfReadable(file)) {
                m_lists[{file.parent_path() == m_folder.root() ? 0 : 1, *form}].push_back(file);
            }
        }
    }

    /// In the folder itself or one level down.
    [[nodiscard]] bool isNear(const fs::path& file) const
    {
        return file.parent_path() == m_folder.root() ||
               file.parent_path().parent_path() == m_folder.root();
    }

    std::vector<fs::path> findShards()
    {
        std::vector<fs::path> shards;
        for (const fs::path& file : m_folder.files()) {
            if (isNear(file) && lowerCase(file.extension().string()) == ".tar" && mayOpen(file)) {
                shards.push_back(file);
            }
        }
        return shards;
    }

    std::optional<ListForm> formIfReadable(const fs::path& file)
    {
        try {
            const auto form = mayOpen(file) ? formOf(file) : std::nullopt;
            return form == ListForm::Coco && !mentionsCaptions(file) ? std::nullopt : form;
        } catch (const Error& error) {
            m_problems.push_back({m_folder.nameOf(file), error.what()});
            return std::nullopt;
        }
    }

    void readOne(const fs::path& file, ListForm form, Lookup lookup, RecordCollector& records)
    {
        const std::size_t added = records.added();
        const std::size_t problems = records.problems();
        try {
            readList(file, form, lookup, records, m_onProgress);
        } catch (const Cancelled&) {
            throw;
        } catch (const Error& error) {
            records.addProblem(m_folder.nameOf(file), error.what());
        }
        if (records.added() == added) {
            records.foldProblems(problems, m_folder.nameOf(file));
        }
    }

    /// A folder of pictures, captions beside them or nowhere.
    Dataset readPictures()
    {
        RecordCollector records(m_folder);
        bool hasText = false;
        std::size_t pictures = 0;
        for (const fs::path& file : m_folder.files()) {
            if (!isImageName(file)) {
                continue;
            }
            report(++pictures);
            const auto text = sidecarText(file, records);
            hasText = hasText || text.has_value();
            records.add(m_folder.nameOf(file), m_folder.root(), Lookup::Exact,
                        text ? std::vector{*text} : std::vector<std::string>(),
                        m_folder.nameOf(file));
        }
        if (pictures == 0) {
            throwNothing();
        }
        return records.take(hasText ? "sidecar text" : "image folder");
    }

    std::optional<std::string> sidecarText(const fs::path& picture, RecordCollector& records)
    {
        for (const char* ending : {".txt", ".caption"}) {
            const fs::path file = fs::path(picture).replace_extension(ending);
            std::error_code problem;
            if (!fs::is_regular_file(file, problem) || !mayOpen(file)) {
                continue;
            }
            if (fs::file_size(file, problem) > kMaxSidecarBytes) {
                records.addProblem(m_folder.nameOf(file),
                                   "is larger than 1 MiB, so it is no caption; left out.");
                continue;
            }
            std::ifstream stream(file, std::ios::binary);
            if (stream) {
                return std::string(std::istreambuf_iterator<char>(stream), {});
            }
            records.addProblem(m_folder.nameOf(file),
                               "cannot be opened; check its permissions. Left out.");
        }
        return std::nullopt;
    }

    /// Every file is asked for before it is opened: a link may lead anywhere.
    bool mayOpen(const fs::path& file)
    {
        if (m_folder.holds(file)) {
            return true;
        }
        if (m_refused.insert(file).second) {
            m_problems.push_back(
                {m_folder.nameOf(file), "is a link that leaves the data set's folder; left out."});
        }
        return false;
    }

    void report(std::size_t done) const
    {
        if (done % kReportEvery == 0 && m_onProgress &&
            m_onProgress({std::int64_t(done), 0, m_folder.root().filename().string()}) ==
                Next::Stop) {
            throw Cancelled();
        }
    }

    [[noreturn]] void throwNothing() const
    {
        const std::string root = m_folder.root().string();
        if (!m_problems.empty()) {
            throw FormatError(root +
                              ": holds no pictures, and no list of captions could be read: " +
                              m_problems.front().where + " " + m_problems.front().message);
        }
        throw FormatError(root + ": holds neither pictures nor a list of captions (captions.jsonl, "
                                 "metadata.jsonl, *.csv, *.tsv, COCO *.json, Flickr token file)");
    }

    void keepProblems(const Dataset& dataset)
    {
        m_problems.insert(m_problems.end(), dataset.problems.begin(), dataset.problems.end());
    }

    /// What was found on the way comes before what the chosen files say.
    [[nodiscard]] Dataset withProblems(Dataset dataset) const
    {
        auto problems = m_folder.problems();
        problems.insert(problems.end(), m_problems.begin(), m_problems.end());
        dataset.problems.insert(dataset.problems.begin(), problems.begin(), problems.end());
        return dataset;
    }

    SourceFolder& m_folder;
    const fs::path& m_extraction;
    const OnProgress& m_onProgress;
    std::map<std::pair<int, ListForm>, std::vector<fs::path>> m_lists; ///< depth, form
    std::set<fs::path> m_refused;
    std::vector<RecordProblem> m_problems;
};

/// The usual mistake with a list that lies apart from its pictures.
void sayIfAllAreMissing(Dataset& dataset, const fs::path& list)
{
    const bool isMissing =
        std::none_of(dataset.records.begin(), dataset.records.end(), [](const PairRecord& record) {
            std::error_code problem;
            return fs::exists(record.file, problem);
        });
    if (isMissing && !dataset.records.empty()) {
        dataset.problems.insert(
            dataset.problems.begin(),
            {list.filename().string(), "none of its pictures lie in " + dataset.root.string() +
                                           "; import the folder that holds both."});
    }
}

/// A list by its name; its pictures are looked for in its folder.
Dataset readFile(const fs::path& file, const OnProgress& onProgress)
{
    const auto form = formOf(file);
    const std::string ending = lowerCase(file.extension().string());
    const bool isText = ending == ".txt" || ending == ".token";
    if (!form && !isText) {
        throw FormatError(file.string() +
                          ": is of a kind this program does not read (.jsonl, .json, "
                          ".csv, .tsv, .txt, .tar, or a folder)");
    }
    SourceFolder folder(file.parent_path(), onProgress);
    RecordCollector records(folder);
    const Lookup lookup = file.filename() == "metadata.jsonl" ? Lookup::Exact : Lookup::Search;
    try {
        readList(file, form.value_or(ListForm::Tabs), lookup, records, onProgress);
    } catch (const FormatError& error) {
        throw FormatError(file.string() + ": " + error.what());
    }
    Dataset dataset = records.take(nameOf(form.value_or(ListForm::Tabs)));
    sayIfAllAreMissing(dataset, file);
    return dataset;
}

} // namespace

Dataset readDataset(const fs::path& source, const OnProgress& onProgress,
                    const fs::path& extraction)
{
    std::error_code problem;
    if (!fs::exists(source, problem)) {
        throw Error(source.string() + ": does not exist");
    }
    if (fs::is_directory(source)) {
        SourceFolder folder(source, onProgress);
        return FolderReader(folder, extraction, onProgress).read();
    }
    if (lowerCase(source.extension().string()) == ".tar") {
        return readShards({source}, extraction, onProgress);
    }
    // A list that is a link speaks of the pictures beside the link.
    return readFile(fs::canonical(fs::absolute(source).parent_path()) / source.filename(),
                    onProgress);
}

} // namespace tagalign::model::dataset
