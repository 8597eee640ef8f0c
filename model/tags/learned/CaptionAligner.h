#pragma once

#include "model/tags/learned/LabelledCaption.h"
#include "model/tags/learned/ParserVocabulary.h"

#include <filesystem>

namespace tagalign::model::tags {

/// Reads JSON lines {"caption", "objects": [..], "attributes": [[object, attribute], ..]}.
/// @throws Error, FormatError naming file and line.
[[nodiscard]] std::vector<AnnotatedCaption>
readAnnotatedCaptions(const std::filesystem::path& file);

/// Ties annotations to the words they came from. Annotators normalise what they read ("two" to
/// "2", "cell phone" to "cellphone", "guy" to "person"); the aligner learns those forms from all
/// captions first and hands them on for the parser to write.
class CaptionAligner
{
public:
    /// @param wordNet outlives this.
    CaptionAligner(const std::vector<AnnotatedCaption>& captions, const WordNet& wordNet);

    /// An annotation that matches no word is left out; a noun that is denied ("no cars") and no
    /// object is marked absent.
    [[nodiscard]] LabelledCaption align(const AnnotatedCaption& caption) const;

    [[nodiscard]] const ParserVocabulary::Forms& objectForms() const { return m_objectForms; }

    [[nodiscard]] const ParserVocabulary::Forms& attributeForms() const { return m_attributeForms; }

private:
    void learnForms(const std::vector<AnnotatedCaption>& captions);

    const WordNet& m_wordNet;
    ParserVocabulary::Forms m_objectForms;
    ParserVocabulary::Forms m_attributeForms;
};

} // namespace tagalign::model::tags
