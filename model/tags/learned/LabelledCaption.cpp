#include "model/tags/learned/LabelledCaption.h"

namespace tagalign::model::tags {

namespace {

std::vector<CaptionWord> wordsOfJoint(const std::string& joint)
{
    std::vector<CaptionWord> words = splitWords(joint);
    for (CaptionWord& word : words) {
        if (word.role == WordRole::Other) {
            word.role = word.text == "and" ? WordRole::And : WordRole::Preposition;
        }
    }
    return words;
}

} // namespace

void append(LabelledCaption& to, const LabelledCaption& other, const std::string& joint)
{
    const auto add = [&to](const std::vector<CaptionWord>& words, std::string_view text) {
        for (CaptionWord word : words) {
            word.span.start += to.text.size();
            to.words.push_back(std::move(word));
        }
        to.text += text;
    };
    add(wordsOfJoint(joint), joint);
    to.labels.resize(to.words.size(), WordLabel::None);
    to.owners.resize(to.words.size());
    const std::size_t first = to.words.size();
    add(other.words, other.text);
    to.labels.insert(to.labels.end(), other.labels.begin(), other.labels.end());
    for (const auto& owner : other.owners) {
        to.owners.push_back(owner ? std::optional(*owner + first) : std::nullopt);
    }
}

} // namespace tagalign::model::tags
