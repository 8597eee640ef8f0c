#include "model/tags/learned/CaptionGenerator.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace tagalign::model::tags {

namespace {

/// Punctuation stands right after the word before it.
bool isTight(const std::string& text)
{
    constexpr std::string_view kTight = ",.;:!)%";
    return kTight.find(text.front()) != std::string_view::npos;
}

} // namespace

/// What a rule gives, with the object that its attributes belong to.
struct CaptionGenerator::Expansion
{
    Pieces pieces;
    std::optional<std::size_t> head;

    /// Appends words under one mark.
    void addWords(const std::vector<std::string>& words, WordLabel mark)
    {
        for (std::size_t i = 0; i < words.size(); ++i) {
            const bool isInside = i > 0 && mark != WordLabel::None;
            pieces.push_back({words[i], isInside ? insideOf(mark) : mark, std::nullopt});
        }
        if (mark == WordLabel::ObjectBegin && !head && !words.empty()) {
            head = pieces.size() - 1;
        }
    }

    /// Appends another rule's pieces; returns where its object is now.
    std::optional<std::size_t> addPieces(const Expansion& other)
    {
        const std::size_t offset = pieces.size();
        for (Piece piece : other.pieces) {
            piece.owner = piece.owner ? std::optional(*piece.owner + offset) : std::nullopt;
            pieces.push_back(std::move(piece));
        }
        return other.head ? std::optional(*other.head + offset) : std::nullopt;
    }

    /// Attributes that have no owner yet get this rule's object.
    void settle(const std::optional<std::size_t>& otherwise)
    {
        head = head ? head : otherwise;
        for (Piece& piece : pieces) {
            const bool isAttribute = piece.label == WordLabel::AttributeBegin ||
                                     piece.label == WordLabel::AttributeInside;
            if (isAttribute && !piece.owner) {
                piece.owner = head;
            }
        }
    }
};

CaptionGenerator::CaptionGenerator(const std::filesystem::path& grammar, const WordNet& wordNet,
                                   std::uint64_t seed)
    : m_wordNet(wordNet),
      m_grammar(grammar, wordNet),
      m_random(seed)
{
}

LabelledCaption CaptionGenerator::next()
{
    return labelled(expand("start").pieces);
}

const std::string& CaptionGenerator::pick(const std::vector<std::string>& from)
{
    return from[m_random() % from.size()];
}

std::string CaptionGenerator::inventedName()
{
    static const std::vector<std::string> starts{"b", "br", "d", "f",  "g", "gr", "k", "kl",
                                                 "l", "m",  "n", "p",  "r", "s",  "t", "tr",
                                                 "v", "w",  "x", "sh", "z", "qu", "",  "h"};
    static const std::vector<std::string> vowels{"a", "e", "i", "o", "u", "ai", "eo", "oo", "y"};
    static const std::vector<std::string> ends{"",  "n",  "r",   "x",  "s",
                                               "l", "co", "tek", "ra", "vo"};
    std::string name = pick(starts) + pick(vowels);
    for (std::uint64_t more = m_random() % 2; more > 0; --more) {
        name += pick(starts) + pick(vowels);
    }
    name += pick(starts) + pick(vowels) + pick(ends);
    name.front() = char(std::toupper(static_cast<unsigned char>(name.front())));
    return name;
}

std::string CaptionGenerator::inventedCode()
{
    constexpr std::uint64_t kLetters = 26;
    constexpr std::uint64_t kMost = 9999;
    std::string code;
    for (std::uint64_t letters = 1 + m_random() % 3; letters > 0; --letters) {
        code += char('A' + m_random() % kLetters);
    }
    return code + (m_random() % 2 == 0 ? "-" : "") + std::to_string(1 + m_random() % kMost);
}

std::string CaptionGenerator::production(const std::string& rule)
{
    if (rule == "#") {
        constexpr std::array<std::uint64_t, 4> kRanges{9, 20, 100, 2000};
        return std::to_string(2 + m_random() % kRanges[m_random() % kRanges.size()]);
    }
    if (rule == "@name") {
        return inventedName();
    }
    return rule == "@code" ? inventedCode() : pick(m_grammar.productions(rule));
}

std::vector<std::string> CaptionGenerator::plainWords(const GrammarToken& token)
{
    std::vector<std::string> words;
    if (token.isRule) {
        for (const GrammarToken& inner : CaptionGrammar::tokensOf(production(token.text))) {
            const std::vector<std::string> more = plainWords(inner);
            words.insert(words.end(), more.begin(), more.end());
        }
    } else {
        words.push_back(token.text);
    }
    if (token.isPlural && !words.empty()) {
        words.back() = CaptionGrammar::pluralOf(words.back());
    }
    return words;
}

CaptionGenerator::Expansion CaptionGenerator::expand(const std::string& rule)
{
    Expansion result;
    std::optional<std::size_t> innerHead;
    for (const GrammarToken& token : CaptionGrammar::tokensOf(production(rule))) {
        if (token.isOptional && m_random() % 2 == 0) {
            continue;
        }
        if (!token.isRule || token.mark != WordLabel::None || token.isPlural) {
            result.addWords(plainWords(token), token.mark);
        } else {
            const auto head = result.addPieces(expand(token.text));
            innerHead = innerHead ? innerHead : head;
        }
    }
    result.settle(innerHead);
    return result;
}

LabelledCaption CaptionGenerator::labelled(const Pieces& pieces) const
{
    LabelledCaption caption;
    std::vector<std::size_t> starts;
    for (const Piece& piece : pieces) {
        caption.text += caption.text.empty() || isTight(piece.text) ? "" : " ";
        starts.push_back(caption.text.size());
        caption.text += piece.text;
    }
    caption.words = readWords(caption.text, m_wordNet);
    std::vector<std::size_t> pieceOfWord;
    std::vector<std::optional<std::size_t>> lastWordOf(pieces.size());
    for (std::size_t i = 0; i < caption.words.size(); ++i) {
        const CaptionWord& word = caption.words[i];
        const auto after = std::upper_bound(starts.begin(), starts.end(), word.span.start);
        const auto piece = std::size_t(after - starts.begin()) - 1;
        const WordLabel label = word.role == WordRole::Stop ? WordLabel::None : pieces[piece].label;
        const bool isLater = !pieceOfWord.empty() && pieceOfWord.back() == piece;
        caption.labels.push_back(isLater && isBegin(label) ? insideOf(label) : label);
        pieceOfWord.push_back(piece);
        lastWordOf[piece] = i;
    }
    for (const std::size_t piece : pieceOfWord) {
        const auto& owner = pieces[piece].owner;
        caption.owners.push_back(owner ? lastWordOf[*owner] : std::nullopt);
    }
    return caption;
}

} // namespace tagalign::model::tags
