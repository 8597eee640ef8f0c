#pragma once

#include "model/tags/japanese/JapanesePhraseBuilder.h"

#include <string>

namespace tagalign::model::tags {

/// Reads adjectives and verbs with what is inflected of them.
class PredicateReader : public PhraseBuilder
{
public:
    using PhraseBuilder::PhraseBuilder;

protected:
    void readAdjective();
    /// @param begin of a noun before する (破損した), else of the verb.
    void readVerbFrom(std::size_t begin);

private:
    /// "猫 いない", "赤く ない", "なし" after a bare noun.
    void negateLast();
    [[nodiscard]] bool isAuxiliaryVerb() const;
    /// 犬がいない庭, 車はありません: what is not there.
    void addExistence(bool isNegated);
    void addVerb(std::size_t begin, std::size_t head, std::size_t tail, bool isNegated);
    /// 割れています -> 割れている: as it would stand before a noun.
    [[nodiscard]] std::string plainForm(std::size_t begin, std::size_t tail) const;
};

} // namespace tagalign::model::tags
