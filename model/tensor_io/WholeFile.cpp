#include "model/tensor_io/WholeFile.h"

#include "model/Error.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
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
            fail(file, errno == ENOSPC ? "written: make room and run again" : "written");
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
        fail(file, "written");
    }
    try {
        produce([&](const void* bytes, std::size_t count) {
            writeAll(descriptor.number(), bytes, count, file);
        });
        // mkostemp makes files only their owner can read; these are ordinary files.
        if (::fchmod(descriptor.number(), 0644) != 0 || ::fsync(descriptor.number()) != 0 ||
            ::rename(temporary.c_str(), file.c_str()) != 0) {
            fail(file, "written");
        }
    } catch (...) {
        ::unlink(temporary.c_str());
        throw;
    }
}

} // namespace tagalign::model::tensor_io
