#include "model/Error.h"
#include "model/tensor_io/SafetensorsHeader.h"

#include <cstdint>
#include <cstdlib>
#include <limits>

/// Whatever the bytes are, the parser either refuses them or gives tensors that lie in the file,
/// each as long as its dtype and shape say, together as long as the data.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    namespace io = tagalign::model::tensor_io;
    try {
        const io::SafetensorsHeader header =
            io::parseHeader({reinterpret_cast<const std::byte*>(data), size});
        std::size_t covered = 0;
        std::size_t start = size;
        for (const auto& entry : header.tensors) {
            const io::TensorInfo& tensor = entry.second;
            std::size_t bytes = io::sizeOf(tensor.dtype);
            for (const std::int64_t side : tensor.shape) {
                if (side < 0) {
                    std::abort();
                }
                bytes *= std::size_t(side);
            }
            if (tensor.begin > tensor.end || tensor.end > size ||
                tensor.end - tensor.begin != bytes) {
                std::abort();
            }
            covered += bytes;
            start = tensor.begin < start ? tensor.begin : start;
        }
        if (!header.tensors.empty() && covered != size - start) {
            std::abort();
        }
    } catch (const tagalign::model::FormatError&) { // the only way out for bad bytes
    }
    return 0;
}
