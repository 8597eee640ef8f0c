#include "model/tags/learned/CaptionAligner.h"

#include "model/Error.h"
#include "model/tags/learned/CaptionLabeller.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <set>

namespace tagalign::model::tags {

namespace {

constexpr int kLeastSeen = 3;       ///< captions that must agree on a form
constexpr double kLeastShare = 0.6; ///< of a phrase's occurrences that have the form

constexpr std::array<Match, 4> kMatches{Match::Exact, Match::Letters, Match::Form, Match::Similar};

LabelledCaption unlabelled(const AnnotatedCaption& caption, const WordNet& wordNet)
{
    LabelledCaption labelled{caption.caption, readWords(caption.caption, wordNet), {}, {}};
    labelled.labels.resize(labelled.words.size(), WordLabel::None);
    labelled.owners.resize(labelled.words.size());
    return labelled;
}

/// Twice the words between; what follows its object is half a word farther: "red ball" before
/// "ball red".
std::size_t gap(Run run, Run other)
{
    return run.begin >= other.end ? 2 * (run.begin - other.end) + 1
                                  : 2 * (other.begin - std::min(run.end, other.begin));
}

/// Counts how often a phrase was written in which form.
class FormCounts
{
public:
    void add(const std::string& found, const std::string& form) { ++m_forms[found][form]; }

    [[nodiscard]] ParserVocabulary::Forms frequent() const
    {
        ParserVocabulary::Forms forms;
        for (const auto& [found, counts] : m_forms) {
            int total = 0;
            for (const auto& [form, count] : counts) {
                total += count;
            }
            const auto best =
                std::max_element(counts.begin(), counts.end(),
                                 [](const auto& a, const auto& b) { return a.second < b.second; });
            if (best->second >= kLeastSeen && best->second >= kLeastShare * total &&
                best->first != found) {
                forms.emplace(found, best->first);
            }
        }
        return forms;
    }

private:
    std::map<std::string, std::map<std::string, int>> m_forms;
};

/// Which missed objects keep a noun company: "guy" where "person" was annotated.
class Companions
{
public:
    void add(const LabelledCaption& caption, const std::vector<std::string>& missed)
    {
        std::set<std::string> seen;
        for (std::size_t i = 0; i < caption.words.size(); ++i) {
            const CaptionWord& word = caption.words[i];
            const bool isNoun = word.role == WordRole::Noun || word.role == WordRole::Other;
            if (!isNoun || !seen.insert(word.text).second) {
                continue;
            }
            ++m_occurrences[word.text];
            for (const std::string& object : missed) {
                m_counts[word.text][object] += caption.labels[i] == WordLabel::None ? 1 : 0;
            }
        }
    }

    void addTo(ParserVocabulary::Forms& forms) const
    {
        for (const auto& [word, counts] : m_counts) {
            for (const auto& [object, count] : counts) {
                if (count >= 2 * kLeastSeen && count >= kLeastShare * m_occurrences.at(word)) {
                    forms.emplace(word, object);
                }
            }
        }
    }

private:
    std::map<std::string, std::map<std::string, int>> m_counts;
    std::map<std::string, int> m_occurrences;
};

using Placed = std::vector<std::pair<std::string, Run>>;

/// Places the objects that match so, the others stay. Every occurrence of a noun is its object.
void placeObjects(std::vector<std::string>& objects, Match match, CaptionLabeller& labeller,
                  const ParserVocabulary::Forms& forms, Placed& placed)
{
    std::erase_if(objects, [&](const std::string& object) {
        std::vector<Run> runs = labeller.runsOf(object, match, forms);
        if (match == Match::Similar && !runs.empty()) {
            runs.resize(1);
        }
        for (const Run run : runs) {
            labeller.mark(run, WordLabel::ObjectBegin);
            placed.emplace_back(object, run);
        }
        return !runs.empty();
    });
}

/// Where the objects were found; `missed` are those found nowhere.
Placed placeAllObjects(const AnnotatedCaption& annotated, CaptionLabeller& labeller,
                       const ParserVocabulary::Forms& forms, std::vector<std::string>& missed)
{
    missed = annotated.objects;
    // The longest first, so that "tree trunk" goes before "tree".
    std::stable_sort(missed.begin(), missed.end(),
                     [](const auto& a, const auto& b) { return a.size() > b.size(); });
    Placed placed;
    for (const Match match : kMatches) {
        placeObjects(missed, match, labeller, forms, placed);
    }
    return placed;
}

/// "on the left" is the attribute "left".
std::string withoutPlace(const std::string& attribute)
{
    static const std::set<std::string_view> places{"on the left", "on the right", "to the left",
                                                   "to the right"};
    return places.contains(attribute) ? attribute.substr(attribute.rfind(' ') + 1) : attribute;
}

struct PlacedAttribute
{
    Run run;
    Run owner;
};

/// The occurrence nearest to one of its object's.
std::optional<PlacedAttribute> nearestRun(const std::string& object, const std::string& attribute,
                                          Match match, const CaptionLabeller& labeller,
                                          const Placed& objects,
                                          const ParserVocabulary::Forms& forms)
{
    std::optional<PlacedAttribute> best;
    for (const Run run : labeller.runsOf(attribute, match, forms)) {
        for (const auto& [name, owner] : objects) {
            if (name == object && (!best || gap(run, owner) < gap(best->run, best->owner))) {
                best = {run, owner};
            }
        }
    }
    return best;
}

Placed placeAttributes(const AnnotatedCaption& annotated, CaptionLabeller& labeller,
                       const Placed& objects, const ParserVocabulary::Forms& forms)
{
    Placed placed;
    for (const auto& [object, written] : annotated.attributes) {
        const std::string attribute = withoutPlace(written);
        for (const Match match : kMatches) {
            if (const auto found = nearestRun(object, attribute, match, labeller, objects, forms)) {
                labeller.mark(found->run, WordLabel::AttributeBegin, found->owner.end - 1);
                placed.emplace_back(attribute, found->run);
                break;
            }
        }
    }
    return placed;
}

AnnotatedCaption annotatedFrom(const nlohmann::json& line)
{
    AnnotatedCaption caption{line.at("caption").get<std::string>(),
                             line.at("objects").get<std::vector<std::string>>(),
                             {}};
    for (const auto& pair : line.at("attributes")) {
        caption.attributes.emplace_back(pair.at(0).get<std::string>(),
                                        pair.at(1).get<std::string>());
    }
    return caption;
}

} // namespace

std::vector<AnnotatedCaption> readAnnotatedCaptions(const std::filesystem::path& file)
{
    std::ifstream stream(file);
    if (!stream) {
        throw Error(file.string() + ": cannot be opened; name a file of annotated captions");
    }
    std::vector<AnnotatedCaption> captions;
    std::string line;
    for (int number = 1; std::getline(stream, line); ++number) {
        try {
            captions.push_back(annotatedFrom(nlohmann::json::parse(line)));
        } catch (const nlohmann::json::exception& error) {
            throw FormatError(
                file.string() + ", line " + std::to_string(number) +
                ": expected {\"caption\", \"objects\", \"attributes\"}: " + error.what());
        }
    }
    if (captions.empty()) {
        throw FormatError(file.string() + ": holds no captions");
    }
    return captions;
}

CaptionAligner::CaptionAligner(const std::vector<AnnotatedCaption>& captions,
                               const WordNet& wordNet)
    : m_wordNet(wordNet)
{
    learnForms(captions);
}

void CaptionAligner::learnForms(const std::vector<AnnotatedCaption>& captions)
{
    FormCounts objects;
    FormCounts attributes;
    Companions companions;
    for (const AnnotatedCaption& annotated : captions) {
        LabelledCaption labelled = unlabelled(annotated, m_wordNet);
        CaptionLabeller labeller(labelled, m_wordNet);
        std::vector<std::string> missed;
        const Placed placed = placeAllObjects(annotated, labeller, {}, missed);
        for (const auto& [object, run] : placed) {
            objects.add(phraseOf(labelled.words, run), object);
        }
        for (const auto& [attribute, run] : placeAttributes(annotated, labeller, placed, {})) {
            attributes.add(phraseOf(labelled.words, run), attribute);
        }
        companions.add(labelled, missed);
    }
    m_objectForms = objects.frequent();
    m_attributeForms = attributes.frequent();
    companions.addTo(m_objectForms);
}

LabelledCaption CaptionAligner::align(const AnnotatedCaption& caption) const
{
    LabelledCaption labelled = unlabelled(caption, m_wordNet);
    CaptionLabeller labeller(labelled, m_wordNet);
    std::vector<std::string> missed;
    const Placed placed = placeAllObjects(caption, labeller, m_objectForms, missed);
    (void)placeAttributes(caption, labeller, placed, m_attributeForms);
    labeller.markAbsences();
    return labelled;
}

} // namespace tagalign::model::tags
