#pragma once

#include "app/demo/Sprites.h"

#include <QImage>
#include <QList>
#include <QRandomGenerator>
#include <QRect>
#include <QString>

#include <memory>
#include <optional>

namespace tagalign::app {

enum class Ground { Flat, Gradient, Wood, Metal, Cloth, Shelf };

/// How scenes are made. Rates and shares in [0, 1].
struct SceneSettings
{
    int side = 96; ///< pixels, square
    int minimumObjects = 1;
    int maximumObjects = 1;
    double colorRate = 0.6;   ///< objects that are repainted
    double surfaceRate = 0.0; ///< objects with a surface attribute
    double sizeRate = 0.3;    ///< objects that are large or small, where there are several
    double groupRate = 0.3;   ///< on shelves: places with two to four of the same
    QList<Ground> grounds{Ground::Flat, Ground::Gradient, Ground::Wood, Ground::Cloth};
    QStringList categories;         ///< of objects; empty: all
    QStringList surfaces;           ///< by name; empty: all
    bool withHeldOutObjects = true; ///< also those that pretraining never shows
    bool withMask = false;
};

/// One object of a scene: the truth about it.
struct PlacedObject
{
    SpriteKey what;
    QRect box;            ///< pixels
    QString size;         ///< "large", "small" or empty
    QString place;        ///< "left", "right", "top", "bottom" or empty
    QList<int> ownColors; ///< positions in demoColors(); of objects that were not repainted
    int group = 0;        ///< objects of one group are alike and stand side by side

    [[nodiscard]] const DemoObject& thing() const { return demoObjects().at(what.object); }
};

struct Scene
{
    QImage image; ///< RGB888
    QImage mask;  ///< Grayscale8: 0 ground, i + 1 where objects[i] is seen; null unless asked for
    QList<PlacedObject> objects;
};

/// Composes product-like scenes. Same seed and settings, same scenes. Not thread-safe.
class SceneComposer
{
public:
    /// @throws std::runtime_error as Sprites; or if no object is left to choose from.
    /// @param sprites shared with other composers of the same thread.
    SceneComposer(SceneSettings settings, quint32 seed,
                  std::shared_ptr<Sprites> sprites = std::make_shared<Sprites>());

    [[nodiscard]] Scene next();

    /// Positions in demoObjects() of what the scenes may show.
    [[nodiscard]] const QList<int>& objects() const { return m_allowed; }

private:
    void paintGround(QPainter& painter, Ground ground);
    [[nodiscard]] PlacedObject chooseObject();
    [[nodiscard]] QImage drawn(const PlacedObject& object, int longest, double mostTurn);
    [[nodiscard]] std::optional<QRect> freePlace(const QSize& size,
                                                 const QList<PlacedObject>& taken);
    void scatter(QPainter& painter, Scene& scene);
    void fillShelves(QPainter& painter, Scene& scene);
    void paintFiller(QPainter& painter, const QRect& box);
    void put(QPainter& painter, Scene& scene, PlacedObject object, const QImage& picture,
             const QPoint& corner);

    [[nodiscard]] bool chance(double rate) { return m_random.generateDouble() < rate; }

    [[nodiscard]] int below(int limit) { return int(m_random.bounded(quint32(limit))); }

    [[nodiscard]] double between(double low, double high)
    {
        return low + (high - low) * m_random.generateDouble();
    }

    SceneSettings m_settings;
    QRandomGenerator m_random;
    std::shared_ptr<Sprites> m_sprites;
    QList<int> m_allowed;
    QList<int> m_surfaces; ///< positions in demoSurfaces()
};

} // namespace tagalign::app
