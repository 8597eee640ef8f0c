#include "model/tags/learned/TagDecoder.h"

#include <algorithm>
#include <cmath>

namespace tagalign::model::tags {

namespace {

struct LabelledSpan
{
    WordLabel kind = WordLabel::None; ///< a begin
    std::size_t begin = 0;
    std::size_t end = 0;
    float probability = 1.0F; ///< of the least sure word
};

/// A tag that is right with probability p raises F1 if p exceeds half the F1 (Lipton et al.,
/// arXiv 1402.1892); attributes are read at about 0.85.
constexpr float kLeastAttribute = 0.42F;

struct Reading
{
    WordLabel kind = WordLabel::None; ///< a begin, or none
    bool isInside = false;
    float probability = 0.0F;
};

/// What a word is, and then whether it begins or goes on.
Reading readingOf(const std::array<float, kLabelCount>& row)
{
    const auto sum = [&row](WordLabel begin) {
        return row[std::size_t(begin)] + row[std::size_t(insideOf(begin))];
    };
    Reading best{WordLabel::None, false, row[std::size_t(WordLabel::None)]};
    for (const WordLabel begin :
         {WordLabel::ObjectBegin, WordLabel::AttributeBegin, WordLabel::AbsentBegin}) {
        const bool isLikelyAttribute = best.kind == WordLabel::None &&
                                       begin == WordLabel::AttributeBegin &&
                                       sum(begin) > kLeastAttribute;
        if (sum(begin) > best.probability || isLikelyAttribute) {
            best = {begin, row[std::size_t(insideOf(begin))] > row[std::size_t(begin)], sum(begin)};
        }
    }
    return best;
}

/// Runs of words with one label; an inside without its begin begins a span itself.
std::vector<LabelledSpan> spansOf(const std::vector<CaptionWord>& words, const WordScores& scores)
{
    std::vector<LabelledSpan> spans;
    bool isOpen = false;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const Reading word = readingOf(scores.labels[i]);
        if (word.kind == WordLabel::None || words[i].role == WordRole::Stop) {
            isOpen = false;
            continue;
        }
        if (isOpen && word.isInside && spans.back().kind == word.kind) {
            spans.back().end = i + 1;
            spans.back().probability = std::min(spans.back().probability, word.probability);
        } else {
            spans.push_back({word.kind, i, i + 1, word.probability});
        }
        isOpen = true;
    }
    return spans;
}

/// Writes spans as tags.
class Writer
{
public:
    Writer(const std::vector<CaptionWord>& words, const ParserVocabulary& vocabulary,
           const WordNet& wordNet)
        : m_words(words),
          m_vocabulary(vocabulary),
          m_wordNet(wordNet)
    {
    }

    /// As the annotators of the training captions write it.
    [[nodiscard]] std::string object(const LabelledSpan& span) const
    {
        const std::string phrase = phraseOf(span);
        const std::string* form = m_vocabulary.objectForm(phrase);
        return form != nullptr ? *form : phrase;
    }

    [[nodiscard]] std::string attribute(const LabelledSpan& span) const
    {
        const std::string phrase = phraseOf(span);
        if (const std::string* form = m_vocabulary.attributeForm(phrase)) {
            return *form;
        }
        const CaptionWord& word = m_words[span.begin];
        const bool isNumber = span.end == span.begin + 1 && word.role == WordRole::Number;
        return isNumber ? word.lemma : phrase;
    }

    [[nodiscard]] Span bytes(const LabelledSpan& span) const
    {
        const Span& last = m_words[span.end - 1].span;
        const std::size_t start = m_words[span.begin].span.start;
        return {start, last.start + last.length - start};
    }

private:
    [[nodiscard]] std::string phraseOf(const LabelledSpan& span) const
    {
        std::string phrase = m_words[span.begin].text;
        for (std::size_t i = span.begin + 1; i < span.end; ++i) {
            phrase += (m_words[i].text == "'s" ? "" : " ") + m_words[i].text;
        }
        return phrase;
    }

    const std::vector<CaptionWord>& m_words;
    const ParserVocabulary& m_vocabulary;
    const WordNet& m_wordNet;
};

struct Owner
{
    std::size_t object = 0; ///< index into the objects
    float share = 0.0F;
};

Owner ownerOf(std::size_t attribute, const std::vector<LabelledSpan>& objects,
              const std::vector<float>& owners, std::size_t words)
{
    const auto score = [&](const LabelledSpan& object) {
        return owners[attribute * words + object.end - 1];
    };
    const auto best =
        std::max_element(objects.begin(), objects.end(),
                         [&](const auto& a, const auto& b) { return score(a) < score(b); });
    float total = 0.0F;
    for (const LabelledSpan& object : objects) {
        total += std::exp(score(object) - score(*best));
    }
    return {std::size_t(best - objects.begin()), 1.0F / total};
}

struct Names
{
    std::string lemma;
    std::string display; ///< "mug" for "mugs", but "teeth" as it is
};

Names namesOf(const std::string& phrase, const WordNet& wordNet)
{
    std::string lemma = objectLemma(phrase, wordNet);
    const bool isPlain = lemma + 's' == phrase;
    return {lemma, isPlain ? lemma : phrase};
}

/// WordNet has "windows" and "shoes" for the sake of some idiom.
bool isPluralOf(const std::string& word, const std::string& singular, const WordNet& wordNet)
{
    constexpr int kRare = 2; // times in its tagged texts, plus one
    const int own = wordNet.frequency(word, PartOfSpeech::Noun);
    return word.ends_with('s') && own <= kRare &&
           wordNet.frequency(singular, PartOfSpeech::Noun) >= 5 * std::max(1, own * own);
}

} // namespace

std::string objectLemma(const std::string& phrase, const WordNet& wordNet)
{
    const std::size_t last = phrase.rfind(' ') + 1; // npos + 1 is 0
    const std::string word = phrase.substr(last);
    const std::string singular = word.substr(0, word.empty() ? 0 : word.size() - 1);
    if (isPluralOf(word, singular, wordNet)) {
        return phrase.substr(0, last) + singular;
    }
    const auto lemma = wordNet.lemma(word, PartOfSpeech::Noun);
    return lemma ? phrase.substr(0, last) + *lemma : phrase;
}

ParsedCaption decodeTags(const std::vector<CaptionWord>& words, const WordScores& scores,
                         const ParserVocabulary& vocabulary, const WordNet& wordNet)
{
    const std::vector<LabelledSpan> spans = spansOf(words, scores);
    const Writer write(words, vocabulary, wordNet);
    std::vector<LabelledSpan> objects;
    std::copy_if(spans.begin(), spans.end(), std::back_inserter(objects),
                 [](const auto& span) { return span.kind == WordLabel::ObjectBegin; });
    ParsedCaption parsed;
    std::vector<std::size_t> tagOfObject;
    for (const LabelledSpan& span : spans) {
        if (span.kind == WordLabel::ObjectBegin) {
            const auto [lemma, display] = namesOf(write.object(span), wordNet);
            tagOfObject.push_back(parsed.tags.size());
            parsed.tags.push_back({TagKind::Object, lemma, display, write.bytes(span), std::nullopt,
                                   vocabulary.objectCalibration.probability(span.probability)});
        } else if (span.kind == WordLabel::AbsentBegin) {
            const auto [lemma, display] = namesOf(write.object(span), wordNet);
            parsed.absences.push_back({lemma, display, write.bytes(span)});
        } else if (!objects.empty()) {
            const Owner owner = ownerOf(span.begin, objects, scores.owners, words.size());
            const std::string lemma = write.attribute(span);
            parsed.tags.push_back(
                {TagKind::Attribute, lemma, lemma, write.bytes(span), owner.object,
                 vocabulary.attributeCalibration.probability(span.probability * owner.share)});
        }
    }
    for (ParsedTag& tag : parsed.tags) {
        if (tag.owner) {
            tag.owner = tagOfObject[*tag.owner];
        }
    }
    return parsed;
}

} // namespace tagalign::model::tags
