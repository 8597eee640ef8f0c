#include "model/text/ClipTokenizer.h"

#include "model/Error.h"
#include "model/tensor_io/WholeFile.h"
#include "model/text/TextCleaning.h"

#include <nlohmann/json.hpp>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <optional>
#include <unordered_set>

namespace tagalign::model::text {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

using Vocabulary = std::unordered_map<std::string, std::int64_t>;

constexpr std::array kStartMarks{"<|startoftext|>", "<start_of_text>"};
constexpr std::array kEndMarks{"<|endoftext|>", "<end_of_text>"};
constexpr std::size_t kOpenAiMerges = 48894;
constexpr std::size_t kMaxWordBytes = 100'000; ///< longer "words" are no language

fs::path& vocabularyFolder()
{
    static fs::path folder = TAGALIGN_VOCABULARY_FOLDER;
    return folder;
}

std::string utf8(std::uint32_t c)
{
    std::string text;
    if (c < 0x80) {
        text += char(c);
    } else {
        text += char(0xC0 | (c >> 6U));
        text += char(0x80 | (c & 0x3FU));
    }
    return text;
}

/// CLIP writes bytes as visible characters: Latin-1's own where it has one, else from U+0100 on.
const std::array<std::string, 256>& byteCharacters()
{
    static const std::array<std::string, 256> table = [] {
        std::array<std::string, 256> names;
        std::uint32_t next = 0x100;
        for (std::uint32_t byte = 0; byte < 256; ++byte) {
            const bool isVisible =
                (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
            names[byte] = utf8(isVisible ? byte : next++);
        }
        return names;
    }();
    return table;
}

/// Bytes in the order of the vocabulary: the visible ones first.
std::vector<std::size_t> bytesByRank()
{
    std::vector<std::size_t> order;
    for (const bool visible : {true, false}) {
        for (std::size_t byte = 0; byte < 256; ++byte) {
            const bool isVisible =
                (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
            if (isVisible == visible) {
                order.push_back(byte);
            }
        }
    }
    return order;
}

bool isPair(const std::string& merge)
{
    const auto blank = merge.find(' ');
    return blank != 0 && blank != std::string::npos && blank + 1 != merge.size() &&
           merge.find(' ', blank + 1) == std::string::npos;
}

std::vector<std::string> readMerges(const fs::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    if (!stream) {
        throw Error(file.string() + ": cannot be opened; download it into the checkpoint's folder");
    }
    std::vector<std::string> merges;
    std::string line;
    for (std::size_t number = 1; std::getline(stream, line); ++number) {
        if (!line.empty() && line.back() == '\r') {
            line.pop_back();
        }
        if (line.empty() || (number == 1 && line.starts_with("#version"))) {
            continue;
        }
        if (!isPair(line)) {
            throw FormatError(file.string() + ", line " + std::to_string(number) +
                              ": is not a pair of tokens");
        }
        merges.push_back(line);
    }
    return merges;
}

json readJson(const fs::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    if (!stream) {
        throw Error(file.string() + ": cannot be opened; download it into the checkpoint's folder");
    }
    return json::parse(stream, nullptr, false);
}

std::int64_t tokenId(const json& id, const std::string& token, const fs::path& file)
{
    if (!id.is_number_unsigned() || id.get<std::uint64_t>() > 0x7FFFFFFF) {
        throw FormatError(file.string() + ": the id of \"" + token + "\" is not a whole number");
    }
    return id.get<std::int64_t>();
}

Vocabulary vocabularyFrom(const json& tokens, const fs::path& file)
{
    if (!tokens.is_object()) {
        throw FormatError(file.string() + ": is not a JSON object of tokens and ids");
    }
    Vocabulary vocabulary;
    for (const auto& [token, id] : tokens.items()) {
        vocabulary.emplace(token, tokenId(id, token, file));
    }
    return vocabulary;
}

/// A named member of an object, null where there is none.
const json& member(const json& object, const char* name)
{
    static const json none;
    const auto found = object.find(name); // end of anything but an object
    return found == object.end() ? none : *found;
}

/// True if a step of a tokenizer.json is of this type or a sequence with one of it.
bool hasStep(const json& step, const char* sequence, const char* type)
{
    const json& inner = member(step, sequence);
    return member(step, "type") == type ||
           (inner.is_array() && std::any_of(inner.begin(), inner.end(), [type](const json& each) {
                return member(each, "type") == type;
            }));
}

/// What CLIP's tokenizer.json says besides its vocabulary; another one would give other ids.
void requireClipKind(const json& parsed, const fs::path& file)
{
    const json& model = member(parsed, "model");
    const json& type = member(model, "type"); // older files have none
    const bool isClip = (type.is_null() || type == "BPE") &&
                        member(model, "end_of_word_suffix") == "</w>" &&
                        hasStep(member(parsed, "pre_tokenizer"), "pretokenizers", "ByteLevel") &&
                        hasStep(member(parsed, "normalizer"), "normalizers", "Lowercase");
    if (!isClip) {
        throw FormatError(file.string() + ": is no byte-level BPE tokenizer as CLIP has it (lower "
                                          "case, words that end in </w>); choose a CLIP with one");
    }
}

/// Newer files have pairs ["a", "b"], older ones "a b".
std::vector<std::string> mergesFrom(const json& pairs, const fs::path& file)
{
    std::vector<std::string> merges;
    for (const json& pair : pairs) {
        std::string merge;
        if (pair.is_string()) {
            merge = pair.get<std::string>();
        } else if (pair.is_array() && pair.size() == 2 && pair[0].is_string() &&
                   pair[1].is_string()) {
            merge = pair[0].get<std::string>() + ' ' + pair[1].get<std::string>();
        }
        if (!isPair(merge)) {
            throw FormatError(file.string() + ": merge " + std::to_string(merges.size() + 1) +
                              " is not a pair of tokens");
        }
        merges.push_back(merge);
    }
    return merges;
}

/// Adds the tokens that stand beside the model's vocabulary, the marks for example.
void addTokens(Vocabulary& vocabulary, const json& tokens, const fs::path& file)
{
    for (const json& token : tokens) {
        if (const json& content = member(token, "content"); content.is_string()) {
            const auto text = content.get<std::string>();
            vocabulary.emplace(text, tokenId(member(token, "id"), text, file));
        }
    }
}

/// A vocabulary of another kind, of which OpenAI's would be no reading. Empty if there is none.
fs::path foreignVocabulary(const fs::path& folder)
{
    for (const char* name :
         {"vocab.txt", "spiece.model", "sentencepiece.bpe.model", "tokenizer.model"}) {
        if (fs::exists(folder / name)) {
            return folder / name;
        }
    }
    return {};
}

/// Tokens like <|startoftext|> or [PAD] are written by programs, never merged out of text.
bool isSpecial(const std::string& token)
{
    return (token.starts_with('<') && token.ends_with('>') && !token.ends_with("</w>")) ||
           (token.starts_with('[') && token.ends_with(']'));
}

std::string joined(const std::string& merge)
{
    std::string token = merge;
    token.erase(token.find(' '), 1);
    return token;
}

/// Token texts in the order of their ids, as OpenAI made them.
std::vector<std::string> tokensOf(const std::vector<std::string>& merges)
{
    std::vector<std::string> tokens;
    for (const char* ending : {"", "</w>"}) {
        for (const std::size_t byte : bytesByRank()) {
            tokens.push_back(byteCharacters()[byte] + ending);
        }
    }
    for (const std::string& merge : merges) {
        tokens.push_back(joined(merge));
    }
    tokens.emplace_back(kStartMarks.front());
    tokens.emplace_back(kEndMarks.front());
    return tokens;
}

template <class Marks>
std::int64_t markId(const Vocabulary& vocabulary, const Marks& marks, const std::string& source)
{
    for (const char* mark : marks) {
        if (const auto found = vocabulary.find(mark); found != vocabulary.end()) {
            return found->second;
        }
    }
    throw FormatError(source + ": has no token " + marks.front());
}

enum class CharacterKind { Blank, Letter, Number, Other };

CharacterKind kindOf(UChar32 c)
{
    if (c == ' ') {
        return CharacterKind::Blank;
    }
    const auto mask = U_GET_GC_MASK(c);
    return (mask & U_GC_L_MASK) != 0   ? CharacterKind::Letter
           : (mask & U_GC_N_MASK) != 0 ? CharacterKind::Number
                                       : CharacterKind::Other;
}

/// Length in bytes of a contraction ('s 't 're 've 'm 'll 'd) at the start, 0 if there is none.
std::size_t contractionLength(std::string_view text)
{
    // Matching ignores case, and the long s is an s then.
    for (const std::string_view ending :
         {"'s", "'\xC5\xBF", "'t", "'re", "'ve", "'m", "'ll", "'d"}) {
        if (text.starts_with(ending)) {
            return ending.size();
        }
    }
    return 0;
}

/// Length in bytes of the word at the start of a text that does not start with a blank, by CLIP's
/// pattern 's|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+.
std::size_t wordLength(std::string_view text)
{
    if (const std::size_t length = contractionLength(text)) {
        return length;
    }
    std::optional<CharacterKind> first;
    std::size_t end = 0;
    while (end < text.size()) {
        auto next = std::int32_t(end);
        UChar32 c = 0;
        U8_NEXT(text.data(), next, std::int32_t(text.size()), c);
        const CharacterKind kind = kindOf(c);
        if (first && (kind != *first || kind == CharacterKind::Number)) {
            break;
        }
        first = kind;
        end = std::size_t(next);
    }
    return end;
}

} // namespace

void ClipTokenizer::setVocabularyFolder(const fs::path& folder)
{
    vocabularyFolder() = folder;
}

ClipTokenizer ClipTokenizer::openAi()
{
    const fs::path file = vocabularyFolder() / "clip_merges.txt";
    const std::vector<std::string> merges = readMerges(file);
    if (merges.size() != kOpenAiMerges) {
        throw FormatError(file.string() + ": has " + std::to_string(merges.size()) +
                          " merges, expected " + std::to_string(kOpenAiMerges) +
                          "; install the program again");
    }
    Vocabulary vocabulary;
    for (const std::string& token : tokensOf(merges)) {
        vocabulary.emplace(token, std::int64_t(vocabulary.size()));
    }
    return {vocabulary, merges, "the built-in vocabulary", file.string()};
}

ClipTokenizer ClipTokenizer::load(const fs::path& checkpoint)
{
    const fs::path file = checkpoint / "vocab.json";
    const fs::path merges = checkpoint / "merges.txt";
    if (fs::exists(file) || fs::exists(merges)) {
        return {vocabularyFrom(readJson(file), file), readMerges(merges), file.string(),
                merges.string()};
    }
    if (fs::exists(checkpoint / "tokenizer.json")) {
        return ofTokenizerJson(checkpoint / "tokenizer.json");
    }
    if (const fs::path foreign = foreignVocabulary(checkpoint); !foreign.empty()) {
        throw FormatError(foreign.string() + ": belongs to another kind of tokenizer than CLIP's "
                                             "byte-level BPE; choose a CLIP with that one");
    }
    return openAi();
}

ClipTokenizer ClipTokenizer::ofTokenizerJson(const fs::path& file)
{
    const json parsed = readJson(file);
    requireClipKind(parsed, file);
    const json& model = parsed["model"];
    Vocabulary vocabulary = vocabularyFrom(member(model, "vocab"), file);
    addTokens(vocabulary, member(parsed, "added_tokens"), file);
    return {vocabulary, mergesFrom(member(model, "merges"), file), file.string(), file.string()};
}

ClipTokenizer::ClipTokenizer(const Vocabulary& vocabulary, const std::vector<std::string>& merges,
                             const std::string& source, const std::string& mergesSource)
    : m_start(markId(vocabulary, kStartMarks, source)),
      m_end(markId(vocabulary, kEndMarks, source)),
      m_size(vocabulary.size())
{
    const auto idOf = [&](const std::string& token) {
        const auto found = vocabulary.find(token);
        if (found == vocabulary.end()) {
            throw FormatError(source + ": has no token \"" + token + "\"");
        }
        m_highest = std::max(m_highest, found->second);
        return found->second;
    };
    m_highest = std::max(m_start, m_end);
    std::unordered_set<std::int64_t> made;
    for (const std::string& character : byteCharacters()) {
        m_byteIds.push_back(idOf(character));
        m_lastByteIds.push_back(idOf(character + "</w>"));
    }
    made.insert(m_byteIds.begin(), m_byteIds.end());
    made.insert(m_lastByteIds.begin(), m_lastByteIds.end());
    for (std::size_t rank = 0; rank < merges.size(); ++rank) {
        const std::string& merge = merges[rank];
        const auto blank = merge.find(' ');
        const std::int64_t whole = idOf(joined(merge));
        m_merges.emplace(std::pair(idOf(merge.substr(0, blank)), idOf(merge.substr(blank + 1))),
                         Merge{rank, whole});
        made.insert(whole);
    }
    for (const auto& [token, id] : vocabulary) {
        if (!made.contains(id) && !isSpecial(token)) {
            std::string problem = mergesSource;
            throw FormatError(problem.append(": no merge makes the token \"")
                                  .append(token)
                                  .append("\" of the vocabulary; the file is cut off or belongs to "
                                          "another one, download it again"));
        }
    }
}

void ClipTokenizer::writeVocabulary(const fs::path& folder, std::size_t mergeCount,
                                    std::size_t contextLength)
{
    std::vector<std::string> merges = readMerges(vocabularyFolder() / "clip_merges.txt");
    if (mergeCount > std::min(kOpenAiMerges, merges.size())) {
        throw RangeError("a vocabulary has at most " + std::to_string(kOpenAiMerges) +
                         " merges, not " + std::to_string(mergeCount));
    }
    merges.resize(mergeCount);
    json vocabulary = json::object();
    for (const std::string& token : tokensOf(merges)) {
        const std::size_t id = vocabulary.size();
        vocabulary[token] = id;
    }
    std::string text = "#version: 0.2\n";
    for (const std::string& merge : merges) {
        text += merge + '\n';
    }
    const json marks = {{"bos_token", kStartMarks.front()},
                        {"eos_token", kEndMarks.front()},
                        {"unk_token", kEndMarks.front()},
                        {"pad_token", kEndMarks.front()}};
    json config = marks;
    config["tokenizer_class"] = "CLIPTokenizer";
    config["model_max_length"] = contextLength;
    tensor_io::makeFolder(folder);
    tensor_io::writeWholeText(folder / "vocab.json", vocabulary.dump() + '\n');
    tensor_io::writeWholeText(folder / "merges.txt", text);
    tensor_io::writeWholeText(folder / "special_tokens_map.json", marks.dump(2) + '\n');
    tensor_io::writeWholeText(folder / "tokenizer_config.json", config.dump(2) + '\n');
}

void ClipTokenizer::appendWord(std::string_view word, std::vector<std::int64_t>& ids) const
{
    std::vector<std::int64_t> parts;
    for (const char c : word.substr(0, kMaxWordBytes)) {
        parts.push_back(m_byteIds[static_cast<unsigned char>(c)]);
    }
    parts.back() = m_lastByteIds[static_cast<unsigned char>(word[parts.size() - 1])];
    while (parts.size() > 1) {
        const Merge* best = nullptr;
        std::pair<std::int64_t, std::int64_t> bestPair;
        for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
            const auto found = m_merges.find({parts[i], parts[i + 1]});
            if (found != m_merges.end() && (best == nullptr || found->second.rank < best->rank)) {
                best = &found->second;
                bestPair = found->first;
            }
        }
        if (best == nullptr) {
            break;
        }
        std::vector<std::int64_t> next;
        for (std::size_t i = 0; i < parts.size(); ++i) {
            if (i + 1 < parts.size() && std::pair(parts[i], parts[i + 1]) == bestPair) {
                next.push_back(best->joined);
                ++i;
            } else {
                next.push_back(parts[i]);
            }
        }
        parts = std::move(next);
    }
    ids.insert(ids.end(), parts.begin(), parts.end());
}

std::vector<std::int64_t> ClipTokenizer::encode(std::string_view text) const
{
    const std::string cleaned = cleanText(text);
    std::vector<std::int64_t> ids;
    std::string_view rest = cleaned;
    while (!rest.empty()) {
        if (rest.front() == ' ') {
            rest.remove_prefix(1);
        } else if (rest.starts_with(kStartMarks[1])) {
            ids.push_back(m_start);
            rest.remove_prefix(std::string_view(kStartMarks[1]).size());
        } else if (rest.starts_with(kEndMarks[1])) {
            ids.push_back(m_end);
            rest.remove_prefix(std::string_view(kEndMarks[1]).size());
        } else {
            const std::size_t length = wordLength(rest);
            appendWord(rest.substr(0, length), ids);
            rest.remove_prefix(length);
        }
    }
    return ids;
}

std::vector<std::int64_t> ClipTokenizer::tokenize(std::string_view text,
                                                  std::size_t contextLength) const
{
    if (contextLength < 2) {
        throw RangeError("a context holds at least the two marks, not " +
                         std::to_string(contextLength) + " tokens");
    }
    std::vector<std::int64_t> tokens{m_start};
    const std::vector<std::int64_t> ids = encode(text);
    tokens.insert(tokens.end(), ids.begin(), ids.end());
    tokens.push_back(m_end);
    if (tokens.size() > contextLength) {
        tokens.resize(contextLength);
        tokens.back() = m_end;
    }
    tokens.resize(contextLength, 0);
    return tokens;
}

} // namespace tagalign::model::text
