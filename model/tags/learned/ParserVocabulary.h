#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tagalign::model::tags {

/// p' = sigmoid(scale · logit(p) + shift): Platt scaling (Guo et al., arXiv 1706.04599).
struct Calibration
{
    double scale = 1.0;
    double shift = 0.0;

    [[nodiscard]] float probability(double raw) const;
};

/// What the learned parser knows of words besides its weights. Immutable once filled.
class ParserVocabulary
{
public:
    static constexpr int kPadding = 0;
    static constexpr int kUnknown = 1;
    static constexpr int kFirstWord = 2;

    using Forms = std::unordered_map<std::string, std::string>;

    ParserVocabulary() = default;

    /// @param words in the order of their ids, which start at kFirstWord; the frequent ones first.
    /// @param objectForms, attributeForms how annotators write a phrase: "two" -> "2".
    ParserVocabulary(std::vector<std::string> words, Forms objectForms, Forms attributeForms);

    [[nodiscard]] int idOf(std::string_view word) const; ///< kUnknown if it is none of them

    [[nodiscard]] int size() const { return int(m_words.size()) + kFirstWord; }

    [[nodiscard]] const std::string* objectForm(const std::string& phrase) const;
    [[nodiscard]] const std::string* attributeForm(const std::string& phrase) const;

    /// The vocabulary's word of the same first letter that is one edit away (a letter more, less,
    /// other, or two exchanged); the more frequent one of two. Empty if there is none.
    /// @param word lower case; shorter than 5 bytes gives nothing.
    [[nodiscard]] std::string_view nearest(std::string_view word) const;

    Calibration objectCalibration;
    Calibration attributeCalibration;

    /// One JSON text, and back. @throws FormatError saying what is wrong.
    [[nodiscard]] std::string toText() const;
    [[nodiscard]] static ParserVocabulary fromText(std::string_view text);

private:
    void indexForSpelling();

    std::vector<std::string> m_words; ///< by falling frequency
    std::unordered_map<std::string, int> m_ids;
    std::unordered_multimap<std::string, int> m_shortened; ///< words less one letter each
    Forms m_objectForms;
    Forms m_attributeForms;
};

} // namespace tagalign::model::tags
