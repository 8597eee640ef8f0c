#include "app/demo/SceneComposer.h"

#include <QPainter>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace tagalign::app {

namespace {

constexpr double kLarge = 0.62; ///< of the scene's side: a large object
constexpr double kUsual = 0.40;
constexpr double kSmall = 0.22;
constexpr double kMostOverlap = 0.15; ///< of the smaller of two boxes
constexpr int kPlacementTries = 12;
constexpr double kMostTurn = 20.0; ///< degrees, either way
constexpr double kNearMiddle = 0.17;
constexpr int kSolid = 128; ///< alpha from which a pixel is the object's

int area(const QRect& box)
{
    return box.isEmpty() ? 0 : box.width() * box.height();
}

/// Marks the picture's solid pixels with a number.
void mark(QImage& mask, const QImage& picture, const QPoint& corner, int number)
{
    const QRect seen = QRect(corner, picture.size()) & mask.rect();
    for (int y = seen.top(); y <= seen.bottom(); ++y) {
        const auto* from = reinterpret_cast<const QRgb*>(picture.constScanLine(y - corner.y()));
        uchar* row = mask.scanLine(y);
        for (int x = seen.left(); x <= seen.right(); ++x) {
            if (qAlpha(from[x - corner.x()]) >= kSolid) {
                row[x] = uchar(number);
            }
        }
    }
}

/// "left", "right", "top" or "bottom" of a square scene; empty near its middle.
QString placeOf(const QRect& box, int side)
{
    const double x = (box.x() + box.width() / 2.0) / side - 0.5;
    const double y = (box.y() + box.height() / 2.0) / side - 0.5;
    if (std::max(std::abs(x), std::abs(y)) <= kNearMiddle) {
        return {};
    }
    if (std::abs(x) > std::abs(y)) {
        return x < 0 ? QStringLiteral("left") : QStringLiteral("right");
    }
    return y < 0 ? QStringLiteral("top") : QStringLiteral("bottom");
}

} // namespace

SceneComposer::SceneComposer(SceneSettings settings, quint32 seed, std::shared_ptr<Sprites> sprites)
    : m_settings(std::move(settings)),
      m_random(seed),
      m_sprites(std::move(sprites))
{
    for (int i = 0; i < int(demoObjects().size()); ++i) {
        const DemoObject& object = demoObjects().at(i);
        const bool isWanted =
            m_settings.categories.isEmpty() || m_settings.categories.contains(object.category);
        if (isWanted && (m_settings.withHeldOutObjects || !object.isHeldOut)) {
            m_allowed.append(i);
        }
    }
    for (int i = 0; i < int(demoSurfaces().size()); ++i) {
        if (m_settings.surfaces.isEmpty() ||
            m_settings.surfaces.contains(demoSurfaces().at(i).name)) {
            m_surfaces.append(i);
        }
    }
    if (m_allowed.isEmpty() || m_surfaces.isEmpty() || m_settings.grounds.isEmpty()) {
        throw std::runtime_error("the scenes have no object, surface or ground to choose from; "
                                 "name other categories or surfaces");
    }
}

void SceneComposer::paintGround(QPainter& painter, Ground ground)
{
    const int side = m_settings.side;
    const int hue = below(360);
    const int saturation = below(60);
    const QColor first = QColor::fromHsv(hue, saturation, 150 + below(105));
    const double thin = std::max(side / 96.0, 1.0);
    switch (ground) {
    case Ground::Flat:
        painter.fillRect(0, 0, side, side, first);
        break;
    case Ground::Gradient: {
        QLinearGradient gradient(0, 0, below(side), side);
        gradient.setColorAt(0, first);
        gradient.setColorAt(1, first.darker(130));
        painter.fillRect(0, 0, side, side, gradient);
        break;
    }
    case Ground::Wood: {
        const int red = 150 + below(50);
        const QColor wood(red, 110 + below(40), 70);
        const int step = std::max(side / (3 + below(4)), 4);
        for (int y = 0; y < side; y += step) {
            painter.fillRect(0, y, side, step, wood.lighter(95 + below(12)));
            painter.fillRect(0, y, side, std::max(side / 96, 1), wood.darker(130));
        }
        break;
    }
    case Ground::Metal: { // brushed
        const int grey = 130 + below(60);
        QLinearGradient gradient(0, 0, side, below(side));
        gradient.setColorAt(0, QColor(grey, grey, grey + 6));
        gradient.setColorAt(between(0.3, 0.7), QColor(grey + 45, grey + 45, grey + 50));
        gradient.setColorAt(1, QColor(grey - 10, grey - 10, grey - 4));
        painter.fillRect(0, 0, side, side, gradient);
        for (int y = 0; y < side; y += std::max(side / 60, 2)) {
            painter.fillRect(0, y, side, 1, QColor(255, 255, 255, below(40)));
        }
        break;
    }
    case Ground::Cloth:
        painter.fillRect(0, 0, side, side, first);
        painter.setPen(QPen(first.darker(108), thin));
        for (int x = 0; x < side; x += std::max(side / 24, 3)) {
            painter.drawLine(x, 0, x, side);
            painter.drawLine(0, x, side, x);
        }
        break;
    case Ground::Shelf: // its boards come with what stands on them
        painter.fillRect(0, 0, side, side,
                         QColor::fromHsv(30 + below(20), 10 + below(30), 185 + below(50)));
        break;
    }
}

PlacedObject SceneComposer::chooseObject()
{
    PlacedObject object;
    object.what.object = m_allowed.at(below(int(m_allowed.size())));
    object.what.look = below(demoObjects().at(object.what.object).looks());
    if (chance(m_settings.colorRate)) {
        object.what.color = below(int(demoColors().size()));
    }
    if (chance(m_settings.surfaceRate)) {
        object.what.surface = m_surfaces.at(below(int(m_surfaces.size())));
        object.what.variant = below(Sprites::kVariants);
    }
    return object;
}

QImage SceneComposer::drawn(const PlacedObject& object, int longest, double mostTurn)
{
    const QImage sprite = m_sprites->sprite(object.what, longest);
    QTransform turn;
    turn.rotate(between(-mostTurn, mostTurn));
    const double scale = double(longest) / std::max(sprite.width(), sprite.height());
    turn.scale(chance(0.5) ? -scale : scale, scale);
    return sprite.transformed(turn, Qt::SmoothTransformation)
        .convertToFormat(QImage::Format_ARGB32_Premultiplied);
}

std::optional<QRect> SceneComposer::freePlace(const QSize& size, const QList<PlacedObject>& taken)
{
    for (int attempt = 0; attempt < kPlacementTries; ++attempt) {
        const int x = below(std::max(m_settings.side - size.width(), 1));
        const int y = below(std::max(m_settings.side - size.height(), 1));
        const QRect box(QPoint(x, y), size);
        const bool isFree = std::none_of(taken.begin(), taken.end(), [&](const PlacedObject& o) {
            return area(box & o.box) > kMostOverlap * std::min(area(box), area(o.box));
        });
        if (isFree) {
            return box;
        }
    }
    return std::nullopt;
}

void SceneComposer::put(QPainter& painter, Scene& scene, PlacedObject object, const QImage& picture,
                        const QPoint& corner)
{
    painter.drawImage(corner, picture);
    object.box = QRect(corner, picture.size()) & scene.image.rect();
    if (m_settings.maximumObjects > 1) {
        object.place = placeOf(object.box, m_settings.side);
    }
    if (m_settings.withMask && object.what.color < 0) {
        object.ownColors = m_sprites->ownColors(object.what.object, object.what.look);
    }
    scene.objects.append(object);
    if (!scene.mask.isNull()) {
        mark(scene.mask, picture, corner, int(scene.objects.size()));
    }
}

void SceneComposer::scatter(QPainter& painter, Scene& scene)
{
    const int count = m_settings.minimumObjects +
                      below(m_settings.maximumObjects - m_settings.minimumObjects + 1);
    for (int i = 0; i < count; ++i) {
        PlacedObject object = chooseObject();
        object.group = i;
        double share = kUsual * between(0.85, 1.15);
        if (m_settings.maximumObjects == 1) {
            share = between(0.5, 0.95);
        } else if (chance(m_settings.sizeRate)) {
            object.size = chance(0.5) ? QStringLiteral("large") : QStringLiteral("small");
            share = object.size == QLatin1String("large") ? kLarge : kSmall;
        }
        const QImage picture = drawn(object, int(share * m_settings.side), kMostTurn);
        if (const auto box = freePlace(picture.size(), scene.objects)) {
            put(painter, scene, object, picture, box->topLeft());
        }
    }
}

void SceneComposer::paintFiller(QPainter& painter, const QRect& box)
{
    const int hue = below(360);
    const QColor color = QColor::fromHsv(hue, 20 + below(70), 120 + below(100));
    painter.fillRect(box, color);
    painter.fillRect(
        box.adjusted(box.width() / 6, box.height() / 4, -box.width() / 6, -box.height() / 3),
        color.lighter(125));
}

void SceneComposer::fillShelves(QPainter& painter, Scene& scene)
{
    const int side = m_settings.side;
    const int rows = m_settings.maximumObjects > 4 ? 2 + below(2) : 2;
    const int board = std::max(side / 28, 2);
    const int height = side / rows - board;
    const int wanted = m_settings.minimumObjects +
                       below(m_settings.maximumObjects - m_settings.minimumObjects + 1);
    const QColor wood = QColor(120 + below(30), 92 + below(20), 66);
    int group = 0;
    for (int row = 0; row < rows; ++row) {
        const int floor = (row + 1) * side / rows - board;
        painter.fillRect(0, floor, side, board, wood);
        const int inRow = (wanted * (row + 1)) / rows - (wanted * row) / rows;
        int x = below(side / 6 + 1);
        for (int i = 0; i < inRow;) {
            if (chance(0.25)) {
                const QRect box(x, floor - int(height * between(0.4, 0.85)),
                                int(height * between(0.3, 0.6)), 0);
                paintFiller(painter, {box.x(), box.y(), box.width(), floor - box.y()});
                x += box.width() + side / 40;
            }
            PlacedObject object = chooseObject();
            object.group = group++;
            const int copies = chance(m_settings.groupRate) ? 2 + below(3) : 1;
            const int longest = int(height * between(0.66, 0.9) * (copies > 2 ? 0.75 : 1.0));
            for (int copy = 0; copy < copies && i < inRow; ++copy, ++i) {
                const QImage picture = drawn(object, longest, 3.0);
                if (x + picture.width() > side + picture.width() / 5) {
                    i = inRow; // the board is full
                    break;
                }
                put(painter, scene, object, picture, {x, floor - picture.height()});
                x += picture.width() + int(side * between(-0.005, 0.04));
            }
        }
    }
}

Scene SceneComposer::next()
{
    const QSize size(m_settings.side, m_settings.side);
    Scene scene{QImage(size, QImage::Format_RGB32), {}, {}};
    if (m_settings.withMask) {
        scene.mask = QImage(size, QImage::Format_Grayscale8);
        scene.mask.fill(0);
    }
    QPainter painter(&scene.image);
    const Ground ground = m_settings.grounds.at(below(int(m_settings.grounds.size())));
    paintGround(painter, ground);
    if (ground == Ground::Shelf) {
        fillShelves(painter, scene);
    } else {
        scatter(painter, scene);
    }
    painter.end();
    scene.image = scene.image.convertToFormat(QImage::Format_RGB888);
    return scene;
}

} // namespace tagalign::app
