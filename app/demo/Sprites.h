#pragma once

#include <QHash>
#include <QImage>
#include <QList>
#include <QString>

namespace tagalign::app {

/// A thing that scenes are made of.
struct DemoObject
{
    QString emoji;
    QString noun;
    QString category;
};

/// The colours that objects are repainted in; their names are the attribute tags.
[[nodiscard]] const QList<QString>& demoColors();

/// The surfaces that objects can have; their names are the attribute tags.
[[nodiscard]] const QList<QString>& demoSurfaces();

/// Pictures of the objects, drawn once from the font Noto Color Emoji and kept. Needs a
/// QGuiApplication. One instance for each thread.
class Sprites
{
public:
    /// @throws std::runtime_error if the font is not installed.
    Sprites();

    [[nodiscard]] const QList<DemoObject>& objects() const { return m_objects; }

    /// The object cut out, premultiplied, longest side kSide pixels.
    /// @param color   position in demoColors(), or -1 for its own.
    /// @param surface position in demoSurfaces(), or -1 for plain.
    /// @param variant picks one of kVariants random surfaces.
    const QImage& sprite(int object, int color, int surface, int variant);

    static constexpr int kSide = 112;
    static constexpr int kVariants = 4;

private:
    QList<DemoObject> m_objects;
    QHash<quint32, QImage> m_sprites;
};

} // namespace tagalign::app
