#include "model/tensor_io/WholeFile.h"

#include "model/Error.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace tagalign::model::tensor_io {

namespace {

/// Closes the descriptor in any case.
class Descriptor
{
public:
    explicit Descriptor(int number)
        : m_number(number)
    {
    }

    ~Descriptor()
    {
        if (m_number >= 0) {
            ::close(m_number);
        }
    }

    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    [[nodiscard]] int number() const { return m_number; }

private:
    int m_number;
};

[[noreturn]] void fail(const std::filesystem::path& file, const char* what)
{
    throw Error(file.string() + ": cannot be " + what + " (" + std::strerror(errno) + ")");
}

/// @param error of the system. @return how a sentence on a failed write ends.
std::string whatToDoAbout(int error)
{
    const std::string said = std::string(" (") + std::strerror(error) + "); ";
    const bool isFull =
        error == ENOSPC || error == EDQUOT || error == EFBIG; // EFBIG: the process's own limit
    return said + (isFull ? "free disk space and run again"
                          : "check the folder's permissions and run again");
}

[[noreturn]] void failToWrite(const std::filesystem::path& file)
{
    throw Error(file.string() + ": cannot be written" + whatToDoAbout(errno));
}

void writeAll(int descriptor, const void* bytes, std::size_t count,
              const std::filesystem::path& file)
{
    const auto* position = static_cast<const char*>(bytes);
    while (count > 0) {
        const ssize_t written = ::write(descriptor, position, count);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            failToWrite(file);
        }
        position += written;
        count -= std::size_t(written);
    }
}

} // namespace

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path& file)
{
    const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status = {};
    if (descriptor.number() < 0 || ::fstat(descriptor.number(), &status) != 0) {
        fail(file, "opened");
    }
    if (!S_ISREG(status.st_mode)) {
        throw Error(file.string() + ": is not a file");
    }
    std::shared_ptr<MappedFile> mapped(new MappedFile);
    const auto size = std::size_t(status.st_size);
    if (size > 0) { // mmap refuses empty files
        void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor.number(), 0);
        if (address == MAP_FAILED) {
            fail(file, "mapped into memory");
        }
        mapped->m_bytes = {static_cast<const std::byte*>(address), size};
    }
    return mapped;
}

MappedFile::~MappedFile()
{
    if (!m_bytes.empty()) {
        ::munmap(const_cast<std::byte*>(m_bytes.data()), m_bytes.size());
    }
}

void writeWholeFile(const std::filesystem::path& file,
                    const std::function<void(const Sink&)>& produce)
{
    std::string temporary = file.string() + ".XXXXXX";
    const Descriptor descriptor(::mkostemp(temporary.data(), O_CLOEXEC));
    if (descriptor.number() < 0) {
        failToWrite(file);
    }
    try {
        produce([&](const void* bytes, std::size_t count) {
            writeAll(descriptor.number(), bytes, count, file);
        });
        // mkostemp makes files only their owner can read; these are ordinary files.
        if (::fchmod(descriptor.number(), 0644) != 0 || ::fsync(descriptor.number()) != 0 ||
            ::rename(temporary.c_str(), file.c_str()) != 0) {
            failToWrite(file);
        }
    } catch (...) {
        ::unlink(temporary.c_str());
        throw;
    }
}

void writeWholeText(const std::filesystem::path& file, std::string_view text)
{
    writeWholeFile(file, [text](const Sink& write) { write(text.data(), text.size()); });
}

void makeFolder(const std::filesystem::path& folder)
{
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) {
        throw Error(folder.string() + ": the folder cannot be made" + whatToDoAbout(error.value()));
    }
}

} // namespace tagalign::model::tensor_io
