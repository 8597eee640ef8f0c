#include "model/tags/japanese/JapaneseLexicon.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <unordered_map>
#include <unordered_set>

namespace tagalign::model::tags {

namespace {

using Words = std::unordered_set<std::string_view>;

constexpr std::size_t kKana = 3; ///< bytes of a kana or kanji in UTF-8

const Words& materials()
{
    static const Words words{"木",
                             "木材",
                             "金属",
                             "鉄",
                             "鋼",
                             "革",
                             "皮",
                             "レザー",
                             "合皮",
                             "本革",
                             "ガラス",
                             "布",
                             "紙",
                             "石",
                             "竹",
                             "綿",
                             "コットン",
                             "毛",
                             "毛糸",
                             "ウール",
                             "絹",
                             "シルク",
                             "麻",
                             "リネン",
                             "銅",
                             "真鍮",
                             "ステンレス",
                             "アルミ",
                             "ゴム",
                             "デニム",
                             "陶器",
                             "磁器",
                             "セラミック",
                             "大理石",
                             "コンクリート",
                             "れんが",
                             "レンガ",
                             "煉瓦",
                             "段ボール",
                             "ダンボール",
                             "ナイロン",
                             "ポリエステル",
                             "ビニール",
                             "プラスチック",
                             "プラスティック",
                             "籐",
                             "ラタン",
                             "わら",
                             "藁",
                             "土",
                             "粘土",
                             "氷",
                             "フェルト",
                             "ニット",
                             "ホーロー",
                             "琺瑯",
                             "漆",
                             "樹脂",
                             "シリコン",
                             "スチール",
                             "アルミニウム",
                             "チタン",
                             "木目",
                             "空"};
    return words;
}

const Words& looks()
{
    static const Words words{
        "赤",           "青",       "緑",         "黄",           "黒",         "白",
        "紫",           "茶",       "紺",         "ピンク",       "オレンジ",   "ベージュ",
        "グレー",       "ブルー",   "レッド",     "グリーン",     "イエロー",   "ブラック",
        "ホワイト",     "ブラウン", "パープル",   "ネイビー",     "カーキ",     "ゴールド",
        "シルバー",     "金",       "銀",         "白黒",         "深緑",       "黄緑",
        "真紅",         "藍",       "朱",         "桃色",         "アイボリー", "縞",
        "縞模様",       "水玉",     "水玉模様",   "市松模様",     "チェック",   "ストライプ",
        "ボーダー",     "ドット",   "無地",       "迷彩",         "格子",       "格子縞",
        "モノクロ",     "レース",   "しま模様",   "しましま",     "まだら",     "グラデーション",
        "丸",           "四角",     "三角",       "六角",         "八角",       "楕円",
        "円形",         "球形",     "丸形",       "角形",         "角型",       "丸型",
        "長方形",       "正方形",   "三角形",     "四角形",       "楕円形",     "星形",
        "星型",         "ハート形", "ハート型",   "大型",         "小型",       "中型",
        "特大",         "大判",     "小ぶり",     "大きめ",       "小さめ",     "厚手",
        "薄手",         "細身",     "空っぽ",     "からっぽ",     "新品",       "中古",
        "未使用",       "使用済み", "裸",         "満開",         "生",         "手作り",
        "手編み",       "手描き",   "長袖",       "半袖",         "袖なし",     "ノースリーブ",
        "片手",         "両手",     "折りたたみ", "折り畳み",     "使い捨て",   "傷だらけ",
        "泥だらけ",     "錆だらけ", "さびだらけ", "ほこりだらけ", "しわくちゃ", "ボロボロ",
        "ぼろぼろ",     "ピカピカ", "ぴかぴか",   "ふわふわ",     "ふかふか",   "つるつる",
        "ツルツル",     "ざらざら", "ザラザラ",   "びしょ濡れ",   "ずぶ濡れ",   "無傷",
        "無色",         "無人",     "満員",       "野生",         "白髪",       "長髪",
        "金髪",         "黒髪",     "短髪",       "ヴィンテージ", "ビンテージ", "アンティーク",
        "キュービック", "つや消し", "マット",     "メタリック",   "蛍光",       "パステル",
        "カラー",       "夏",       "冬",         "春",           "秋",         "メンズ",
        "レディース",   "キッズ"};
    return words;
}

/// Looks that take な, whatever the dictionary has them for.
const Words& adjectivals()
{
    static const Words words{"カラフル",   "シンプル", "おしゃれ", "モダン",     "レトロ",
                             "ナチュラル", "ポップ",   "キュート", "エレガント", "スリム",
                             "コンパクト", "新鮮",     "透明",     "半透明"};
    return words;
}

const Words& places()
{
    static const Words words{
        "左",   "右",   "上",   "下",     "左側",   "右側", "上側",   "下側",   "左上", "右上",
        "左下", "右下", "左端", "右端",   "上部",   "下部", "真ん中", "まん中", "中央", "中心",
        "手前", "奥",   "前",   "後ろ",   "うしろ", "隣",   "となり", "横",     "そば", "側",
        "近く", "間",   "中",   "外",     "内側",   "外側", "周り",   "まわり", "周囲", "向こう",
        "脇",   "裏",   "裏側", "表",     "端",     "隅",   "先",     "上段",   "下段", "中段",
        "下",   "うえ", "した", "ひだり", "みぎ"};
    return words;
}

const Words& vague()
{
    static const Words words{"写真",       "画像",     "イメージ", "商品写真", "商品画像",
                             "商品",       "製品",     "様子",     "光景",     "場面",
                             "シーン",     "状態",     "アップ",   "接写",     "拡大",
                             "拡大写真",   "感じ",     "タイプ",   "種類",     "もの",
                             "物",         "こと",     "ところ",   "場所",     "部分",
                             "箇所",       "一部",     "方",       "一枚",     "一つ",
                             "一種",       "サイズ",   "デザイン", "スタイル", "数",
                             "多数",       "たくさん", "いくつか", "すべて",   "全て",
                             "全部",       "全体",     "色",       "柄",       "それぞれ",
                             "各種",       "その他",   "仕様",     "使用",     "クローズアップ",
                             "セット",     "絵",       "図",       "構図",     "撮影",
                             "展示",       "陳列",     "販売",     "発売",     "おすすめ",
                             "オススメ",   "品",       "ほか",     "いろいろ", "いっぱい",
                             "異常",       "問題",     "点",       "検品",     "検査",
                             "確認",       "女性用",   "男性用",   "新作",     "盛り合わせ",
                             "詰め合わせ", "白地",     "黒地",     "赤地",     "紺地",
                             "青地"};
    return words;
}

const Words& features()
{
    static const Words words{"傷",   "キズ",     "きず",   "染み",   "シミ",       "しみ",   "ひび",
                             "ヒビ", "ひび割れ", "亀裂",   "汚れ",   "錆",         "サビ",   "さび",
                             "穴",   "へこみ",   "凹み",   "割れ",   "欠け",       "破れ",   "焦げ",
                             "しわ", "シワ",     "模様",   "艶",     "つや",       "ツヤ",   "光沢",
                             "丸み", "厚み",     "高級感", "透明感", "色あせ",     "色褪せ", "カビ",
                             "かび", "剥がれ",   "ムラ",   "むら",   "引っかき傷", "擦り傷", "凹凸",
                             "歪み", "ゆがみ",   "曇り",   "水滴",   "ほつれ",     "毛玉"};
    return words;
}

/// Endings that make a colour or a material of any word, and words that only look like it.
bool endsAsLook(std::string_view noun)
{
    static const Words others{"景色", "特色", "異色", "音色", "顔色",   "物色",  "原色",
                              "間柄", "人柄", "事柄", "家柄", "空模様", "台風",  "春風",
                              "北風", "潮風", "突風", "強風", "屏風",   "そよ風"};
    static constexpr std::array<std::string_view, 8> kEndings{"色",     "柄",   "模様",   "製",
                                                              "サイズ", "造り", "仕上げ", "風"};
    return !others.contains(noun) &&
           std::any_of(kEndings.begin(), kEndings.end(), [noun](std::string_view ending) {
               return noun.size() > ending.size() && noun.ends_with(ending);
           });
}

struct SalesPhrase
{
    std::string_view words;
    bool withNumber = false; ///< an article number follows
};

/// Longer ones before those that they begin with.
constexpr std::array<SalesPhrase, 60> kSalesTalk{{
    {"送料無料"},
    {"送料込み"},
    {"送料込"},
    {"送料別"},
    {"新入荷"},
    {"再入荷"},
    {"入荷しました"},
    {"入荷"},
    {"数量限定"},
    {"期間限定"},
    {"在庫限り"},
    {"在庫あり"},
    {"在庫処分"},
    {"人気商品"},
    {"大人気"},
    {"人気No.1"},
    {"人気"},
    {"新商品"},
    {"新発売"},
    {"新作"},
    {"売れ筋"},
    {"お買い得"},
    {"お買得"},
    {"激安"},
    {"特価"},
    {"セール中"},
    {"セール"},
    {"バーゲン"},
    {"半額"},
    {"割引"},
    {"ポイント10倍"},
    {"ポイント"},
    {"あす楽"},
    {"即納"},
    {"即日発送"},
    {"当日発送"},
    {"翌日発送"},
    {"翌日配送"},
    {"翌日配達"},
    {"予約受付中"},
    {"予約販売"},
    {"おすすめ商品"},
    {"正規品"},
    {"公式"},
    {"ギフトに最適"},
    {"ギフト対応"},
    {"ラッピング対応"},
    {"返品可"},
    {"返品不可"},
    {"訳あり"},
    {"税込み"},
    {"税込"},
    {"税抜"},
    {"限定品"},
    {"限定"},
    {"品番", true},
    {"型番", true},
    {"商品番号", true},
    {"商品コード", true},
    {"JAN", true},
}};

bool isCode(char c)
{
    const auto byte = static_cast<unsigned char>(c);
    return std::isalnum(byte) != 0 || c == '-' || c == ':' || c == '.' || c == '/' || c == ' ' ||
           c == '#';
}

/// "20%OFF", "1,980円": bytes of it, else 0.
std::size_t priceLength(std::string_view text)
{
    std::size_t digits = 0;
    while (digits < text.size() &&
           (std::isdigit(static_cast<unsigned char>(text[digits])) != 0 || text[digits] == ',')) {
        ++digits;
    }
    if (digits > 0) {
        for (const std::string_view unit : {"%OFF", "%off", "% OFF", "%引き", "%割引", "%オフ",
                                            "円OFF", "円引き", "円", "割引"}) {
            if (text.substr(digits).starts_with(unit)) {
                return digits + unit.size();
            }
        }
    }
    return 0;
}

std::optional<int> digitOf(std::string_view character)
{
    static constexpr std::array<std::string_view, 10> kDigits{"〇", "一", "二", "三", "四",
                                                              "五", "六", "七", "八", "九"};
    const auto* const found = std::find(kDigits.begin(), kDigits.end(), character);
    return found == kDigits.end() ? std::nullopt : std::optional(int(found - kDigits.begin()));
}

} // namespace

NounClass nounClass(std::string_view noun)
{
    return vague().contains(noun)                                             ? NounClass::Vague
           : materials().contains(noun)                                       ? NounClass::Material
           : places().contains(noun)                                          ? NounClass::Place
           : looks().contains(noun) || isAdjectival(noun) || endsAsLook(noun) ? NounClass::Look
                                                                              : NounClass::Thing;
}

bool isAdjectival(std::string_view noun)
{
    return adjectivals().contains(noun);
}

bool needsParticle(std::string_view noun)
{
    static const Words words{"オレンジ", "茶",         "空",       "丸", "生", "夏",     "冬",
                             "春",       "秋",         "土",       "毛", "皮", "レース", "チェック",
                             "カラー",   "折りたたみ", "折り畳み", "金", "銀", "紙",     "氷"};
    return words.contains(noun);
}

bool isQualitySuffix(std::string_view suffix)
{
    static const Words words{"製",     "柄",   "付き",   "付",     "つき",   "入り", "入",   "用",
                             "風",     "状",   "系",     "だらけ", "まみれ", "済み", "張り", "造り",
                             "仕上げ", "向け", "サイズ", "色",     "ぎみ",   "気味", "的",   "姿"};
    return words.contains(suffix);
}

bool isFeature(std::string_view noun)
{
    return features().contains(noun);
}

bool isCounter(std::string_view suffix)
{
    static const Words words{"つ", "個", "コ",   "こ", "ケ", "本", "枚", "台",   "匹",   "頭",
                             "羽", "人", "冊",   "足", "着", "脚", "杯", "軒",   "両",   "機",
                             "隻", "玉", "切れ", "袋", "組", "名", "輪", "粒",   "缶",   "束",
                             "膳", "丁", "棟",   "艘", "片", "株", "皿", "箱",   "対",   "棚",
                             "基", "面", "房",   "尾", "体", "艇", "帖", "か所", "箇所", "人組"};
    return words.contains(suffix);
}

std::optional<std::string> numberOf(std::string_view word)
{
    static const std::unordered_map<std::string_view, std::string_view> spelled{
        {"ひとつ", "1"}, {"ふたつ", "2"},   {"みっつ", "3"}, {"三つ", "3"},
        {"よっつ", "4"}, {"いつつ", "5"},   {"むっつ", "6"}, {"ななつ", "7"},
        {"やっつ", "8"}, {"ここのつ", "9"}, {"ひとり", "1"}, {"ふたり", "2"}};
    if (const auto found = spelled.find(word); found != spelled.end()) {
        return std::string(found->second);
    }
    for (const std::string_view counter : {"つ", "人"}) {
        if (word.size() > counter.size() && word.ends_with(counter)) {
            word.remove_suffix(counter.size());
        }
    }
    if (!word.empty() && std::all_of(word.begin(), word.end(),
                                     [](unsigned char c) { return std::isdigit(c) != 0; })) {
        return std::string(word);
    }
    int value = 0; // below a hundred: 二十三
    int digit = 0;
    for (std::string_view rest = word; !rest.empty(); rest.remove_prefix(kKana)) {
        const std::string_view character = rest.substr(0, kKana);
        if (const auto found = digitOf(character)) {
            digit = *found;
        } else if (character == "十") {
            value = 10 * std::max(digit, 1);
            digit = 0;
        } else {
            return std::nullopt;
        }
    }
    return word.empty() ? std::nullopt : std::optional(std::to_string(value + digit));
}

bool isExistence(std::string_view verb)
{
    static const Words words{
        "ある", "有る", "いる", "居る",       "並ぶ",     "並べる",   "見える",  "写る", "映る",
        "置く", "写す", "撮る", "する",       "なる",     "できる",   "載る",    "のる", "入る",
        "おく", "飾る", "続く", "ございます", "ござる",   "やる",     "くる",    "来る", "見る",
        "使う", "覆う", "囲む", "包む",       "覆われる", "囲まれる", "包まれる"};
    return words.contains(verb);
}

std::string colourForm(const std::string& word)
{
    static const std::unordered_map<std::string_view, std::string_view> adjectives{
        {"赤", "赤い"},   {"青", "青い"},     {"白", "白い"},       {"黒", "黒い"},
        {"黄", "黄色い"}, {"黄色", "黄色い"}, {"茶", "茶色い"},     {"茶色", "茶色い"},
        {"丸", "丸い"},   {"四角", "四角い"}, {"大きな", "大きい"}, {"小さな", "小さい"}};
    constexpr std::string_view kColour = "色";
    std::string plain = word;
    if (word.ends_with(kColour)) {
        plain.resize(word.size() - kColour.size());
    }
    if (const auto found = adjectives.find(plain); found != adjectives.end()) {
        return std::string(found->second);
    }
    // 水色, 灰色, 金色 are words of their own; 紫色, ピンク色 say the same as 紫, ピンク.
    static const Words same{"紫", "緑", "紺", "ピンク", "オレンジ", "ベージュ"};
    return same.contains(plain) ? plain : word;
}

std::size_t salesTalk(std::string_view text)
{
    for (const SalesPhrase& phrase : kSalesTalk) {
        if (text.starts_with(phrase.words)) {
            std::size_t length = phrase.words.size();
            while (phrase.withNumber && length < text.size() && isCode(text[length])) {
                ++length;
            }
            return length;
        }
    }
    return priceLength(text);
}

} // namespace tagalign::model::tags
