#include "model/tags/Thesaurus.h"

#include "model/Error.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>

namespace tagalign::model::tags {

namespace {

std::string wholeFile(const std::filesystem::path& file)
{
    std::ifstream stream(file, std::ios::binary);
    if (!stream) {
        throw Error(file.string() +
                    ": cannot be opened; install the dictionary (Debian package wordnet-base)");
    }
    return {std::istreambuf_iterator<char>(stream), {}};
}

/// Takes one field after the other off a line.
class Fields
{
public:
    explicit Fields(std::string_view line)
        : m_rest(line)
    {
    }

    std::string_view next()
    {
        const auto end = m_rest.find(' ');
        const std::string_view field = m_rest.substr(0, end);
        m_rest.remove_prefix(end == std::string_view::npos ? m_rest.size() : end + 1);
        return field;
    }

    std::size_t number(int base = 10)
    {
        const std::string_view field = next();
        std::size_t value = 0;
        const auto [end, problem] =
            std::from_chars(field.data(), field.data() + field.size(), value, base);
        if (problem != std::errc() || end != field.data() + field.size()) {
            throw FormatError("\"" + std::string(field) + "\" stands where a number belongs");
        }
        return value;
    }

    void skip(std::size_t fields)
    {
        while (fields-- > 0) {
            next();
        }
    }

    [[nodiscard]] std::string_view rest() const { return m_rest; }

private:
    std::string_view m_rest;
};

std::optional<PartOfSpeech> partOf(std::string_view letter)
{
    if (letter == "n") {
        return PartOfSpeech::Noun;
    }
    if (letter == "a" || letter == "s") {
        return PartOfSpeech::Adjective;
    }
    return std::nullopt;
}

/// "red-hot(p)" and "blue_sky" as people write them.
std::string readable(std::string_view word)
{
    std::string text(word.substr(0, word.find('(')));
    std::replace(text.begin(), text.end(), '_', ' ');
    return text;
}

/// The definition, without the examples.
std::string definitionOf(std::string_view gloss)
{
    gloss = gloss.substr(0, gloss.find("; \""));
    while (!gloss.empty() && gloss.back() == ' ') {
        gloss.remove_suffix(1);
    }
    return std::string(gloss);
}

Thesaurus::Synset readSynset(std::string_view line)
{
    Fields fields(line);
    Thesaurus::Synset synset;
    fields.skip(1);
    synset.lexicographerFile = int(fields.number());
    fields.skip(1);
    for (std::size_t words = fields.number(16); words > 0; --words) {
        synset.words.push_back(readable(fields.next()));
        fields.skip(1);
    }
    for (std::size_t pointers = fields.number(); pointers > 0; --pointers) {
        const std::string symbol(fields.next());
        const std::size_t offset = fields.number();
        const auto part = partOf(fields.next());
        fields.skip(1);
        if (part) {
            synset.pointers.push_back({symbol, {*part, offset}});
        }
    }
    const auto bar = fields.rest().find("| ");
    if (bar != std::string_view::npos) {
        synset.gloss = definitionOf(fields.rest().substr(bar + 2));
    }
    return synset;
}

std::string_view lineAt(std::string_view text, std::size_t start)
{
    return text.substr(start, text.find('\n', start) - start);
}

/// The line of a sorted index that begins with the lemma; empty without one.
std::string_view indexLine(std::string_view index, const std::string& lemma)
{
    if (lemma.empty()) { // as the lines of the licence begin
        return {};
    }
    std::size_t low = 0;
    std::size_t high = index.size();
    while (low < high) { // lines that begin in [low, high)
        const std::size_t middle = low + (high - low) / 2;
        const std::size_t before = index.rfind('\n', middle == 0 ? 0 : middle - 1);
        const std::size_t start = middle == 0 || before == std::string_view::npos ? 0 : before + 1;
        const std::string_view line = lineAt(index, start);
        const int order = line.substr(0, line.find(' ')).compare(lemma);
        if (order == 0) {
            return line;
        }
        if (order < 0) {
            low = start + line.size() + 1;
        } else {
            high = start;
        }
    }
    return {};
}

} // namespace

Thesaurus::Thesaurus(const std::filesystem::path& folder)
    : m_folder(folder),
      m_nouns{wholeFile(folder / "index.noun"), wholeFile(folder / "data.noun")},
      m_adjectives{wholeFile(folder / "index.adj"), wholeFile(folder / "data.adj")}
{
}

const Thesaurus::Files& Thesaurus::filesOf(PartOfSpeech part) const
{
    return part == PartOfSpeech::Noun ? m_nouns : m_adjectives;
}

Thesaurus::Entry Thesaurus::lookUp(const std::string& lemma, PartOfSpeech part) const
{
    const std::string_view line = indexLine(filesOf(part).index, lemma);
    if (line.empty()) {
        return {};
    }
    Fields fields(line);
    fields.skip(2);
    const std::size_t senses = fields.number();
    fields.skip(fields.number()); // kinds of pointers
    fields.skip(1);
    Entry entry{.tagged = fields.number()};
    for (std::size_t i = 0; i < senses; ++i) {
        entry.senses.push_back({part, fields.number()});
    }
    return entry;
}

std::vector<Thesaurus::Id> Thesaurus::senses(std::string_view word, PartOfSpeech part) const
{
    return find(word, part).senses;
}

bool Thesaurus::isCommon(std::string_view word, PartOfSpeech part) const
{
    return find(word, part).tagged > 0;
}

Thesaurus::Entry Thesaurus::find(std::string_view word, PartOfSpeech part) const
{
    std::string lemma(word);
    std::replace(lemma.begin(), lemma.end(), ' ', '_');
    auto found = lookUp(lemma, part);
    if (found.senses.empty() && lemma.find('_') != std::string::npos) {
        std::replace(lemma.begin(), lemma.end(), '_', '-');
        found = lookUp(lemma, part);
    } else if (found.senses.empty() && lemma.find('-') != std::string::npos) {
        std::replace(lemma.begin(), lemma.end(), '-', '_');
        found = lookUp(lemma, part);
    }
    return found;
}

Thesaurus::Synset Thesaurus::synset(const Id& id) const
{
    const std::string& data = filesOf(id.part).data;
    try {
        if (id.offset >= data.size()) {
            throw FormatError("it is too short");
        }
        return readSynset(lineAt(data, id.offset));
    } catch (const FormatError& error) {
        throw FormatError((m_folder / "data").string() + ": no synset at byte " +
                          std::to_string(id.offset) + " (" + error.what() +
                          "); reinstall wordnet-base");
    }
}

std::vector<Thesaurus::Id> Thesaurus::hypernyms(const Id& id) const
{
    std::vector<Id> above;
    for (const Pointer& pointer : synset(id).pointers) {
        if (pointer.symbol == "@" || pointer.symbol == "@i") {
            above.push_back(pointer.target);
        }
    }
    return above;
}

std::vector<Thesaurus::Id> Thesaurus::chain(const Id& id, int levels) const
{
    std::vector<Id> all{id};
    std::size_t begin = 0;
    for (int level = 0; level < levels && begin < all.size(); ++level) {
        const std::size_t end = all.size();
        for (; begin < end; ++begin) {
            for (const Id& above : hypernyms(all[begin])) {
                if (std::find(all.begin(), all.end(), above) == all.end()) {
                    all.push_back(above);
                }
            }
        }
    }
    return all;
}

int Thesaurus::depth(const Id& id) const
{
    std::vector<Id> level{id};
    for (int depth = 0; depth < kAllLevels; ++depth) {
        std::vector<Id> next;
        for (const Id& each : level) {
            const auto above = hypernyms(each);
            if (above.empty()) {
                return depth;
            }
            next.insert(next.end(), above.begin(), above.end());
        }
        level = std::move(next);
    }
    return kAllLevels;
}

} // namespace tagalign::model::tags
