#include "model/tags/learned/ParserVocabulary.h"

#include "model/Error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <map>

namespace tagalign::model::tags {

namespace {

using nlohmann::json;

constexpr std::size_t kShortestToCorrect = 5;

std::vector<std::string> lessOneLetter(std::string_view word)
{
    std::vector<std::string> shortened;
    for (std::size_t i = 1; i < word.size(); ++i) {
        shortened.push_back(std::string(word.substr(0, i)) + std::string(word.substr(i + 1)));
    }
    return shortened;
}

/// Are the words, which share their first letter, one edit apart?
bool isOneEdit(std::string_view a, std::string_view b)
{
    if (a.size() > b.size()) {
        std::swap(a, b);
    }
    const auto differing = std::mismatch(a.begin(), a.end(), b.begin());
    const auto at = std::size_t(differing.first - a.begin());
    if (b.size() == a.size() + 1) {
        return a.substr(at) == b.substr(at + 1);
    }
    if (a.size() != b.size() || at == a.size()) {
        return false;
    }
    const bool isExchange = at + 1 < a.size() && a[at] == b[at + 1] && a[at + 1] == b[at] &&
                            a.substr(at + 2) == b.substr(at + 2);
    return isExchange || a.substr(at + 1) == b.substr(at + 1);
}

json toJson(const Calibration& calibration)
{
    return {calibration.scale, calibration.shift};
}

Calibration calibrationFrom(const json& value)
{
    const Calibration calibration{value.at(0).get<double>(), value.at(1).get<double>()};
    if (!std::isfinite(calibration.scale) || !std::isfinite(calibration.shift)) {
        throw FormatError("its calibration is not finite");
    }
    return calibration;
}

const std::string* formIn(const ParserVocabulary::Forms& forms, const std::string& phrase)
{
    const auto found = forms.find(phrase);
    return found == forms.end() ? nullptr : &found->second;
}

std::map<std::string, std::string> sorted(const ParserVocabulary::Forms& forms)
{
    return {forms.begin(), forms.end()};
}

} // namespace

float Calibration::probability(double raw) const
{
    constexpr double kLeast = 1e-6;
    const double clamped = std::clamp(raw, kLeast, 1.0 - kLeast);
    const double logit = std::log(clamped / (1.0 - clamped));
    return float(std::clamp(1.0 / (1.0 + std::exp(-scale * logit - shift)), kLeast, 1.0));
}

ParserVocabulary::ParserVocabulary(std::vector<std::string> words, Forms objectForms,
                                   Forms attributeForms)
    : m_words(std::move(words)),
      m_objectForms(std::move(objectForms)),
      m_attributeForms(std::move(attributeForms))
{
    for (std::size_t i = 0; i < m_words.size(); ++i) {
        m_ids.emplace(m_words[i], int(i) + kFirstWord);
    }
    indexForSpelling();
}

void ParserVocabulary::indexForSpelling()
{
    for (std::size_t i = 0; i < m_words.size(); ++i) {
        if (m_words[i].size() + 1 >= kShortestToCorrect) {
            m_shortened.emplace(m_words[i], int(i));
            for (std::string& shortened : lessOneLetter(m_words[i])) {
                m_shortened.emplace(std::move(shortened), int(i));
            }
        }
    }
}

int ParserVocabulary::idOf(std::string_view word) const
{
    const auto found = m_ids.find(std::string(word));
    return found == m_ids.end() ? kUnknown : found->second;
}

const std::string* ParserVocabulary::objectForm(const std::string& phrase) const
{
    return formIn(m_objectForms, phrase);
}

const std::string* ParserVocabulary::attributeForm(const std::string& phrase) const
{
    return formIn(m_attributeForms, phrase);
}

std::string_view ParserVocabulary::nearest(std::string_view word) const
{
    if (word.size() < kShortestToCorrect) {
        return {};
    }
    std::size_t best = m_words.size();
    std::vector<std::string> candidates = lessOneLetter(word);
    candidates.emplace_back(word);
    for (const std::string& candidate : candidates) {
        const auto [begin, end] = m_shortened.equal_range(candidate);
        for (auto found = begin; found != end; ++found) {
            const auto index = std::size_t(found->second);
            const std::string& other = m_words[index];
            if (index < best && other.front() == word.front() && isOneEdit(word, other)) {
                best = index;
            }
        }
    }
    return best < m_words.size() ? std::string_view(m_words[best]) : std::string_view();
}

std::string ParserVocabulary::toText() const
{
    return json{{"words", m_words},
                {"object_forms", sorted(m_objectForms)},
                {"attribute_forms", sorted(m_attributeForms)},
                {"object_calibration", toJson(objectCalibration)},
                {"attribute_calibration", toJson(attributeCalibration)}}
        .dump();
}

ParserVocabulary ParserVocabulary::fromText(std::string_view text)
{
    try {
        const json content = json::parse(text);
        ParserVocabulary vocabulary(content.at("words").get<std::vector<std::string>>(),
                                    content.at("object_forms").get<Forms>(),
                                    content.at("attribute_forms").get<Forms>());
        vocabulary.objectCalibration = calibrationFrom(content.at("object_calibration"));
        vocabulary.attributeCalibration = calibrationFrom(content.at("attribute_calibration"));
        return vocabulary;
    } catch (const json::exception& error) {
        throw FormatError(std::string("its vocabulary is broken: ") + error.what());
    }
}

} // namespace tagalign::model::tags
