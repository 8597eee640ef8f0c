#include "model/tags/japanese/JapaneseMorphemes.h"

#include "model/Error.h"

#include <mecab.h>
#include <unicode/bytestream.h>
#include <unicode/edits.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <array>

namespace tagalign::model::tags {

namespace {

constexpr std::size_t kMaxBytes = 20'000; ///< a caption is no book

/// The caption with invalid bytes and HTML tags as spaces: as many bytes as before.
std::string cleaned(std::string_view text)
{
    std::string clean(text.substr(0, kMaxBytes));
    const auto length = std::int32_t(clean.size());
    for (std::int32_t i = 0; i < length;) {
        const std::int32_t begin = i;
        UChar32 c = 0;
        U8_NEXT(clean.data(), i, length, c);
        if (c < 0x20) { // negative: invalid
            std::fill(clean.begin() + begin, clean.begin() + i, ' ');
        }
    }
    for (std::size_t open = clean.find('<'); open != std::string::npos;
         open = clean.find('<', open + 1)) {
        const std::size_t close = clean.find('>', open);
        const bool isTag = close != std::string::npos && open + 1 < close &&
                           (clean[open + 1] == '/' ||
                            std::isalpha(static_cast<unsigned char>(clean[open + 1])) != 0);
        if (isTag) {
            std::fill(clean.begin() + std::ptrdiff_t(open),
                      clean.begin() + std::ptrdiff_t(close) + 1, ' ');
        }
    }
    return clean;
}

/// NFKC of a text and the way back to the bytes it came from.
class Normalized
{
public:
    explicit Normalized(const std::string& text)
    {
        UErrorCode status = U_ZERO_ERROR;
        const icu::Normalizer2* nfkc = icu::Normalizer2::getNFKCInstance(status);
        icu::StringByteSink<std::string> sink(&m_text);
        if (U_SUCCESS(status)) {
            nfkc->normalizeUTF8(0, text, sink, &m_edits, status);
        }
        if (U_FAILURE(status)) {
            throw Error("ICU cannot normalise text (" + std::string(u_errorName(status)) +
                        "); reinstall libicu");
        }
    }

    [[nodiscard]] const std::string& text() const { return m_text; }

    /// @param start, end bytes of text().
    [[nodiscard]] Span source(std::size_t start, std::size_t end) const
    {
        UErrorCode status = U_ZERO_ERROR;
        auto edits = m_edits.getFineIterator();
        const auto first = edits.sourceIndexFromDestinationIndex(std::int32_t(start), status);
        const auto last = edits.sourceIndexFromDestinationIndex(std::int32_t(end), status);
        return {std::size_t(first), std::size_t(std::max(first, last) - first)};
    }

private:
    std::string m_text;
    icu::Edits m_edits;
};

/// The fields of IPADIC's features; unknown words have only the first seven.
std::array<std::string, 7> fieldsOf(std::string_view feature)
{
    std::array<std::string, 7> fields;
    for (std::string& field : fields) {
        const std::size_t comma = std::min(feature.find(','), feature.size());
        field = feature.substr(0, comma);
        feature.remove_prefix(std::min(comma + 1, feature.size()));
    }
    return fields;
}

/// What has no letter and no digit is a symbol, though IPADIC takes unknown ones for nouns.
bool isSymbol(std::string_view word)
{
    const auto length = std::int32_t(word.size());
    for (std::int32_t i = 0; i < length;) {
        UChar32 c = 0;
        U8_NEXT(word.data(), i, length, c);
        if (c >= 0 && u_isalnum(c)) {
            return false;
        }
    }
    return true;
}

} // namespace

struct MorphemeReader::Model
{
    std::unique_ptr<MeCab::Model> model;
    std::unique_ptr<MeCab::Tagger> tagger;
};

MorphemeReader::MorphemeReader(const std::filesystem::path& folder)
    : m_model(std::make_unique<Model>())
{
    std::string path = folder.string();
    std::array<std::string, 5> words{"mecab", "-r", "/dev/null", "-d", path};
    std::array<char*, 5> arguments{};
    std::transform(words.begin(), words.end(), arguments.begin(),
                   [](std::string& word) { return word.data(); });
    m_model->model.reset(MeCab::createModel(int(arguments.size()), arguments.data()));
    if (m_model->model) {
        m_model->tagger.reset(m_model->model->createTagger());
    }
    if (!m_model->tagger) {
        throw Error(path + ": MeCab's dictionary cannot be read; install the package "
                           "mecab-ipadic-utf8");
    }
    std::string charset = m_model->model->dictionary_info()->charset;
    std::transform(charset.begin(), charset.end(), charset.begin(),
                   [](unsigned char c) { return char(std::tolower(c)); });
    if (charset != "utf8" && charset != "utf-8") {
        throw Error(path + ": MeCab's dictionary is in " + charset +
                    ", not in UTF-8; install the package mecab-ipadic-utf8");
    }
}

MorphemeReader::~MorphemeReader() = default;
MorphemeReader::MorphemeReader(MorphemeReader&&) noexcept = default;
MorphemeReader& MorphemeReader::operator=(MorphemeReader&&) noexcept = default;

std::vector<Morpheme> MorphemeReader::read(std::string_view text) const
{
    const Normalized normalized(cleaned(text));
    const std::string& clean = normalized.text();
    const std::unique_ptr<MeCab::Lattice> lattice(m_model->model->createLattice());
    lattice->set_sentence(clean.data(), clean.size());
    std::vector<Morpheme> morphemes;
    if (!m_model->tagger->parse(lattice.get())) {
        return morphemes;
    }
    for (const MeCab::Node* node = lattice->bos_node(); node != nullptr; node = node->next) {
        if (node->stat == MECAB_BOS_NODE || node->stat == MECAB_EOS_NODE) {
            continue;
        }
        std::string surface(node->surface, node->length);
        auto fields = fieldsOf(node->feature);
        fields[0] = isSymbol(surface) ? "記号" : fields[0];
        const auto start = std::size_t(node->surface - clean.data());
        const bool hasBase = !fields[6].empty() && fields[6] != "*";
        std::string base = hasBase ? fields[6] : surface;
        morphemes.push_back({std::move(surface), std::move(base), fields[0], fields[1], fields[2],
                             fields[5], normalized.source(start, start + node->length),
                             node->rlength > node->length});
    }
    return morphemes;
}

} // namespace tagalign::model::tags
