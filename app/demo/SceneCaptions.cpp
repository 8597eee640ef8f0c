#include "app/demo/SceneCaptions.h"

#include <QStringList>

#include <map>

namespace tagalign::app {

namespace {

const QStringList& openings(CaptionLanguage language)
{
    static const QStringList english{"%1",
                                     "%1",
                                     "a photo of %1",
                                     "a picture of %1",
                                     "%1 on display",
                                     "here is %1",
                                     "product photo: %1",
                                     "there is %1",
                                     "close-up of %1",
                                     "we see %1"};
    static const QStringList japanese{"%1",       "%1の写真",     "%1があります",
                                      "%1の画像", "商品写真：%1", "%1が並んでいます"};
    return language == CaptionLanguage::English ? english : japanese;
}

const QStringList& chatter(CaptionLanguage language)
{
    static const QStringList english{", new in stock",       ", great value",   ", free shipping",
                                     ", customer favourite", ", limited offer", ", item no. 4471",
                                     ", ships tomorrow",     ", 20% off"};
    static const QStringList japanese{"、新入荷", "、送料無料", "、数量限定", "、人気商品",
                                      "、品番4471"};
    return language == CaptionLanguage::English ? english : japanese;
}

bool isPlural(const QString& noun)
{
    static const QStringList words{"grapes",   "jeans",    "glasses",   "shorts",
                                   "pancakes", "scissors", "headphones"};
    return words.contains(noun);
}

bool isMass(const QString& noun)
{
    static const QStringList words{"bread", "milk",   "bacon",    "soap",
                                   "corn",  "garlic", "broccoli", "cheese"};
    return words.contains(noun);
}

QString plural(const QString& noun)
{
    static const std::map<QString, QString> irregular{{"sheep", "sheep"},
                                                      {"fish", "fish"},
                                                      {"mouse", "mice"},
                                                      {"scarf", "scarves"},
                                                      {"tomato", "tomatoes"},
                                                      {"potato", "potatoes"},
                                                      {"strawberry", "strawberries"},
                                                      {"cherry", "cherries"},
                                                      {"battery", "batteries"},
                                                      {"trophy", "trophies"},
                                                      {"butterfly", "butterflies"}};
    if (isPlural(noun) || isMass(noun)) {
        return noun;
    }
    if (const auto found = irregular.find(noun); found != irregular.end()) {
        return found->second;
    }
    const bool hisses = noun.endsWith(QLatin1Char('s')) || noun.endsWith(QLatin1Char('x')) ||
                        noun.endsWith(QLatin1String("ch")) || noun.endsWith(QLatin1String("sh"));
    return noun + (hisses ? QStringLiteral("es") : QStringLiteral("s"));
}

QString numberWord(int count, CaptionLanguage language)
{
    static const QStringList english{"two", "three", "four"};
    static const QStringList japanese{"二つの", "三つの", "四つの"};
    return (language == CaptionLanguage::English ? english : japanese).at(count - 2);
}

QString japanesePlace(const QString& place)
{
    static const std::map<QString, QString> words{
        {"left", "左の"}, {"right", "右の"}, {"top", "上の"}, {"bottom", "下の"}};
    return words.at(place);
}

} // namespace

QString withArticle(const QString& words, const QString& noun)
{
    if (isPlural(noun) || isMass(noun)) {
        return words;
    }
    const bool isVowel = QStringLiteral("aeiou").contains(words.front());
    return (isVowel ? QStringLiteral("an ") : QStringLiteral("a ")) + words;
}

SceneCaptions::SceneCaptions(const CaptionNoise& noise, quint32 seed)
    : m_noise(noise),
      m_random(seed)
{
}

const DemoObject& SceneCaptions::wordFor(const PlacedObject& object)
{
    return chance(m_noise.wrongWord)
               ? demoObjects().at(qsizetype(m_random.bounded(quint32(demoObjects().size()))))
               : object.thing();
}

QString SceneCaptions::english(const PlacedObject& object, int count)
{
    QStringList words;
    if (count > 1) {
        words.append(numberWord(count, CaptionLanguage::English));
    }
    if (!object.size.isEmpty() && chance(0.8)) {
        words.append(object.size);
    }
    if (object.what.surface >= 0 && !chance(m_noise.untold)) {
        words.append(demoSurfaces().at(object.what.surface).name);
    }
    if (object.what.color >= 0 && !chance(m_noise.untold)) {
        words.append(demoColors().at(object.what.color).name);
    }
    const DemoObject& thing = wordFor(object);
    const bool isSynonym = !thing.synonym.isEmpty() && chance(m_noise.synonym);
    const QString noun = isSynonym ? thing.synonym : thing.noun;
    words.append(count > 1 ? plural(noun) : noun);
    QString text = words.join(QLatin1Char(' '));
    if (count == 1) {
        text = withArticle(text, noun);
    }
    if (count == 1 && !object.place.isEmpty() && chance(0.35)) {
        const bool isSide =
            object.place == QLatin1String("left") || object.place == QLatin1String("right");
        text += (isSide ? QStringLiteral(" on the ") : QStringLiteral(" at the ")) + object.place;
    }
    return text;
}

QString SceneCaptions::japanese(const PlacedObject& object, int count)
{
    QString text;
    if (count == 1 && !object.place.isEmpty() && chance(0.35)) {
        text += japanesePlace(object.place);
    }
    if (count > 1) {
        text += numberWord(count, CaptionLanguage::Japanese);
    }
    if (!object.size.isEmpty() && chance(0.8)) {
        text += object.size == QLatin1String("large") ? QStringLiteral("大きな")
                                                      : QStringLiteral("小さな");
    }
    if (object.what.surface >= 0 && !chance(m_noise.untold)) {
        text += demoSurfaces().at(object.what.surface).japanese;
    }
    if (object.what.color >= 0 && !chance(m_noise.untold)) {
        text += demoColors().at(object.what.color).japanese;
    }
    return text + wordFor(object).japanese;
}

QString SceneCaptions::caption(const Scene& scene, CaptionLanguage language)
{
    static const QStringList joints{" and ", " next to ", ", ", " with ", " beside "};
    std::map<int, int> counts;
    for (const PlacedObject& object : scene.objects) {
        ++counts[object.group];
    }
    QStringList phrases;
    int last = -1;
    for (const PlacedObject& object : scene.objects) {
        if (object.group == last) {
            continue;
        }
        last = object.group;
        const bool isLastHope = phrases.isEmpty() && object.group == scene.objects.last().group;
        if (isLastHope || !chance(m_noise.unmentioned)) {
            const int count = counts[object.group];
            phrases.append(language == CaptionLanguage::English ? english(object, count)
                                                                : japanese(object, count));
        }
    }
    const bool isEnglish = language == CaptionLanguage::English;
    if (phrases.isEmpty()) {
        phrases.append(isEnglish ? QStringLiteral("an empty table")
                                 : QStringLiteral("空のテーブル"));
    }
    QString text = phrases.first();
    for (qsizetype i = 1; i < phrases.size(); ++i) {
        text += (isEnglish ? pick(joints) : QStringLiteral("と")) + phrases.at(i);
    }
    text = pick(openings(language)).arg(text);
    if (chance(m_noise.chatter)) {
        text += pick(chatter(language));
    }
    return text;
}

} // namespace tagalign::app
