#include "app/demo/SceneComposer.h"

#include <QPainter>

#include <algorithm>
#include <cmath>

namespace tagalign::app {

namespace {

constexpr double kLargest = 0.62; ///< of the scene's side: a large object
constexpr double kUsual = 0.40;
constexpr double kSmallest = 0.22; ///< a small one
constexpr double kMostOverlap = 0.15;
constexpr int kPlacementTries = 12;

} // namespace

SceneComposer::SceneComposer(SceneSettings settings, quint32 seed)
    : m_settings(std::move(settings)),
      m_random(seed)
{
    for (int i = 0; i < int(m_sprites.objects().size()); ++i) {
        if (m_settings.categories.isEmpty() ||
            m_settings.categories.contains(m_sprites.objects().at(i).category)) {
            m_allowed.append(i);
        }
    }
}

void SceneComposer::paintBackground(QPainter& painter)
{
    const int side = m_settings.side;
    const QColor first = QColor::fromHsv(int(m_random.bounded(360)), int(m_random.bounded(60)),
                                         150 + int(m_random.bounded(105)));
    switch (m_random.bounded(4)) {
    case 0:
        painter.fillRect(0, 0, side, side, first);
        break;
    case 1: {
        QLinearGradient gradient(0, 0, m_random.bounded(side), side);
        gradient.setColorAt(0, first);
        gradient.setColorAt(1, first.darker(130));
        painter.fillRect(0, 0, side, side, gradient);
        break;
    }
    case 2: { // boards
        const QColor wood(150 + int(m_random.bounded(50)), 110 + int(m_random.bounded(40)), 70);
        const int step = std::max(side / (3 + int(m_random.bounded(4))), 4);
        for (int y = 0; y < side; y += step) {
            painter.fillRect(0, y, side, step, wood.lighter(95 + int(m_random.bounded(12))));
            painter.fillRect(0, y, side, std::max(side / 96, 1), wood.darker(130));
        }
        break;
    }
    default: { // cloth
        painter.fillRect(0, 0, side, side, first);
        painter.setPen(QPen(first.darker(108), std::max(side / 96.0, 1.0)));
        for (int x = 0; x < side; x += std::max(side / 24, 3)) {
            painter.drawLine(x, 0, x, side);
            painter.drawLine(0, x, side, x);
        }
    }
    }
}

void SceneComposer::paintShelves(QPainter& painter)
{
    const int side = m_settings.side;
    painter.fillRect(0, 0, side, side, QColor(222, 216, 204));
    const int rows = 2 + int(m_random.bounded(2));
    for (int row = 1; row <= rows; ++row) {
        painter.fillRect(0, row * side / rows - std::max(side / 24, 2), side,
                         std::max(side / 24, 2), QColor(128, 100, 72));
    }
}

std::optional<QRect> SceneComposer::freePlace(const QSize& size, const QList<PlacedObject>& taken)
{
    for (int attempt = 0; attempt < kPlacementTries; ++attempt) {
        const QRect box(int(m_random.bounded(std::max(m_settings.side - size.width(), 1))),
                        int(m_random.bounded(std::max(m_settings.side - size.height(), 1))),
                        size.width(), size.height());
        const bool isFree = std::none_of(taken.begin(), taken.end(), [&](const PlacedObject& o) {
            const QRect common = box & o.box;
            const int smaller =
                std::min(box.width() * box.height(), o.box.width() * o.box.height());
            return common.width() * common.height() > kMostOverlap * smaller;
        });
        if (isFree) {
            return box;
        }
    }
    return std::nullopt;
}

void SceneComposer::place(QPainter& painter, Scene& scene)
{
    PlacedObject placed{.object = pick(m_allowed)};
    if (chance(m_settings.colorRate)) {
        placed.color = int(m_random.bounded(quint32(demoColors().size())));
    }
    if (chance(m_settings.surfaceRate)) {
        placed.surface = int(m_random.bounded(quint32(demoSurfaces().size())));
    }
    double share = kUsual * (0.85 + 0.3 * m_random.generateDouble());
    const bool isAlone = m_settings.maximumObjects == 1;
    if (isAlone) {
        share = 0.5 + 0.45 * m_random.generateDouble();
    } else if (chance(0.3)) {
        placed.size = chance(0.5) ? QStringLiteral("large") : QStringLiteral("small");
        share = placed.size == QLatin1String("large") ? kLargest : kSmallest;
    }
    const QImage& sprite = m_sprites.sprite(placed.object, placed.color, placed.surface,
                                            int(m_random.bounded(Sprites::kVariants)));
    QTransform turn;
    turn.rotate(m_random.generateDouble() * 30.0 - 15.0);
    if (chance(0.5)) {
        turn.scale(-1.0, 1.0);
    }
    const double scale = share * m_settings.side / Sprites::kSide;
    turn.scale(scale, scale);
    const QImage turned = sprite.transformed(turn, Qt::SmoothTransformation);
    const auto box = freePlace(turned.size(), scene.objects);
    if (!box) {
        return;
    }
    painter.drawImage(box->topLeft(), turned);
    placed.box = *box & QRect(0, 0, m_settings.side, m_settings.side);
    if (!isAlone) {
        const double x = placed.box.center().x() / double(m_settings.side) - 0.5;
        const double y = placed.box.center().y() / double(m_settings.side) - 0.5;
        if (std::max(std::abs(x), std::abs(y)) > 0.17) {
            placed.place = std::abs(x) > std::abs(y)
                               ? (x < 0 ? QStringLiteral("left") : QStringLiteral("right"))
                               : (y < 0 ? QStringLiteral("top") : QStringLiteral("bottom"));
        }
    }
    scene.objects.append(placed);
}

Scene SceneComposer::next()
{
    Scene scene{QImage(m_settings.side, m_settings.side, QImage::Format_RGB32), {}};
    QPainter painter(&scene.image);
    painter.setRenderHint(QPainter::SmoothPixmapTransform);
    if (chance(m_settings.shelfRate)) {
        paintShelves(painter);
    } else {
        paintBackground(painter);
    }
    const int count =
        m_settings.minimumObjects +
        int(m_random.bounded(quint32(m_settings.maximumObjects - m_settings.minimumObjects + 1)));
    for (int i = 0; i < count; ++i) {
        place(painter, scene);
    }
    painter.end();
    scene.image = scene.image.convertToFormat(QImage::Format_RGB888);
    return scene;
}

} // namespace tagalign::app
