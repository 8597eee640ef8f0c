#include "model/text/SigLipTokenizer.h"

#include "model/Error.h"
#include "model/text/TextCleaning.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>

namespace tagalign::model::text {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::string_view kBlank = "\u2581"; ///< SentencePiece's

json readSettings(const fs::path& file)
{
    if (!fs::exists(file)) {
        return json::object();
    }
    std::ifstream stream(file, std::ios::binary);
    json settings = json::parse(stream, nullptr, false);
    if (!settings.is_object()) {
        throw FormatError(file.string() + ": is no JSON object; download the file again");
    }
    const json type = settings.value("tokenizer_class", json("SiglipTokenizer"));
    if (type != "SiglipTokenizer") {
        throw FormatError(file.string() + ": \"tokenizer_class\" is " +
                          type.dump(-1, ' ', false, json::error_handler_t::replace) +
                          ", a tokenizer this program does not know; choose a SigLIP with a "
                          "SiglipTokenizer");
    }
    return settings;
}

/// A mark is a text, or an object with its text in "content".
std::string markIn(const json& settings, const char* name, const std::string& fallback)
{
    const json mark = settings.value(name, json());
    const json text = mark.is_object() ? mark.value("content", json()) : mark;
    const std::string found = text.is_string() ? text.get<std::string>() : std::string();
    return found.empty() ? fallback : found;
}

std::string withBlanks(std::string_view text)
{
    std::string result;
    for (std::size_t at = 0; at < text.size();) {
        const bool isBlank = text.substr(at).starts_with(kBlank);
        result += isBlank ? ' ' : text[at];
        at += isBlank ? kBlank.size() : 1;
    }
    return result;
}

} // namespace

SigLipTokenizer SigLipTokenizer::load(const fs::path& checkpoint)
{
    const fs::path configuration = checkpoint / "tokenizer_config.json";
    const json settings = readSettings(configuration); // first: another kind has no spiece.model
    const fs::path file = checkpoint / "spiece.model";
    SigLipTokenizer tokenizer(UnigramModel::load(file));
    tokenizer.m_lowersCase = settings.value("do_lower_case", json(true)) != false;
    for (auto& [mark, name] : {std::pair<Mark&, const char*>{tokenizer.m_end, "eos_token"},
                               {tokenizer.m_padding, "pad_token"},
                               {tokenizer.m_unknown, "unk_token"}}) {
        mark.first = markIn(settings, name, mark.first);
        const auto id = tokenizer.m_model.idOf(mark.first);
        if (!id) {
            throw FormatError(file.string() + ": has no piece \"" + mark.first +
                              "\", which is the checkpoint's " + name +
                              "; put the vocabulary into the folder that the model was published "
                              "with");
        }
        mark.second = *id;
    }
    tokenizer.m_unknownPieces = tokenizer.m_model.encode(tokenizer.m_unknown.first).size();
    return tokenizer;
}

/// SentencePiece takes blanks from the beginning; SiglipTokenizer hides them behind the unknown
/// mark and drops its pieces (tokenization_siglip.py, _tokenize).
void SigLipTokenizer::appendWords(std::string_view text, std::vector<std::int64_t>& ids) const
{
    if (text.empty()) {
        return;
    }
    const auto letters = m_lowersCase ? Letters::Lower : Letters::AsTheyAre;
    const auto found = m_model.encode(m_unknown.first + withoutPunctuation(text, letters));
    const std::size_t drop = found.size() >= m_unknownPieces ? m_unknownPieces : 0;
    ids.insert(ids.end(), found.begin() + std::ptrdiff_t(drop), found.end());
}

std::vector<std::int64_t> SigLipTokenizer::encode(std::string_view text) const
{
    const std::string line = std::string(kBlank) + withBlanks(text);
    std::vector<std::int64_t> ids;
    std::size_t start = 0;
    for (std::size_t at = 0; at < line.size();) {
        const Mark* found = nullptr;
        for (const Mark* mark : {&m_end, &m_padding, &m_unknown}) {
            const bool isHere = line.compare(at, mark->first.size(), mark->first) == 0;
            if (isHere && (found == nullptr || mark->first.size() > found->first.size())) {
                found = mark;
            }
        }
        if (found == nullptr) {
            ++at;
            continue;
        }
        appendWords(std::string_view(line).substr(start, at - start), ids);
        ids.push_back(found->second);
        at += found->first.size();
        start = at;
    }
    appendWords(std::string_view(line).substr(start), ids);
    return ids;
}

std::vector<std::int64_t> SigLipTokenizer::tokenize(std::string_view text,
                                                    std::size_t contextLength) const
{
    if (contextLength < 1) {
        throw RangeError("a text needs room for its end mark, not 0 tokens");
    }
    std::vector<std::int64_t> ids = encode(text);
    ids.resize(std::min(ids.size(), contextLength - 1));
    if (ids.empty() || ids.back() != m_end.second) {
        ids.push_back(m_end.second);
    }
    ids.resize(contextLength, m_padding.second);
    return ids;
}

} // namespace tagalign::model::text
