#pragma once

#include <QCache>
#include <QHash>
#include <QImage>
#include <QList>
#include <QString>
#include <QStringList>

namespace tagalign::app {

/// A thing that scenes are made of.
struct DemoObject
{
    QString noun;
    QString japanese;
    QString synonym;        ///< what some captions call it, or empty
    QString category;       ///< "food", "clothes", "tools", …
    QString emoji;          ///< empty: only drawings
    QStringList drawings;   ///< files below openclipart's folder
    bool isHeldOut = false; ///< pretraining never shows it

    [[nodiscard]] int looks() const { return int(drawings.size()) + (emoji.isEmpty() ? 0 : 1); }
};

/// An attribute that can be painted, with the words for it.
struct DemoAttribute
{
    QString name;
    QString japanese; ///< as it stands before a noun
};

/// The objects of resources/demo/objects.json. @throws std::runtime_error
[[nodiscard]] const QList<DemoObject>& demoObjects();

/// The colours that objects are repainted in; their names are the attribute tags.
[[nodiscard]] const QList<DemoAttribute>& demoColors();

/// The surfaces that objects can have; their names are the attribute tags.
[[nodiscard]] const QList<DemoAttribute>& demoSurfaces();

/// What a sprite shows.
struct SpriteKey
{
    int object = 0;   ///< position in demoObjects()
    int look = 0;     ///< below DemoObject::looks(): the emoji, if any, then the drawings
    int color = -1;   ///< position in demoColors(), or -1 for its own
    int surface = -1; ///< position in demoSurfaces(), or -1 for plain
    int variant = 0;  ///< of kVariants random surfaces
};

/// Pictures of the objects, drawn from the font Noto Color Emoji and the openclipart drawings, and
/// kept while memory lasts. Needs a QGuiApplication. One instance for each thread.
class Sprites
{
public:
    /// @throws std::runtime_error if the font or the drawings are not installed.
    Sprites();

    /// The object cut out, ARGB32, its longest side `side` pixels or up to twice as many (kLargest
    /// at most): scaled down further it does not alias. @throws std::runtime_error
    [[nodiscard]] QImage sprite(const SpriteKey& key, int side);

    /// Colours that an object has by itself: those of at least a tenth of its pixels, as positions
    /// in demoColors(). @throws std::runtime_error
    [[nodiscard]] const QList<int>& ownColors(int object, int look);

    static constexpr int kLargest = 192; ///< pixels
    static constexpr int kVariants = 4;

private:
    [[nodiscard]] const QImage& plain(int object, int look);

    QHash<quint32, QImage> m_plain; ///< one for each look of an object, kLargest
    QHash<quint32, QList<int>> m_ownColors;
    QCache<quint32, QImage> m_made;
};

} // namespace tagalign::app
