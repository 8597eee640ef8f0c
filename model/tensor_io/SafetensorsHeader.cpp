#include "model/tensor_io/SafetensorsHeader.h"

#include "model/Error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <utility>

namespace tagalign::model::tensor_io {

namespace {

using nlohmann::json;

constexpr std::size_t kLengthBytes = 8;
constexpr int kMaxDepth = 4; ///< of the JSON; the format needs 3

constexpr std::array<std::pair<const char*, DType>, 10> kTypes{{{"BOOL", DType::Bool},
                                                                {"U8", DType::U8},
                                                                {"I8", DType::I8},
                                                                {"I16", DType::I16},
                                                                {"I32", DType::I32},
                                                                {"I64", DType::I64},
                                                                {"F16", DType::F16},
                                                                {"BF16", DType::BF16},
                                                                {"F32", DType::F32},
                                                                {"F64", DType::F64}}};

[[noreturn]] void refuse(const std::string& name, const std::string& reason)
{
    throw FormatError("tensor \"" + name.substr(0, 200) + "\": " + reason);
}

std::uint64_t headerLength(std::span<const std::byte> file)
{
    if (file.size() < kLengthBytes) {
        throw FormatError("the file is " + std::to_string(file.size()) +
                          " bytes long, too short for a safetensors header");
    }
    std::uint64_t length = 0;
    for (std::size_t i = 0; i < kLengthBytes; ++i) {
        length |= std::uint64_t(file[i]) << (8 * i);
    }
    if (length > kMaxHeaderBytes || length > file.size() - kLengthBytes) {
        throw FormatError("the header says that it is " + std::to_string(length) +
                          " bytes long, but the file has " +
                          std::to_string(file.size() - kLengthBytes) +
                          " after it: not a safetensors file, or cut off");
    }
    return length;
}

/// Parses, refusing what nlohmann would let pass: duplicate names and deep nesting.
json parseJson(std::span<const std::byte> text)
{
    std::set<std::string> names;
    std::string problem;
    const auto check = [&](int depth, json::parse_event_t event, json& value) {
        if (depth >= kMaxDepth) {
            problem = "the header's JSON is nested too deeply";
            return false;
        }
        if (depth == 1 && event == json::parse_event_t::key &&
            !names.insert(value.get<std::string>()).second) {
            problem = "the header names \"" + value.get<std::string>() + "\" twice";
            return false;
        }
        return true;
    };
    const auto* first = reinterpret_cast<const char*>(text.data());
    json parsed = json::parse(first, first + text.size(), check, false);
    if (!problem.empty()) {
        throw FormatError(problem);
    }
    if (!parsed.is_object()) {
        throw FormatError("the header is not a JSON object");
    }
    return parsed;
}

DType dtypeOf(const std::string& name, const json& entry)
{
    const auto found = entry.find("dtype");
    if (found == entry.end() || !found->is_string()) {
        refuse(name, "has no dtype");
    }
    for (const auto& [text, type] : kTypes) {
        if (*found == text) {
            return type;
        }
    }
    refuse(name, "has the unknown dtype \"" + found->get<std::string>().substr(0, 40) + "\"");
}

std::uint64_t naturalNumber(const std::string& name, const json& value, const char* what)
{
    if (!value.is_number_unsigned()) {
        refuse(name, std::string("has a ") + what + " that is not a whole number of at least 0");
    }
    return value.get<std::uint64_t>();
}

std::vector<std::int64_t> shapeOf(const std::string& name, const json& entry)
{
    const auto found = entry.find("shape");
    if (found == entry.end() || !found->is_array()) {
        refuse(name, "has no shape");
    }
    std::vector<std::int64_t> shape;
    for (const json& side : *found) {
        const std::uint64_t length = naturalNumber(name, side, "shape");
        if (length > std::uint64_t(std::numeric_limits<std::int64_t>::max())) {
            refuse(name, "has a side of " + std::to_string(length) + ", more than fits");
        }
        shape.push_back(std::int64_t(length));
    }
    return shape;
}

/// Sides of 0 count as 1 for the overflow check: whoever multiplies the others first (as torch
/// does for its strides) must not overflow either.
std::uint64_t bytesNeeded(const std::string& name, const TensorInfo& tensor)
{
    std::int64_t bytes = std::int64_t(sizeOf(tensor.dtype));
    bool isEmpty = false;
    for (const std::int64_t side : tensor.shape) {
        isEmpty = isEmpty || side == 0;
        if (__builtin_mul_overflow(bytes, std::max<std::int64_t>(side, 1), &bytes)) {
            refuse(name, "has a shape whose size overflows");
        }
    }
    return isEmpty ? 0 : std::uint64_t(bytes);
}

TensorInfo tensorOf(const std::string& name, const json& entry, std::uint64_t dataStart,
                    std::uint64_t dataBytes)
{
    if (!entry.is_object()) {
        refuse(name, "is not described by a JSON object");
    }
    TensorInfo tensor{
        .dtype = dtypeOf(name, entry), .shape = shapeOf(name, entry), .begin = 0, .end = 0};
    const auto offsets = entry.find("data_offsets");
    if (offsets == entry.end() || !offsets->is_array() || offsets->size() != 2) {
        refuse(name, "has no pair of data_offsets");
    }
    const std::uint64_t begin = naturalNumber(name, (*offsets)[0], "data offset");
    const std::uint64_t end = naturalNumber(name, (*offsets)[1], "data offset");
    if (begin > end || end > dataBytes) {
        refuse(name, "claims bytes " + std::to_string(begin) + " to " + std::to_string(end) +
                         ", but the file has " + std::to_string(dataBytes) +
                         " bytes of data: damaged or cut off");
    }
    const std::uint64_t needed = bytesNeeded(name, tensor);
    if (needed != end - begin) {
        refuse(name, "needs " + std::to_string(needed) + " bytes for its shape, but has " +
                         std::to_string(end - begin));
    }
    tensor.begin = std::size_t(dataStart + begin);
    tensor.end = std::size_t(dataStart + end);
    return tensor;
}

void checkCover(const SafetensorsHeader& header, std::uint64_t dataStart, std::uint64_t fileSize)
{
    std::vector<std::pair<const std::string*, const TensorInfo*>> order;
    for (const auto& [name, tensor] : header.tensors) {
        order.emplace_back(&name, &tensor);
    }
    std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
        return std::pair(a.second->begin, a.second->end) <
               std::pair(b.second->begin, b.second->end);
    });
    std::uint64_t position = dataStart;
    for (const auto& [name, tensor] : order) {
        if (tensor->begin != position) {
            refuse(*name,
                   tensor->begin < position ? "overlaps another tensor" : "leaves a gap before it");
        }
        position = tensor->end;
    }
    if (position != fileSize) {
        throw FormatError("the file has " + std::to_string(fileSize - position) +
                          " bytes after its last tensor");
    }
}

} // namespace

std::size_t sizeOf(DType type)
{
    switch (type) {
    case DType::Bool:
    case DType::U8:
    case DType::I8:
        return 1;
    case DType::I16:
    case DType::F16:
    case DType::BF16:
        return 2;
    case DType::I32:
    case DType::F32:
        return 4;
    case DType::I64:
    case DType::F64:
        return 8;
    }
    return 0;
}

const char* nameOf(DType type)
{
    return std::find_if(kTypes.begin(), kTypes.end(),
                        [type](const auto& row) { return row.second == type; })
        ->first;
}

bool isFloating(DType type)
{
    return type == DType::F16 || type == DType::BF16 || type == DType::F32 || type == DType::F64;
}

SafetensorsHeader parseHeader(std::span<const std::byte> file)
{
    const std::uint64_t length = headerLength(file);
    const std::uint64_t dataStart = kLengthBytes + length;
    const json parsed = parseJson(file.subspan(kLengthBytes, std::size_t(length)));
    SafetensorsHeader header;
    for (const auto& [name, entry] : parsed.items()) {
        if (name != "__metadata__") {
            header.tensors.emplace(name, tensorOf(name, entry, dataStart, file.size() - dataStart));
            continue;
        }
        if (!entry.is_object()) {
            throw FormatError("__metadata__ is not a JSON object");
        }
        for (const auto& [key, value] : entry.items()) {
            if (!value.is_string()) {
                throw FormatError("__metadata__ holds something other than text");
            }
            header.metadata.emplace(key, value.get<std::string>());
        }
    }
    checkCover(header, dataStart, file.size());
    return header;
}

} // namespace tagalign::model::tensor_io
