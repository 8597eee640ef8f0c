#include "app/demo/SceneComposer.h"

#include <QStringList>

namespace tagalign::app {

namespace {

QString withArticle(const QString& words)
{
    const bool isVowel = QStringLiteral("aeiou").contains(words.front());
    return (isVowel ? QStringLiteral("an ") : QStringLiteral("a ")) + words;
}

const QStringList& openings()
{
    static const QStringList list{"%1",
                                  "%1",
                                  "a photo of %1",
                                  "a picture of %1",
                                  "%1 on display",
                                  "here is %1",
                                  "product photo: %1",
                                  "there is %1"};
    return list;
}

const QStringList& joints()
{
    static const QStringList list{" and ", " next to ", ", ", " with ", " beside "};
    return list;
}

const QStringList& chatter()
{
    static const QStringList list{", new in stock",       ", great value",   ", free shipping",
                                  ", customer favourite", ", limited offer", ", item no. 4471"};
    return list;
}

} // namespace

QString SceneComposer::phrase(const PlacedObject& object)
{
    QStringList words;
    if (!object.size.isEmpty() && chance(0.8)) {
        words.append(object.size);
    }
    if (object.surface >= 0 && chance(0.9)) {
        words.append(demoSurfaces().at(object.surface));
    }
    if (object.color >= 0 && chance(0.9)) {
        words.append(demoColors().at(object.color));
    }
    const int shown = chance(m_settings.wrongWordRate) ? pick(m_allowed) : object.object;
    words.append(m_sprites.objects().at(shown).noun);
    QString text = withArticle(words.join(QLatin1Char(' ')));
    if (!object.place.isEmpty() && chance(0.35)) {
        const bool isSide =
            object.place == QLatin1String("left") || object.place == QLatin1String("right");
        text += (isSide ? QStringLiteral(" on the ") : QStringLiteral(" at the ")) + object.place;
    }
    return text;
}

QString SceneComposer::caption(const Scene& scene)
{
    QStringList phrases;
    for (const PlacedObject& object : scene.objects) {
        const bool isLast = phrases.isEmpty() && &object == &scene.objects.last();
        if (isLast || !chance(m_settings.unmentionedRate)) {
            phrases.append(phrase(object));
        }
    }
    QString text = phrases.isEmpty() ? QStringLiteral("an empty table") : phrases.first();
    for (qsizetype i = 1; i < phrases.size(); ++i) {
        text += pick(joints()) + phrases.at(i);
    }
    text = pick(openings()).arg(text);
    return chance(m_settings.chatterRate) ? text + pick(chatter()) : text;
}

} // namespace tagalign::app
