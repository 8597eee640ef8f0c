#pragma once

#include "model/text/Tokenizer.h"
#include "model/text/UnigramModel.h"

#include <filesystem>
#include <string>
#include <utility>

namespace tagalign::model::text {

/// SigLIP's tokenizer: the ids of SiglipTokenizer of `transformers`. Text is put in lower case
/// (unless the checkpoint says otherwise) and loses its ASCII punctuation; an end mark follows, and
/// padding fills the context, which the text tower sees as well.
class SigLipTokenizer final : public Tokenizer
{
public:
    /// From a checkpoint folder's spiece.model, and tokenizer_config.json if it is there.
    /// @throws FormatError naming the file: as UnigramModel::load(), of another kind than
    ///         SigLIP's, or without a piece for a mark; Error if a file cannot be read.
    [[nodiscard]] static SigLipTokenizer load(const std::filesystem::path& checkpoint);

    /// Ids of the text alone. @param text UTF-8.
    [[nodiscard]] std::vector<std::int64_t> encode(std::string_view text) const;

    [[nodiscard]] std::vector<std::int64_t> tokenize(std::string_view text,
                                                     std::size_t contextLength) const override;

    [[nodiscard]] std::int64_t endOfText() const override { return m_end.second; }

    [[nodiscard]] std::size_t vocabularySize() const override { return m_model.size(); }

    [[nodiscard]] std::int64_t highestId() const override
    {
        return std::int64_t(m_model.size()) - 1;
    }

private:
    using Mark = std::pair<std::string, std::int64_t>; ///< text and id

    explicit SigLipTokenizer(UnigramModel model)
        : m_model(std::move(model))
    {
    }

    void appendWords(std::string_view text, std::vector<std::int64_t>& ids) const;

    UnigramModel m_model;
    Mark m_end{"</s>", 0};
    Mark m_padding{"</s>", 0};
    Mark m_unknown{"<unk>", 0};
    std::size_t m_unknownPieces = 0; ///< that the text of the unknown mark itself has
    bool m_lowersCase = true;
};

} // namespace tagalign::model::text
