#include "model/tensor_io/SafetensorsFile.h"

#include "model/Error.h"
#include "model/tensor_io/WholeFile.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstring>

namespace tagalign::model::tensor_io {

namespace {

constexpr std::array<std::pair<DType, torch::Dtype>, 10> kTypes{{{DType::Bool, torch::kBool},
                                                                 {DType::U8, torch::kUInt8},
                                                                 {DType::I8, torch::kInt8},
                                                                 {DType::I16, torch::kInt16},
                                                                 {DType::I32, torch::kInt32},
                                                                 {DType::I64, torch::kInt64},
                                                                 {DType::F16, torch::kFloat16},
                                                                 {DType::BF16, torch::kBFloat16},
                                                                 {DType::F32, torch::kFloat32},
                                                                 {DType::F64, torch::kFloat64}}};

torch::Dtype torchTypeOf(DType type)
{
    return std::find_if(kTypes.begin(), kTypes.end(),
                        [type](const auto& row) { return row.first == type; })
        ->second;
}

DType typeOf(const std::string& name, torch::Dtype type)
{
    const auto* found = std::find_if(kTypes.begin(), kTypes.end(),
                                     [type](const auto& row) { return row.second == type; });
    if (found == kTypes.end()) {
        throw Error("tensor \"" + name + "\" has a type that safetensors does not know");
    }
    return found->first;
}

} // namespace

SafetensorsFile::SafetensorsFile(const std::filesystem::path& file)
    : m_file(file),
      m_bytes(MappedFile::open(file))
{
    try {
        m_header = parseHeader(m_bytes->bytes());
    } catch (const FormatError& error) {
        throw FormatError(file.string() + ": " + error.what());
    }
}

std::vector<std::string> SafetensorsFile::names() const
{
    std::vector<std::string> names;
    for (const auto& entry : m_header.tensors) {
        names.push_back(entry.first);
    }
    return names;
}

bool SafetensorsFile::contains(const std::string& name) const
{
    return m_header.tensors.contains(name);
}

const TensorInfo& SafetensorsFile::info(const std::string& name) const
{
    const auto found = m_header.tensors.find(name);
    if (found == m_header.tensors.end()) {
        throw FormatError(m_file.string() + ": has no tensor \"" + name + "\"");
    }
    return found->second;
}

torch::Tensor SafetensorsFile::tensor(const std::string& name) const
{
    const TensorInfo& found = info(name);
    const auto options = torch::TensorOptions().dtype(torchTypeOf(found.dtype));
    if (found.begin == found.end) {
        return torch::empty(found.shape, options);
    }
    // from_blob wants a pointer it may write through; nobody does.
    auto* data = const_cast<std::byte*>(m_bytes->bytes().data() + found.begin);
    const bool aligned = reinterpret_cast<std::uintptr_t>(data) % sizeOf(found.dtype) == 0;
    if (aligned) {
        return torch::from_blob(
            data, found.shape, [keptAlive = m_bytes](void*) {}, options);
    }
    torch::Tensor copy = torch::empty(found.shape, options);
    std::memcpy(copy.data_ptr(), data, found.end - found.begin);
    return copy;
}

void writeSafetensors(const std::filesystem::path& file, const NamedTensors& tensors,
                      const std::map<std::string, std::string>& metadata)
{
    nlohmann::json header = nlohmann::json::object();
    if (!metadata.empty()) {
        header["__metadata__"] = metadata;
    }
    NamedTensors sorted = tensors;
    // Widest elements first keeps every tensor aligned; by name makes the bytes repeatable.
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
        return std::pair(-a.second.element_size(), a.first) <
               std::pair(-b.second.element_size(), b.first);
    });
    std::uint64_t offset = 0;
    for (const auto& [name, tensor] : sorted) {
        if (name == "__metadata__") {
            throw Error(file.string() + ": no tensor may be called __metadata__");
        }
        if (header.contains(name)) {
            throw Error(file.string() + ": tensor \"" + name + "\" is given twice");
        }
        const std::uint64_t bytes = std::uint64_t(tensor.numel() * tensor.element_size());
        header[name] = {{"dtype", nameOf(typeOf(name, tensor.scalar_type()))},
                        {"shape", tensor.sizes().vec()},
                        {"data_offsets", {offset, offset + bytes}}};
        offset += bytes;
    }
    std::string text = header.dump();
    text.resize((text.size() + 7) / 8 * 8, ' ');
    writeWholeFile(file, [&](const Sink& write) {
        const std::uint64_t length = text.size();
        std::array<unsigned char, 8> bytes{};
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            bytes[i] = static_cast<unsigned char>(length >> (8 * i));
        }
        write(bytes.data(), bytes.size());
        write(text.data(), text.size());
        for (const auto& entry : sorted) {
            const torch::Tensor plain = entry.second.detach().cpu().contiguous();
            write(plain.data_ptr(), std::size_t(plain.numel() * plain.element_size()));
        }
    });
}

} // namespace tagalign::model::tensor_io
