#include "model/tags/learned/CaptionLabeller.h"

#include <algorithm>
#include <utility>

namespace tagalign::model::tags {

namespace {

constexpr std::size_t kLongestPhrase = 4; ///< words

std::string lettersOf(std::string_view phrase)
{
    std::string letters;
    std::copy_if(phrase.begin(), phrase.end(), std::back_inserter(letters),
                 [](char c) { return c != ' ' && c != '-' && c != '\''; });
    return letters;
}

std::size_t editDistance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        row[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({above + 1, row[j - 1] + 1, replaced});
            diagonal = above;
        }
    }
    return row.back();
}

bool isContent(const CaptionWord& word)
{
    return word.role != WordRole::Determiner && word.role != WordRole::Preposition &&
           word.role != WordRole::Be && word.role != WordRole::And;
}

bool isSimilar(const std::string& word, const std::string& phrase)
{
    constexpr std::size_t kStem = 4;
    const std::size_t shorter = std::min(word.size(), phrase.size());
    if (shorter < kStem || phrase.find(' ') != std::string::npos ||
        word.front() != phrase.front()) {
        return false;
    }
    const bool sharesStem = word.compare(0, shorter, phrase, 0, shorter) == 0;
    return sharesStem || editDistance(word, phrase) <= (shorter > kStem + 1 ? 2U : 1U);
}

} // namespace

std::string phraseOf(const std::vector<CaptionWord>& words, Run run)
{
    std::string phrase = words[run.begin].text;
    for (std::size_t i = run.begin + 1; i < run.end; ++i) {
        phrase += ' ' + words[i].text;
    }
    return phrase;
}

std::vector<Run> CaptionLabeller::runsOf(const std::string& phrase, Match match,
                                         const ParserVocabulary::Forms& forms) const
{
    std::vector<Run> runs;
    const std::size_t count = m_caption.words.size();
    for (std::size_t begin = 0; begin < count; ++begin) {
        const std::size_t last = std::min(count, begin + kLongestPhrase);
        for (std::size_t end = begin + 1; end <= last && isFree(end - 1); ++end) {
            if (isMatch({begin, end}, phrase, match, forms)) {
                runs.push_back({begin, end});
                break;
            }
        }
    }
    return runs;
}

void CaptionLabeller::mark(Run run, WordLabel begin, std::optional<std::size_t> owner)
{
    for (std::size_t i = run.begin; i < run.end; ++i) {
        m_caption.labels[i] = i == run.begin ? begin : insideOf(begin);
        m_caption.owners[i] = owner;
    }
}

void CaptionLabeller::markAbsences()
{
    const auto& words = m_caption.words;
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
        if (words[i].text != "no" && words[i].text != "without") {
            continue;
        }
        std::size_t begin = i + 1;
        while (begin < words.size() && words[begin].role == WordRole::Determiner) {
            ++begin;
        }
        const std::size_t end = deniedEnd(begin);
        if (end > begin && words[end - 1].role == WordRole::Noun) {
            mark({begin, end}, WordLabel::AbsentBegin);
        }
    }
}

std::size_t CaptionLabeller::deniedEnd(std::size_t begin) const
{
    std::size_t end = begin;
    while (end < m_caption.words.size() && isFree(end) &&
           (m_caption.words[end].role == WordRole::Noun ||
            m_caption.words[end].role == WordRole::Adjective)) {
        ++end;
    }
    return end;
}

bool CaptionLabeller::isFree(std::size_t word) const
{
    return m_caption.labels[word] == WordLabel::None &&
           m_caption.words[word].role != WordRole::Stop;
}

bool CaptionLabeller::isMatch(Run run, const std::string& phrase, Match match,
                              const ParserVocabulary::Forms& forms) const
{
    const std::string found = phraseOf(m_caption.words, run);
    const CaptionWord& word = m_caption.words[run.begin];
    const bool isWord = run.end == run.begin + 1;
    switch (match) {
    case Match::Exact:
        return found == phrase || (isWord && word.role == WordRole::Number && word.lemma == phrase);
    case Match::Letters:
        return lettersOf(found) == lettersOf(phrase) || hasSameBase(run, phrase);
    case Match::Form: {
        const auto form = forms.find(found);
        return form != forms.end() && form->second == phrase;
    }
    case Match::Similar:
        return isWord && isContent(word) && isSimilar(word.text, phrase);
    }
    return false;
}

bool CaptionLabeller::hasSameBase(Run run, const std::string& phrase) const
{
    if (run.end != run.begin + 1 || phrase.find(' ') != std::string::npos) {
        return false;
    }
    const auto base = m_wordNet.lemma(m_caption.words[run.begin].text, PartOfSpeech::Noun);
    return base && base == m_wordNet.lemma(phrase, PartOfSpeech::Noun);
}

} // namespace tagalign::model::tags
