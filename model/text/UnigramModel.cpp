#include "model/text/UnigramModel.h"

#include "model/Error.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>

namespace tagalign::model::text {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBlank = "\u2581";
constexpr float kUnknownPenalty = 10.0F; ///< below the least probable piece

/// One field of a protocol buffer (protobuf.dev/programming-guides/encoding).
struct Field
{
    std::uint64_t number = 0;
    std::uint64_t value = 0; ///< of a number; a float's bits
    std::string_view bytes;  ///< of a text or message
};

class FieldReader
{
public:
    explicit FieldReader(std::string_view message)
        : m_left(message)
    {
    }

    /// Nothing at the end. @throws FormatError
    std::optional<Field> next()
    {
        if (m_left.empty()) {
            return std::nullopt;
        }
        const std::uint64_t tag = varint();
        Field field{.number = tag >> 3U};
        switch (tag & 7U) {
        case 0:
            field.value = varint();
            break;
        case 1:
            field.value = fixed(8);
            break;
        case 2:
            field.bytes = take(varint());
            break;
        case 5:
            field.value = fixed(4);
            break;
        default:
            throw damaged();
        }
        return field;
    }

private:
    static FormatError damaged() { return FormatError("cut off or damaged"); }

    std::string_view take(std::uint64_t count)
    {
        if (count > m_left.size()) {
            throw damaged();
        }
        const std::string_view bytes = m_left.substr(0, count);
        m_left.remove_prefix(count);
        return bytes;
    }

    std::uint64_t fixed(std::size_t count)
    {
        std::uint64_t value = 0;
        const std::string_view bytes = take(count);
        for (std::size_t i = 0; i < count; ++i) {
            value |= std::uint64_t(static_cast<unsigned char>(bytes[i])) << (8 * i);
        }
        return value;
    }

    std::uint64_t varint()
    {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const auto byte = static_cast<unsigned char>(take(1).front());
            value |= std::uint64_t(byte & 0x7FU) << shift;
            if (byte < 0x80) {
                return value;
            }
        }
        throw damaged();
    }

    std::string_view m_left;
};

/// Bytes of the character that starts here, by its first byte.
std::size_t characterLength(std::string_view text)
{
    const auto first = static_cast<unsigned char>(text.front());
    const std::size_t length = first < 0xC0 ? 1 : (first < 0xE0 ? 2 : (first < 0xF0 ? 3 : 4));
    return std::min(length, text.size());
}

/// sentencepiece_model.proto, TrainerSpec: what encode() does not do.
void requireKnownTrainer(std::string_view spec)
{
    constexpr std::uint64_t kModelType = 3;
    constexpr std::uint64_t kBlanksBehindWords = 24;
    constexpr std::uint64_t kByteFallback = 35;
    constexpr std::uint64_t kUnigram = 1;
    FieldReader fields(spec);
    while (const auto field = fields.next()) {
        if ((field->number == kModelType && field->value != kUnigram) ||
            ((field->number == kBlanksBehindWords || field->number == kByteFallback) &&
             field->value != 0)) {
            throw FormatError("of another kind than SigLIP's: not unigram, with bytes for unknown "
                              "characters or with blanks behind words");
        }
    }
}

} // namespace

UnigramModel UnigramModel::load(const fs::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    if (!stream) {
        throw Error(file.string() + ": cannot be read; download it into the checkpoint's folder");
    }
    UnigramModel model;
    try {
        model.read(bytes);
        model.index();
    } catch (const FormatError& error) {
        throw FormatError(file.string() +
                          ": is no SentencePiece model that this program can read (" +
                          error.what() + "); download the file again");
    }
    return model;
}

/// sentencepiece_model.proto, ModelProto.
void UnigramModel::read(std::string_view model)
{
    FieldReader fields(model);
    while (const auto field = fields.next()) {
        if (field->number == 1) {
            m_pieces.push_back(pieceFrom(field->bytes));
        } else if (field->number == 2) {
            requireKnownTrainer(field->bytes);
        } else if (field->number == 3) {
            readNormalizer(field->bytes);
        }
    }
}

UnigramModel::Piece UnigramModel::pieceFrom(std::string_view message)
{
    Piece piece;
    FieldReader fields(message);
    while (const auto field = fields.next()) {
        if (field->number == 1) {
            piece.text = field->bytes;
        } else if (field->number == 2) {
            piece.score = std::bit_cast<float>(std::uint32_t(field->value));
        } else if (field->number == 3) {
            piece.kind = Kind(std::clamp<std::uint64_t>(field->value, 1, 6));
        }
    }
    if (piece.text.empty() || !std::isfinite(piece.score)) {
        throw FormatError("a piece is empty or its score is no number");
    }
    return piece;
}

/// sentencepiece_model.proto, NormalizerSpec.
void UnigramModel::readNormalizer(std::string_view spec)
{
    FieldReader fields(spec);
    while (const auto field = fields.next()) {
        if (field->number == 2) {
            readCharacterMap(field->bytes);
        } else if (field->number == 3) {
            m_addsBlank = field->value != 0;
        } else if (field->number == 4) {
            m_joinsBlanks = field->value != 0;
        } else if (field->number == 5) {
            m_escapesBlanks = field->value != 0;
        }
    }
}

/// | size of the double array, 4 bytes | double array, 4 bytes a unit | replacements |, all little
/// endian.
void UnigramModel::readCharacterMap(std::string_view map)
{
    const auto number = [&map](std::size_t at) {
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            value |= std::uint32_t(static_cast<unsigned char>(map[at + i])) << (8 * i);
        }
        return value;
    };
    m_rules.clear();
    m_replacements.clear();
    if (map.empty()) {
        return;
    }
    if (map.size() < 4 || number(0) > map.size() - 4 || number(0) % 4 != 0) {
        throw FormatError("its table of characters is cut off");
    }
    const std::size_t end = 4 + number(0);
    for (std::size_t at = 4; at < end; at += 4) {
        m_rules.push_back(number(at));
    }
    m_replacements = map.substr(end);
}

void UnigramModel::index()
{
    m_lowest = std::numeric_limits<float>::max();
    m_highest = std::numeric_limits<float>::lowest();
    for (std::size_t i = 0; i < m_pieces.size(); ++i) {
        const Piece& piece = m_pieces[i];
        if (!m_ids.emplace(piece.text, std::int64_t(i)).second) {
            throw FormatError("the piece \"" + piece.text + "\" is there twice");
        }
        if (piece.kind == Kind::Normal) {
            m_lowest = std::min(m_lowest, piece.score);
            m_highest = std::max(m_highest, piece.score);
        }
        if (piece.kind == Kind::Normal || piece.kind == Kind::UserDefined) {
            m_known.emplace(piece.text, std::int64_t(i));
            m_longest = std::max(m_longest, piece.text.size());
        }
        if (piece.kind == Kind::UserDefined) {
            m_userDefined.push_back(piece.text);
        }
        if (piece.kind == Kind::Unknown) {
            m_unknown = std::int64_t(i);
        }
    }
    if (m_unknown < 0) {
        throw FormatError("it has no piece for unknown characters");
    }
}

std::optional<std::int64_t> UnigramModel::idOf(const std::string& piece) const
{
    const auto found = m_ids.find(piece);
    return found == m_ids.end() ? std::nullopt : std::optional(found->second);
}

/// normalizer.cc, Normalizer::NormalizePrefix: by the longest rule, else one character as it is.
UnigramModel::Prefix UnigramModel::normalizedPrefix(std::string_view text) const
{
    std::size_t userDefined = 0;
    for (const std::string& symbol : m_userDefined) {
        if (text.starts_with(symbol)) {
            userDefined = std::max(userDefined, symbol.size());
        }
    }
    if (userDefined > 0) {
        return {text.substr(0, userDefined), userDefined};
    }
    Prefix prefix{text.substr(0, characterLength(text)), characterLength(text)};
    // darts.h, DoubleArrayUnit and commonPrefixSearch
    const auto offset = [](std::uint32_t unit) {
        return (unit >> 10U) << ((unit & (1U << 9U)) >> 6U);
    };
    std::size_t node = m_rules.empty() ? 0 : offset(m_rules[0]);
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        node ^= byte;
        if (node >= m_rules.size() || (m_rules[node] & 0x800000FFU) != byte) {
            break;
        }
        const std::uint32_t unit = m_rules[node];
        node ^= offset(unit);
        const bool isRule = ((unit >> 8U) & 1U) == 1U && node < m_rules.size();
        const std::size_t at = isRule ? m_rules[node] & 0x7FFFFFFFU : 0;
        if (isRule && at < m_replacements.size()) {
            prefix = {m_replacements.c_str() + at, i + 1};
        }
    }
    return prefix;
}

/// normalizer.cc, Normalizer::Normalize.
std::string UnigramModel::normalized(std::string_view text) const
{
    const std::string_view blank = m_escapesBlanks ? kBlank : " ";
    std::string result;
    bool isAfterBlank = m_joinsBlanks;
    while (!text.empty()) {
        auto [piece, length] = normalizedPrefix(text);
        text.remove_prefix(length);
        while (isAfterBlank && piece.starts_with(' ')) {
            piece.remove_prefix(1);
        }
        if (!piece.empty()) {
            if (result.empty() && m_addsBlank) {
                result = blank;
            }
            for (const char c : piece) {
                result += c == ' ' ? blank : std::string_view(&c, 1);
            }
            isAfterBlank = m_joinsBlanks && piece.ends_with(' ');
        }
    }
    while (m_joinsBlanks && result.ends_with(blank)) {
        result.resize(result.size() - blank.size());
    }
    return result;
}

/// unigram_model.cc, Model::EncodeOptimized: a piece that the user defined always wins.
float UnigramModel::scoreOf(std::int64_t id) const
{
    const Piece& piece = m_pieces[std::size_t(id)];
    return piece.kind == Kind::UserDefined ? float(piece.text.size()) * m_highest - 0.1F
                                           : piece.score;
}

std::vector<std::int64_t> UnigramModel::encode(std::string_view text) const
{
    /// The best way to a place in the text.
    struct Way
    {
        std::int64_t id = -1; ///< of its last piece
        float score = 0.0F;
        std::size_t start = 0; ///< of its last piece
    };

    const std::string line = normalized(text);
    const std::string_view view = line;
    std::vector<Way> ways(line.size() + 1);
    for (std::size_t start = 0; start < line.size();) {
        const float before = ways[start].score;
        const auto offer = [&ways, start](std::size_t end, std::int64_t id, float score) {
            if (ways[end].id < 0 || score > ways[end].score) {
                ways[end] = {id, score, start};
            }
        };
        const std::size_t first = characterLength(view.substr(start));
        bool isKnown = false; // the first character by itself
        for (std::size_t end = start + first; end <= line.size() && end - start <= m_longest;) {
            const auto found = m_known.find(line.substr(start, end - start));
            if (found != m_known.end()) {
                offer(end, found->second, scoreOf(found->second) + before);
                isKnown = isKnown || end == start + first;
            }
            end += end < line.size() ? characterLength(view.substr(end)) : 1;
        }
        if (!isKnown) {
            offer(start + first, m_unknown, (m_lowest - kUnknownPenalty) + before);
        }
        start += first;
    }
    std::vector<std::int64_t> ids;
    for (std::size_t end = line.size(); end > 0; end = ways[end].start) {
        if (ways[end].id != m_unknown || ids.empty() || ids.back() != m_unknown) {
            ids.push_back(ways[end].id);
        }
    }
    std::reverse(ids.begin(), ids.end());
    return ids;
}

} // namespace tagalign::model::text
