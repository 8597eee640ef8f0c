#pragma once

#include <nlohmann/json.hpp>
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

/// What tests/golden/tokenizer.py goes through, for every tokenizer.
namespace tagalign::test {

/// FNV-1a of the ids as 32-bit little endian numbers.
inline std::uint32_t hashOf(const std::vector<std::int64_t>& ids)
{
    std::uint32_t hash = 0x811C9DC5;
    for (const std::int64_t id : ids) {
        for (int shift = 0; shift < 32; shift += 8) {
            hash = (hash ^ (std::uint32_t(id >> shift) & 0xFFU)) * 0x01000193U;
        }
    }
    return hash;
}

/// The first captions of the shared data (TAGALIGN_SHARED_DATA).
inline std::vector<std::string> captions(std::size_t count)
{
    std::vector<std::string> found;
    const gzFile file = gzopen(TAGALIGN_SHARED_DATA "/captions_only.jsonl.gz", "rb");
    std::vector<char> line(1 << 20);
    while (found.size() < count && gzgets(file, line.data(), int(line.size())) != nullptr) {
        const auto record = nlohmann::json::parse(line.data());
        for (const auto& caption : record["captions"]) {
            found.push_back(caption.get<std::string>());
        }
    }
    gzclose(file);
    found.resize(std::min(found.size(), count));
    return found;
}

} // namespace tagalign::test
