#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace tagalign::model::tensor_io {

enum class DType { Bool, U8, I8, I16, I32, I64, F16, BF16, F32, F64 };

/// Bytes of one element.
[[nodiscard]] std::size_t sizeOf(DType type);

/// As the format spells it: "F16".
[[nodiscard]] const char* nameOf(DType type);

/// True for F16, BF16, F32 and F64. Other types are no weights: integers stand for quantised ones,
/// whose scales this program does not know.
[[nodiscard]] bool isFloating(DType type);

struct TensorInfo
{
    DType dtype = DType::F32;
    std::vector<std::int64_t> shape; ///< empty for a scalar
    std::size_t begin = 0;           ///< bytes from the start of the file
    std::size_t end = 0;             ///< one past the last byte
};

/// The header of a safetensors file, as the format's description has it:
///
///     8 bytes     N, little endian
///     N bytes     JSON: {"name": {"dtype", "shape", "data_offsets": [begin, end]}, ..,
///                        "__metadata__": {"key": "value", ..}}
///     the rest    the tensors' bytes, row-major, little endian, without gaps or overlaps
struct SafetensorsHeader
{
    std::map<std::string, TensorInfo> tensors;
    std::map<std::string, std::string> metadata;
};

/// Upper bound of N: the reference reader's.
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;

/// Reads and checks the header of a whole file in memory. Nothing it says is trusted: on return
/// every tensor lies inside the file, has as many bytes as dtype and shape need, and all of them
/// together cover the data without gap or overlap. Needs no torch, so that it can be fuzzed alone.
/// @param file the whole file.
/// @throws FormatError naming the tensor and what is wrong with it; the caller adds the file.
[[nodiscard]] SafetensorsHeader parseHeader(std::span<const std::byte> file);

} // namespace tagalign::model::tensor_io
