#include "model/tags/Dictionary.h"

#include "model/Error.h"
#include "model/tags/Gloss.h"
#include "model/tags/japanese/JapaneseLexicon.h"

#include <unicode/ucnv.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

namespace tagalign::model::tags {

namespace {

constexpr std::size_t kKana = 3; ///< bytes of a kana in UTF-8

/// Where the dictionary's first sense is not what captions mean.
const std::unordered_map<std::string_view, std::string_view>& ownWords()
{
    static const std::unordered_map<std::string_view, std::string_view> words{
        {"傷のある", "scratched"},
        {"キズのある", "scratched"},
        {"染みのある", "stained"},
        {"シミのある", "stained"},
        {"しみのある", "stained"},
        {"ひびのある", "cracked"},
        {"ヒビのある", "cracked"},
        {"亀裂のある", "cracked"},
        {"ひび割れのある", "cracked"},
        {"汚れのある", "dirty"},
        {"錆のある", "rusty"},
        {"サビのある", "rusty"},
        {"へこみのある", "dented"},
        {"凹みのある", "dented"},
        {"光沢のある", "glossy"},
        {"艶のある", "glossy"},
        {"つやのある", "glossy"},
        {"上", "top"},
        {"下", "bottom"},
        {"左", "left"},
        {"右", "right"},
        {"手前", "front"},
        {"奥", "back"},
        {"空", "empty"},
        {"水玉模様", "dotted"},
        {"水玉", "dotted"},
        {"ドット", "dotted"},
        {"花柄", "floral"},
        {"茶色い", "brown"},
        {"剥がれる", "peeling"},
        {"市松模様", "chequered"},
        {"錆びる", "rusty"}};
    return words;
}

std::optional<std::string> spelledNumber(std::string_view lemma)
{
    static constexpr std::array<const char*, 11> kWords{
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"};
    const bool isNumber = !lemma.empty() && lemma.size() < 4 &&
                          std::all_of(lemma.begin(), lemma.end(),
                                      [](unsigned char c) { return std::isdigit(c) != 0; });
    if (!isNumber) {
        return std::nullopt;
    }
    const auto value = std::size_t(std::stoi(std::string(lemma)));
    return value < kWords.size() ? kWords[value] : std::string(lemma);
}

std::string decoded(const std::vector<char>& bytes)
{
    UErrorCode status = U_ZERO_ERROR;
    std::string text(bytes.size() * 2 + 1, '\0'); // kana: 2 bytes in EUC-JP, 3 in UTF-8
    const std::int32_t length =
        ucnv_convert("UTF-8", "EUC-JP", text.data(), std::int32_t(text.size()), bytes.data(),
                     std::int32_t(bytes.size()), &status);
    text.resize(U_SUCCESS(status) ? std::size_t(length) : 0);
    return text;
}

/// Katakana as hiragana: リンゴ is found by its reading.
std::string hiragana(std::string_view word)
{
    std::string text(word);
    for (std::size_t i = 0; i + kKana <= text.size(); i += kKana) {
        const int code = (static_cast<unsigned char>(text[i]) & 0x0F) << 12 |
                         (static_cast<unsigned char>(text[i + 1]) & 0x3F) << 6 |
                         (static_cast<unsigned char>(text[i + 2]) & 0x3F);
        if ((static_cast<unsigned char>(text[i]) & 0xF0) != 0xE0) {
            return text; // no kana
        }
        if (code >= 0x30A1 && code <= 0x30F6) {
            const int kana = code - 0x60;
            text[i] = char(0xE0 | kana >> 12);
            text[i + 1] = char(0x80 | (kana >> 6 & 0x3F));
            text[i + 2] = char(0x80 | (kana & 0x3F));
        }
    }
    return text;
}

/// ASCII letters in full width, as EDICT writes them: Tシャツ.
std::string widened(std::string_view word)
{
    std::string text;
    for (const char c : word) {
        if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
            const int code = 0xFF21 + (c >= 'a' ? c - 'a' + 0x20 : c - 'A');
            text += {char(0xEF), char(0x80 | (code >> 6 & 0x3F)), char(0x80 | (code & 0x3F))};
        } else {
            text += c;
        }
    }
    return text;
}

/// 塗られる -> 塗る, 積み上げられる -> 積み上げる, 置かれる -> 置く; empty if it is no passive.
std::string activeForm(std::string_view verb)
{
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kRows{
        {{"ら", "る"},
         {"か", "く"},
         {"さ", "す"},
         {"た", "つ"},
         {"な", "ぬ"},
         {"ば", "ぶ"},
         {"ま", "む"},
         {"わ", "う"},
         {"が", "ぐ"},
         {"は", "う"}}};
    constexpr std::string_view kPassive = "れる";
    if (!verb.ends_with(kPassive)) {
        return {};
    }
    verb.remove_suffix(kPassive.size());
    for (const auto& [stem, ending] : kRows) {
        if (verb.size() > stem.size() && verb.ends_with(stem)) {
            verb.remove_suffix(stem.size());
            return std::string(verb) + std::string(ending);
        }
    }
    return {};
}

/// "striped pattern" -> "striped", "made of wood" -> "wood".
std::string asAdjective(std::string gloss)
{
    for (const std::string_view ending : {" pattern", " color", " colour", " made", "-made"}) {
        if (gloss.size() > ending.size() && gloss.ends_with(ending)) {
            gloss.resize(gloss.size() - ending.size());
        }
    }
    constexpr std::string_view kMadeOf = "made of ";
    return gloss.starts_with(kMadeOf) ? gloss.substr(kMadeOf.size()) : gloss;
}

} // namespace

Dictionary::Dictionary(const std::filesystem::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(stream), {}};
    const std::string text = decoded(bytes);
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        readEntry(text.substr(begin, end - begin));
        begin = end + 1;
    }
    if (m_entries.empty()) {
        throw Error(file.string() + ": the Japanese-English dictionary cannot be read; install the "
                                    "package edict");
    }
}

void Dictionary::readEntry(const std::string& line)
{
    const std::size_t slash = line.find(" /");
    if (slash == std::string::npos) {
        return;
    }
    const std::string_view glosses = std::string_view(line).substr(slash + 2);
    const std::string gloss = shortGloss(glosses);
    if (gloss.empty()) {
        return;
    }
    const int common = glosses.find("(P)/") != std::string_view::npos ? 4 : 0;
    const int kana =
        glosses.substr(0, glosses.find('/')).find("(uk)") != std::string_view::npos ? 2 : 0;
    const std::string head = line.substr(0, slash);
    const std::size_t bracket = head.find(" [");
    keep(head.substr(0, bracket), gloss, common + 3);
    if (bracket != std::string::npos) {
        keep(head.substr(bracket + 2, head.size() - bracket - 3), gloss, common + kana);
    }
}

void Dictionary::keep(const std::string& word, const std::string& gloss, int rank)
{
    Entry& entry = m_entries[word];
    if (entry.gloss.empty() || rank > entry.rank) {
        entry = {gloss, rank};
    }
}

std::optional<std::string> Dictionary::glossOf(std::string_view lemma) const
{
    for (const std::string& word : {std::string(lemma), widened(lemma), hiragana(lemma)}) {
        if (const auto found = m_entries.find(word); found != m_entries.end()) {
            return found->second.gloss;
        }
    }
    return std::nullopt;
}

std::optional<std::string> Dictionary::english(std::string_view lemma, TagKind kind) const
{
    if (kind == TagKind::Object) {
        return glossOf(lemma);
    }
    if (const auto own = ownWords().find(lemma); own != ownWords().end()) {
        return std::string(own->second);
    }
    const auto number = spelledNumber(lemma);
    return number ? number : attribute(std::string(lemma));
}

std::optional<std::string> Dictionary::attribute(const std::string& lemma) const
{
    if (nounClass(lemma) == NounClass::Material) {
        if (const auto made = glossOf(lemma + "製")) {
            return asAdjective(*made);
        }
    }
    constexpr std::string_view kHas = "のある";
    constexpr std::string_view kDo = "する";
    const std::string_view view = lemma;
    if (view.ends_with(kHas)) {
        const auto feature = glossOf(view.substr(0, view.size() - kHas.size()));
        return feature ? std::optional("with " + *feature) : std::nullopt;
    }
    if (view.ends_with(kDo) && view.size() > kDo.size()) {
        const auto action = glossOf(view.substr(0, view.size() - kDo.size()));
        return action ? std::optional(participle(*action)) : std::nullopt;
    }
    auto gloss = glossOf(lemma);
    if (!gloss) {
        gloss = glossOf(activeForm(lemma));
    }
    if (gloss && gloss->starts_with("to ")) {
        return participle(*gloss);
    }
    return gloss ? std::optional(asAdjective(*gloss)) : std::nullopt;
}

} // namespace tagalign::model::tags
