#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tagalign::model::tags {

/// What a Japanese noun is good for in a caption.
enum class NounClass {
    Thing,
    Material, ///< 木, ガラス, 革製: an attribute before の, a thing by itself
    Look,     ///< colour, pattern, shape or state: 赤, 花柄, 丸, 空: always an attribute
    Place,    ///< 左, 上, 中央: an attribute before の, a relation after it
    Vague,    ///< 写真, もの, 様子: never a tag
};

/// @param noun normalised; of several morphemes, the whole.
[[nodiscard]] NounClass nounClass(std::string_view noun);

/// Looks that take な before a noun: カラフル, シンプル.
[[nodiscard]] bool isAdjectival(std::string_view noun);

/// Whether a noun of material or look describes only with の: オレンジの皿, but オレンジジュース.
[[nodiscard]] bool needsParticle(std::string_view noun);

/// Whether a noun that ends so tells what another is like: 〜製, 〜柄, 〜付き, 〜用, ..
/// @param suffix the last morpheme.
[[nodiscard]] bool isQualitySuffix(std::string_view suffix);

/// Flaws and features that a thing "has": 傷のある, 光沢のある.
[[nodiscard]] bool isFeature(std::string_view noun);

/// つ, 個, 枚, 匹, ..: counts things, other than lengths, prices and dates do.
[[nodiscard]] bool isCounter(std::string_view suffix);

/// 一つ, 二つ, 2人, 十, 12 as digits, without the counter; nothing if it is no number.
[[nodiscard]] std::optional<std::string> numberOf(std::string_view word);

/// Verbs that say where or by what something is, not how: ある, 並ぶ, 写る, 覆う.
[[nodiscard]] bool isExistence(std::string_view verb);

/// One form for the names of a colour: 赤, 赤色 -> 赤い; 紫色 -> 紫. Others are left as they are.
[[nodiscard]] std::string colourForm(const std::string& word);

/// How many bytes of sales talk stand at the beginning of the text: 送料無料, 品番4471, 20%OFF.
/// @param text normalised.
[[nodiscard]] std::size_t salesTalk(std::string_view text);

} // namespace tagalign::model::tags
