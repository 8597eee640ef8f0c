#pragma once

#include "app/demo/Sprites.h"

#include <QImage>
#include <QList>
#include <QRandomGenerator>
#include <QRect>
#include <QString>

#include <optional>

namespace tagalign::app {

/// How scenes are made. Rates and shares in [0, 1].
struct SceneSettings
{
    int side = 96; ///< pixels, square
    int minimumObjects = 1;
    int maximumObjects = 1;
    double colorRate = 0.6;       ///< objects that are repainted
    double surfaceRate = 0.05;    ///< objects with a surface attribute
    double shelfRate = 0.0;       ///< scenes on shelves
    QList<QString> categories;    ///< of objects; empty: all
    double unmentionedRate = 0.2; ///< objects that captions leave out
    double wrongWordRate = 0.02;  ///< objects that captions call something else
    double chatterRate = 0.2;     ///< captions with sales talk
};

/// One object of a scene: the truth about it.
struct PlacedObject
{
    int object = 0;   ///< position in Sprites::objects()
    int color = -1;   ///< position in demoColors(), or -1
    int surface = -1; ///< position in demoSurfaces(), or -1
    QRect box;        ///< pixels
    QString size;     ///< "large", "small" or empty
    QString place;    ///< "left", "right", "top", "bottom" or empty
};

struct Scene
{
    QImage image; ///< RGB888
    QList<PlacedObject> objects;
};

/// Composes product-like scenes. Same seed and settings, same scenes. Not thread-safe.
class SceneComposer
{
public:
    SceneComposer(SceneSettings settings, quint32 seed);

    [[nodiscard]] Scene next();

    /// A caption of a scene, noisy as real ones are.
    [[nodiscard]] QString caption(const Scene& scene);

    [[nodiscard]] const QList<DemoObject>& objects() const { return m_sprites.objects(); }

private:
    void paintBackground(QPainter& painter);
    void paintShelves(QPainter& painter);
    [[nodiscard]] std::optional<QRect> freePlace(const QSize& size,
                                                 const QList<PlacedObject>& taken);
    void place(QPainter& painter, Scene& scene);
    [[nodiscard]] QString phrase(const PlacedObject& object);

    [[nodiscard]] bool chance(double rate) { return m_random.generateDouble() < rate; }

    template <class List>
    const auto& pick(const List& list)
    {
        return list[qsizetype(m_random.bounded(quint32(list.size())))];
    }

    SceneSettings m_settings;
    QRandomGenerator m_random;
    Sprites m_sprites;
    QList<int> m_allowed; ///< positions of the objects in use
};

} // namespace tagalign::app
