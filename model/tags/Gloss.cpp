#include "model/tags/Gloss.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <unordered_map>
#include <unordered_set>

namespace tagalign::model::tags {

namespace {

using Words = std::unordered_set<std::string_view>;

constexpr int kMostWords = 3;

/// Senses that captions do not mean.
const Words& strangeMarks()
{
    static const Words marks{"arch", "obs",  "obsc", "rare", "sl",   "vulg",   "derog", "X",
                             "ok",   "oK",   "iK",   "ik",   "m-sl", "MA",     "Buddh", "sumo",
                             "math", "ling", "chn",  "fam",  "male", "on-mim", "shogi"};
    return marks;
}

/// Parts of speech of words that do not stand alone.
bool isBound(std::string_view mark)
{
    bool isFree = false;
    bool isPart = false;
    for (std::size_t begin = 0; begin <= mark.size();) {
        const std::size_t end = std::min(mark.find(',', begin), mark.size());
        const std::string_view part = mark.substr(begin, end - begin);
        static const Words bound{"suf", "pref", "ctr",  "n-suf", "n-pref", "int",
                                 "prt", "exp",  "conj", "aux",   "aux-v",  "aux-adj"};
        isPart |= bound.contains(part);
        isFree |= part == "n" || part.starts_with("adj") || part.starts_with("v");
        begin = end + 1;
    }
    return isPart && !isFree;
}

std::string trimmed(std::string_view text)
{
    const std::size_t begin = std::min(text.find_first_not_of(' '), text.size());
    text.remove_prefix(begin);
    return std::string(text.substr(0, text.find_last_not_of(' ') + 1));
}

/// Without "(esp. the domestic cat)".
std::string withoutRemarks(std::string_view gloss)
{
    std::string text;
    int depth = 0;
    for (const char c : gloss) {
        depth += c == '(' ? 1 : 0;
        if (depth == 0 && (c != ' ' || (!text.empty() && text.back() != ' '))) {
            text += c;
        }
        depth -= c == ')' && depth > 0 ? 1 : 0;
    }
    return trimmed(text);
}

int wordCount(std::string_view text)
{
    return int(std::count(text.begin(), text.end(), ' ')) + 1;
}

bool isPlain(std::string_view gloss)
{
    const bool isVerb = gloss.starts_with("to ");
    return !gloss.empty() && wordCount(gloss) <= kMostWords + (isVerb ? 1 : 0) &&
           std::all_of(gloss.begin(), gloss.end(), [](unsigned char c) {
               return std::isalpha(c) != 0 || c == ' ' || c == '-' || c == '\'';
           });
}

/// Reads the marks at a gloss's beginning; false if its sense is strange.
class SenseFilter
{
public:
    /// @param gloss its marks are taken off.
    bool admits(std::string_view& gloss)
    {
        for (bool isFirst = true; gloss.starts_with('('); isFirst = false) {
            const std::size_t close = gloss.find(')');
            if (close == std::string_view::npos || !isMark(gloss.substr(1, close - 1))) {
                break;
            }
            m_isStrange = m_isStrange && !isFirst; // another sense
            take(gloss.substr(1, close - 1));
            gloss.remove_prefix(std::min(close + 2, gloss.size()));
        }
        return !m_isStrange && !m_isBound;
    }

private:
    /// "(n,adj-no)", "(1)", "(uk)"; a remark has blanks or is long.
    static bool isMark(std::string_view mark) { return mark.find(' ') == std::string_view::npos; }

    void take(std::string_view mark)
    {
        if (strangeMarks().contains(mark)) {
            m_isStrange = true;
        } else if (isPartOfSpeech(mark)) {
            m_isBound = isBound(mark);
        }
    }

    static bool isPartOfSpeech(std::string_view mark)
    {
        return mark == "n" || mark.starts_with("n,") || mark.starts_with("n-") ||
               mark.starts_with("adj") || mark.starts_with("v") || mark.starts_with("adv") ||
               isBound(mark);
    }

    bool m_isStrange = false;
    bool m_isBound = false;
};

const std::unordered_map<std::string_view, std::string_view>& irregular()
{
    static const std::unordered_map<std::string_view, std::string_view> participles{
        {"break", "broken"},  {"tear", "torn"},     {"bend", "bent"},     {"split", "split"},
        {"cut", "cut"},       {"put", "put"},       {"set", "set"},       {"fall", "fallen"},
        {"freeze", "frozen"}, {"hide", "hidden"},   {"wear", "worn"},     {"burn", "burnt"},
        {"write", "written"}, {"draw", "drawn"},    {"hang", "hung"},     {"lose", "lost"},
        {"build", "built"},   {"bind", "bound"},    {"wind", "wound"},    {"make", "made"},
        {"shut", "shut"},     {"spread", "spread"}, {"swell", "swollen"}, {"shrink", "shrunk"},
        {"sew", "sewn"},      {"weave", "woven"},   {"grow", "grown"},    {"leave", "left"},
        {"eat", "eaten"},     {"fold", "folded"},   {"get", "got"},       {"sink", "sunken"},
        {"come", "come"}};
    return participles;
}

/// What somebody does rather than what became of something.
const Words& activities()
{
    static const Words verbs{"sit",   "stand", "sleep", "lie",   "run",   "walk",  "swim", "fly",
                             "jump",  "play",  "smile", "laugh", "shine", "float", "flow", "dance",
                             "bloom", "ride",  "lean",  "live",  "sing",  "cry",   "work"};
    return verbs;
}

bool endsInOneConsonant(std::string_view verb)
{
    static constexpr std::string_view kVowels = "aeiou";
    const auto isVowel = [](char c) { return kVowels.find(c) != std::string_view::npos; };
    const std::size_t size = verb.size();
    const bool isShort = std::count_if(verb.begin(), verb.end(), isVowel) == 1;
    return isShort && size > 2 && !isVowel(verb[size - 1]) && isVowel(verb[size - 2]) &&
           !isVowel(verb[size - 3]) &&
           std::string_view("wxy").find(verb[size - 1]) == std::string_view::npos;
}

std::string withEnding(std::string_view verb, std::string_view ending)
{
    std::string word(verb);
    const bool isEd = ending == "ed";
    if (word.ends_with("ie") && !isEd) {
        word.replace(word.size() - 2, 2, "y");
    } else if (word.ends_with('e') && !word.ends_with("ee")) {
        word.pop_back();
    } else if (isEd && word.size() > 1 && word.ends_with('y') &&
               std::string_view("aeiou").find(word[word.size() - 2]) == std::string_view::npos) {
        word.back() = 'i';
    } else if (endsInOneConsonant(word)) {
        word += word.back();
    }
    return word + std::string(ending);
}

} // namespace

std::string shortGloss(std::string_view glosses)
{
    SenseFilter filter;
    while (!glosses.empty()) {
        const std::size_t end = std::min(glosses.find('/'), glosses.size());
        std::string_view gloss = glosses.substr(0, end);
        glosses.remove_prefix(std::min(end + 1, glosses.size()));
        const bool isAdmitted = filter.admits(gloss);
        std::string text = withoutRemarks(gloss);
        if (isAdmitted && isPlain(text)) {
            return text;
        }
    }
    return {};
}

std::string participle(std::string_view verb)
{
    constexpr std::string_view kTo = "to ";
    verb.remove_prefix(verb.starts_with(kTo) ? kTo.size() : 0);
    for (const std::string_view state : {"be ", "become ", "get ", "turn ", "grow "}) {
        if (verb.starts_with(state)) {
            return std::string(verb.substr(state.size()));
        }
    }
    const std::size_t end = std::min(verb.find(' '), verb.size());
    const std::string_view first = verb.substr(0, end);
    const std::string rest(verb.substr(end));
    if (const auto found = irregular().find(first); found != irregular().end()) {
        return std::string(found->second) + rest;
    }
    return withEnding(first, activities().contains(first) ? "ing" : "ed") + rest;
}

} // namespace tagalign::model::tags
