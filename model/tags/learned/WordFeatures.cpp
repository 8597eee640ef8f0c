#include "model/tags/learned/WordFeatures.h"

#include <algorithm>
#include <cctype>

namespace tagalign::model::tags {

namespace {

// Flags of a word:
//   0..14   role                           15..30  noun, verb, adjective, adverb: how frequent
//   31..59  field of the noun (0..28)      60..67  forms, endings, digits, compounds
//   68..72  capitals
constexpr std::size_t kRoles = 0;
constexpr std::size_t kFrequencies = 15;
constexpr std::size_t kFields = 31;
constexpr std::size_t kForms = 60;
constexpr std::size_t kCapitals = 68;
constexpr int kFieldCount = 29;

/// 0 unknown, 1 rare, 2 in use, 3 frequent.
std::size_t frequencyClass(int frequency)
{
    constexpr int kFrequent = 20; // times in WordNet's tagged texts
    return frequency == 0 ? 0 : frequency == 1 ? 1 : frequency <= kFrequent ? 2 : 3;
}

std::uint8_t kindOf(char c)
{
    if (c >= 'a' && c <= 'z') {
        return std::uint8_t(1 + c - 'a');
    }
    if (c >= '0' && c <= '9') {
        return std::uint8_t(27 + c - '0');
    }
    constexpr std::string_view kSigns = "-'.,:!";
    const auto sign = kSigns.find(c);
    return std::uint8_t(sign == std::string_view::npos ? 43 : 37 + sign);
}

std::array<std::uint8_t, WordFeatures::kCharacters> charactersOf(const std::string& word)
{
    constexpr std::size_t kMost = WordFeatures::kCharacters;
    std::array<std::uint8_t, kMost> kinds{};
    const std::size_t count = std::min(word.size(), kMost);
    for (std::size_t i = 0; i < count; ++i) {
        const bool isTail = i >= kMost / 2;
        kinds[i] = kindOf(isTail ? word[word.size() - count + i] : word[i]);
    }
    return kinds;
}

/// How a word is written.
struct Capitals
{
    bool first = false;
    bool all = false;
};

Capitals capitalsOf(std::string_view caption, const CaptionWord& word, Casing casing)
{
    const std::string_view text = caption.substr(word.span.start, word.span.length);
    if (text.empty() || std::isalpha(static_cast<unsigned char>(text.front())) == 0 ||
        casing == Casing::Lower) {
        return {};
    }
    const bool isAll = text.size() > 1 && std::none_of(text.begin(), text.end(), [](char c) {
                           return std::islower(static_cast<unsigned char>(c)) != 0;
                       });
    const bool isFirst = std::isupper(static_cast<unsigned char>(text.front())) != 0;
    return {casing != Casing::AsIs || isFirst, casing == Casing::Upper || isAll};
}

void setWordNetFlags(std::bitset<WordFeatures::kFlags>& flags, const std::string& word,
                     const WordNet& wordNet)
{
    for (std::size_t part = 0; part < 4; ++part) {
        const auto lemma = wordNet.lemma(word, PartOfSpeech(part));
        const int frequency = lemma ? wordNet.frequency(*lemma, PartOfSpeech(part)) : 0;
        flags.set(kFrequencies + part * 4 + frequencyClass(frequency));
        if (part == std::size_t(PartOfSpeech::Noun)) {
            const int field = lemma ? wordNet.nounField(*lemma) : 0;
            flags.set(kFields + std::size_t(std::min(field, kFieldCount - 1)));
            flags.set(kForms, lemma && *lemma != word);
        } else if (part == std::size_t(PartOfSpeech::Verb)) {
            flags.set(kForms + 1, lemma && *lemma != word);
        }
    }
    flags.set(kForms + 2, word.ends_with("ing"));
    flags.set(kForms + 3, word.ends_with("ed"));
    flags.set(kForms + 4, std::any_of(word.begin(), word.end(), [](char c) {
                  return std::isdigit(static_cast<unsigned char>(c)) != 0;
              }));
    flags.set(kForms + 5, word.find('-') != std::string::npos);
}

/// Does WordNet have the word and the next one as a compound noun?
bool isCompound(const std::vector<CaptionWord>& words, std::size_t index, const WordNet& wordNet)
{
    const auto isContent = [&words](std::size_t i) {
        return words[i].role != WordRole::Stop && words[i].role != WordRole::Determiner;
    };
    return index + 1 < words.size() && isContent(index) && isContent(index + 1) &&
           wordNet.lemma(words[index].text + '_' + words[index + 1].text, PartOfSpeech::Noun);
}

void setCapitals(std::vector<WordFeatures>& features, std::string_view caption,
                 const std::vector<CaptionWord>& words, Casing casing)
{
    std::size_t capitalised = 0;
    std::size_t lower = 0;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const Capitals capitals = capitalsOf(caption, words[i], casing);
        features[i].flags.set(kCapitals, capitals.first);
        features[i].flags.set(kCapitals + 1, capitals.all);
        capitalised += capitals.first ? 1 : 0;
        lower += capitals.first || words[i].role == WordRole::Stop ? 0 : 1;
    }
    const bool isTitle = capitalised > lower;
    for (std::size_t i = 0; i < words.size(); ++i) {
        auto& flags = features[i].flags;
        const bool startsSentence =
            i == 0 || (words[i - 1].role == WordRole::Stop && words[i - 1].text != ",");
        flags.set(kCapitals + 2, isTitle);
        flags.set(kCapitals + 3, startsSentence);
        // A capital that nothing but a name explains.
        flags.set(kCapitals + 4, flags.test(kCapitals) && !isTitle && !startsSentence);
    }
}

} // namespace

std::vector<WordFeatures> featuresOf(std::string_view caption,
                                     const std::vector<CaptionWord>& words,
                                     const ParserVocabulary& vocabulary, const WordNet& wordNet,
                                     Casing casing)
{
    std::vector<WordFeatures> features(words.size());
    for (std::size_t i = 0; i < words.size(); ++i) {
        WordFeatures& word = features[i];
        word.word = vocabulary.idOf(words[i].text);
        word.characters = charactersOf(words[i].text);
        word.flags.set(kRoles + std::size_t(words[i].role));
        setWordNetFlags(word.flags, words[i].text, wordNet);
        if (isCompound(words, i, wordNet)) {
            word.flags.set(kForms + 6);
            features[i + 1].flags.set(kForms + 7);
        }
    }
    setCapitals(features, caption, words, casing);
    return features;
}

} // namespace tagalign::model::tags
