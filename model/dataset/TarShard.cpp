#include "model/dataset/TarShard.h"

#include "model/Error.h"
#include "model/dataset/CaptionList.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <memory>

namespace tagalign::model::dataset {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlockBytes = 1U << 18U;
constexpr std::int64_t kMaxPictureBytes = 1LL << 30U; // as for pictures that lie in a folder
constexpr std::int64_t kMaxTextBytes = 1LL << 20U;
constexpr std::array kPictures{"jpg", "jpeg", "png", "webp"};

/// What the entries with one key say.
struct Sample
{
    std::string picture; ///< path below the extraction folder, empty if there is none
    std::vector<std::string> text;
    std::vector<std::string> json;
};

/// The shard ends in the middle of an entry.
class Broken : public FormatError
{
public:
    using FormatError::FormatError;
};

/// A file that is removed again unless it was moved to its place.
class PartFile
{
public:
    explicit PartFile(fs::path path)
        : m_path(std::move(path)),
          m_stream(m_path, std::ios::binary | std::ios::trunc)
    {
    }

    ~PartFile()
    {
        std::error_code ignored;
        fs::remove(m_path, ignored);
    }

    PartFile(const PartFile&) = delete;
    PartFile& operator=(const PartFile&) = delete;

    [[nodiscard]] const fs::path& path() const { return m_path; }

    std::ofstream& stream() { return m_stream; }

private:
    fs::path m_path;
    std::ofstream m_stream;
};

bool haveSameBytes(const fs::path& left, const fs::path& right)
{
    std::error_code problem;
    if (fs::file_size(left, problem) != fs::file_size(right, problem) || problem) {
        return false;
    }
    std::ifstream first(left, std::ios::binary);
    std::ifstream second(right, std::ios::binary);
    return std::equal(std::istreambuf_iterator<char>(first), {},
                      std::istreambuf_iterator<char>(second));
}

/// Relative, without "..", backslashes and control characters; "./" in front is dropped.
std::optional<fs::path> safeName(const std::string& name)
{
    const bool isOdd = std::any_of(name.begin(), name.end(), [](unsigned char c) {
        return c < 0x20 || c == 0x7F || c == '\\';
    });
    const fs::path path = fs::path(name).lexically_normal();
    const bool climbs = std::find(path.begin(), path.end(), "..") != path.end();
    return isOdd || climbs || path.is_absolute() || !path.has_filename() ? std::nullopt
                                                                         : std::optional(path);
}

class ShardReader
{
public:
    ShardReader(const fs::path& shard, const fs::path& extraction, RecordCollector& records,
                const OnProgress& onProgress)
        : m_shard(shard),
          m_extraction(extraction),
          m_records(records),
          m_onProgress(onProgress),
          m_archive(archive_read_new(), archive_read_free)
    {
        // A file called "...tar" must not name the folder above.
        const std::string stem = shard.stem().string();
        m_name = stem.find_first_not_of('.') == std::string::npos ? "shard" : stem;
    }

    void read()
    {
        archive_read_support_filter_none(m_archive.get());
        archive_read_support_format_tar(m_archive.get());
        if (archive_read_open_filename(m_archive.get(), m_shard.c_str(), kBlockBytes) !=
            ARCHIVE_OK) {
            throw FormatError("is not a tar file, or cannot be opened");
        }
        try {
            while (archive_entry* entry = next()) {
                take(entry);
            }
        } catch (const Broken&) {
            if (m_entries == 0) {
                throw FormatError("is not a tar file, or is damaged at its beginning");
            }
            m_records.addProblem(m_shard.filename().string(),
                                 "is truncated or damaged after " + std::to_string(m_entries) +
                                     " entries; what comes before is kept.");
        }
        addSamples();
    }

private:
    archive_entry* next()
    {
        archive_entry* entry = nullptr;
        const int result = archive_read_next_header(m_archive.get(), &entry);
        if (result == ARCHIVE_EOF) {
            return nullptr;
        }
        if (result < ARCHIVE_WARN) {
            throw Broken("");
        }
        report();
        return entry;
    }

    void take(archive_entry* entry)
    {
        const auto type = archive_entry_filetype(entry);
        if (type != AE_IFDIR) {
            const char* unicode = archive_entry_pathname_utf8(entry);
            const char* raw = unicode != nullptr ? unicode : archive_entry_pathname(entry);
            const std::string name = raw != nullptr ? raw : "";
            const auto safe = safeName(name);
            if (!safe) {
                refuse(name, "leaves the shard's folder; left out.");
            } else if (type != AE_IFREG || archive_entry_hardlink(entry) != nullptr ||
                       archive_entry_sparse_count(entry) > 0) {
                refuse(name, "is a link, a device or a sparse file; left out.");
            } else {
                takeFile(*safe, name, archive_entry_size(entry));
            }
        }
        ++m_entries;
    }

    void takeFile(const fs::path& path, const std::string& name, std::int64_t size)
    {
        const std::string last = path.filename().string();
        const auto dot = last.find('.');
        if (dot == 0 || dot == std::string::npos) {
            return; // hidden, or of no kind
        }
        const std::string kind = lowerCase(last.substr(dot + 1));
        const bool isPicture =
            std::find(kPictures.begin(), kPictures.end(), kind) != kPictures.end();
        const bool isText = kind == "txt" || kind == "caption" || kind == "text";
        if (!isPicture && !isText && kind != "json") {
            return;
        }
        if (size > (isPicture ? kMaxPictureBytes : kMaxTextBytes)) {
            refuse(name,
                   "is larger than " + std::string(isPicture ? "1 GiB" : "1 MiB") + "; left out.");
            return;
        }
        Sample& sample = m_samples[(path.parent_path() / last.substr(0, dot)).string()];
        if (isPicture && !sample.picture.empty()) {
            refuse(name, "is a second picture with its key; left out.");
        } else if (isPicture) {
            sample.picture = unpack(path);
        } else if (isText) {
            sample.text.push_back(contents());
        } else {
            sample.json = captionsOfJson(contents());
        }
    }

    std::string contents()
    {
        std::string text;
        forEachBlock([&text](const char* bytes, std::size_t size) { text.append(bytes, size); });
        return text;
    }

    /// @return the path below the extraction folder.
    std::string unpack(const fs::path& path)
    {
        const fs::path wanted = fs::path(m_name) / path;
        const fs::path folder = (m_extraction / wanted).parent_path();
        std::error_code problem;
        fs::create_directories(folder, problem);
        PartFile part(folder / ".unpacking");
        forEachBlock([&part](const char* bytes, std::size_t size) {
            part.stream().write(bytes, std::streamsize(size));
        });
        part.stream().close();
        if (!part.stream() || problem) {
            throw Error(part.path().string() + ": cannot be written; check free space");
        }
        return placed(part, wanted);
    }

    /// Nothing that an earlier import unpacked is replaced: pictures there have been verified.
    std::string placed(const PartFile& part, const fs::path& wanted)
    {
        fs::path name = wanted;
        std::error_code problem;
        for (int number = 2; fs::exists(m_extraction / name, problem); ++number) {
            if (haveSameBytes(m_extraction / name, part.path())) {
                return name.string();
            }
            name = wanted;
            name.replace_filename(wanted.stem().string() + "-" + std::to_string(number) +
                                  wanted.extension().string());
        }
        fs::rename(part.path(), m_extraction / name, problem);
        if (problem) {
            throw Error((m_extraction / name).string() + ": cannot be written (" +
                        problem.message() + ")");
        }
        return name.string();
    }

    template <typename Take>
    void forEachBlock(const Take& takeBlock)
    {
        const void* bytes = nullptr;
        std::size_t size = 0;
        la_int64_t offset = 0;
        int result = ARCHIVE_OK;
        while ((result = archive_read_data_block(m_archive.get(), &bytes, &size, &offset)) ==
               ARCHIVE_OK) {
            takeBlock(static_cast<const char*>(bytes), size);
            report();
        }
        if (result != ARCHIVE_EOF) {
            throw Broken("");
        }
    }

    void addSamples()
    {
        std::size_t without = 0;
        for (const auto& [key, sample] : m_samples) {
            if (sample.picture.empty()) {
                ++without;
                continue;
            }
            m_records.add(sample.picture, m_extraction, Lookup::Exact,
                          sample.text.empty() ? sample.json : sample.text,
                          m_shard.filename().string() + ", " + key);
        }
        if (without > 0) {
            m_records.addProblem(m_shard.filename().string(),
                                 std::to_string(without) + " captions have no picture; left out.");
        }
    }

    void refuse(const std::string& name, const std::string& why)
    {
        m_records.addProblem(m_shard.filename().string(),
                             "\"" + tidyText(name).substr(0, 200) + "\" " + why);
    }

    void report() const
    {
        if (m_onProgress &&
            m_onProgress({std::int64_t(m_entries), 0, m_shard.filename().string()}) == Next::Stop) {
            throw Cancelled();
        }
    }

    const fs::path& m_shard;
    const fs::path& m_extraction;
    RecordCollector& m_records;
    const OnProgress& m_onProgress;
    std::unique_ptr<archive, decltype(&archive_read_free)> m_archive;
    std::string m_name;
    std::map<std::string, Sample> m_samples;
    std::size_t m_entries = 0; ///< read whole
};

} // namespace

void readShard(const fs::path& shard, const fs::path& extraction, RecordCollector& records,
               const OnProgress& onProgress)
{
    ShardReader(shard, extraction, records, onProgress).read();
}

} // namespace tagalign::model::dataset
