#pragma once

#include "model/tags/japanese/JapanesePredicates.h"

#include <string_view>

namespace tagalign::model::tags {

/// Reads nouns, compounds and counts with their particles.
class NominalReader : public PredicateReader
{
public:
    using PredicateReader::PredicateReader;

protected:
    void readNominal();

private:
    [[nodiscard]] bool isNumber(std::size_t ahead = 0) const;
    [[nodiscard]] bool continuesNoun(std::size_t i) const;
    /// 男の人, 女の子: one thing, whatever the dictionary splits.
    [[nodiscard]] bool joinsPerson(std::size_t end) const;
    void readNumber();
    [[nodiscard]] bool isCountersTurn() const;
    /// Modifiers at the beginning (ステンレス鍋, 花柄ワンピース) become phrases of their own.
    void addNoun(std::size_t begin, std::size_t end);
    /// How many morphemes at the beginning are a modifier; a noun must be left.
    [[nodiscard]] std::size_t leadingModifier(std::size_t begin, std::size_t end) const;
    /// 食事中, 使用中
    [[nodiscard]] bool isUnderWay(std::size_t end) const;
    /// りんごの写真, りんご写真: the photo goes, and 机上: the place.
    [[nodiscard]] std::size_t withoutVague(std::size_t begin, std::size_t end) const;
    void addLastNoun(std::size_t begin, std::size_t end);
    /// もの, こと, とき, これ, 今日: nothing to be seen. Names of people and places are no tags.
    [[nodiscard]] bool isDependent(std::size_t begin, std::size_t end) const;
    [[nodiscard]] static bool isWrittenInKanji(std::string_view word);
    void addAdjectivalNoun(std::size_t begin, std::size_t end);
    void addQualityNoun(std::size_t begin, std::size_t end, Link link);
    void addThing(std::size_t begin, std::size_t end);
    /// The dictionary has 木の下 as one word.
    static void dropPlace(Phrase& phrase);
    /// 傷のある皿, ひびが入った壁: the flaw is the other's attribute.
    void readFeature(std::size_t begin, std::size_t end);
};

} // namespace tagalign::model::tags
