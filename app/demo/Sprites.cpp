#include "app/demo/Sprites.h"

#include <QFile>
#include <QFontDatabase>
#include <QFontMetrics>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QPainter>
#include <QPainterPath>
#include <QRandomGenerator>

#include <algorithm>
#include <stdexcept>

namespace tagalign::app {

namespace {

const QString kFont = QStringLiteral("Noto Color Emoji");

struct NamedColor
{
    QString name;
    QColor color;
};

const QList<NamedColor>& namedColors()
{
    static const QList<NamedColor> colors{
        {"red", QColor(214, 40, 40)},     {"orange", QColor(244, 128, 24)},
        {"yellow", QColor(246, 210, 40)}, {"green", QColor(44, 150, 64)},
        {"blue", QColor(40, 92, 206)},    {"purple", QColor(132, 60, 170)},
        {"pink", QColor(244, 140, 180)},  {"brown", QColor(122, 78, 44)},
        {"black", QColor(36, 36, 40)},    {"white", QColor(244, 244, 244)}};
    return colors;
}

QList<DemoObject> readObjects()
{
    QFile file(QStringLiteral(":/demo/objects.json"));
    if (!file.open(QIODevice::ReadOnly)) {
        throw std::runtime_error("the demo's list of objects is missing from the program");
    }
    QList<DemoObject> objects;
    const QJsonArray rows = QJsonDocument::fromJson(file.readAll()).array();
    for (const auto& value : rows) {
        const QJsonObject row = value.toObject();
        objects.append(
            {row["emoji"].toString(), row["noun"].toString(), row["category"].toString()});
    }
    return objects;
}

/// The smallest rectangle that holds all pixels that are not transparent.
QRect contentOf(const QImage& image)
{
    QRect content;
    for (int y = 0; y < image.height(); ++y) {
        const auto* row = reinterpret_cast<const QRgb*>(image.constScanLine(y));
        for (int x = 0; x < image.width(); ++x) {
            if (qAlpha(row[x]) > 16) {
                content |= QRect(x, y, 1, 1);
            }
        }
    }
    return content;
}

QImage drawEmoji(const QString& emoji)
{
    constexpr int kCanvas = 220;
    QImage canvas(kCanvas, kCanvas, QImage::Format_ARGB32_Premultiplied);
    canvas.fill(Qt::transparent);
    QPainter painter(&canvas);
    painter.setRenderHint(QPainter::SmoothPixmapTransform);
    QFont font(kFont);
    font.setPixelSize(140);
    painter.setFont(font);
    painter.drawText(canvas.rect(), Qt::AlignCenter, emoji);
    painter.end();
    const QRect content = contentOf(canvas);
    if (content.isEmpty()) {
        throw std::runtime_error("the font Noto Color Emoji cannot draw " + emoji.toStdString());
    }
    return canvas.copy(content)
        .scaled(Sprites::kSide, Sprites::kSide, Qt::KeepAspectRatio, Qt::SmoothTransformation)
        .convertToFormat(QImage::Format_ARGB32);
}

/// Repaints in one colour, keeping light and shade.
void tint(QImage& sprite, const QColor& color)
{
    const int colorGrey = qGray(color.rgb());
    for (int y = 0; y < sprite.height(); ++y) {
        auto* row = reinterpret_cast<QRgb*>(sprite.scanLine(y));
        for (int x = 0; x < sprite.width(); ++x) {
            // Shading around the colour itself: half the contrast of the original.
            const int shade = (qGray(row[x]) - 128) / 2;
            const int reach = colorGrey > 200 ? shade / 2 - 16 : shade;
            row[x] = qRgba(std::clamp(color.red() + reach, 0, 255),
                           std::clamp(color.green() + reach, 0, 255),
                           std::clamp(color.blue() + reach, 0, 255), qAlpha(row[x]));
        }
    }
}

void drawStripes(QPainter& painter, const QSize& size, QRandomGenerator& random)
{
    const int step = 12 + int(random.bounded(6));
    painter.rotate(random.bounded(2) == 0 ? 45 : -45);
    painter.setPen(QPen(QColor(255, 255, 255, 210), step * 0.45));
    const int reach = size.width() + size.height();
    for (int x = -reach; x < reach; x += step) {
        painter.drawLine(x, -reach, x, reach);
    }
}

void drawDots(QPainter& painter, const QSize& size, QRandomGenerator& random)
{
    const int step = 16 + int(random.bounded(6));
    painter.setPen(Qt::NoPen);
    painter.setBrush(QColor(255, 255, 255, 220));
    for (int y = 0; y < size.height(); y += step) {
        for (int x = (y / step % 2) * step / 2; x < size.width(); x += step) {
            painter.drawEllipse(QPointF(x, y), step * 0.27, step * 0.27);
        }
    }
}

void drawCheques(QPainter& painter, const QSize& size, QRandomGenerator& random)
{
    const int step = 12 + int(random.bounded(5));
    for (int y = 0; y * step < size.height(); ++y) {
        for (int x = 0; x * step < size.width(); ++x) {
            if ((x + y) % 2 == 0) {
                painter.fillRect(x * step, y * step, step, step, QColor(20, 20, 20, 190));
            }
        }
    }
}

void drawCracks(QPainter& painter, const QSize& size, QRandomGenerator& random)
{
    for (int crack = 0; crack < 3; ++crack) {
        QPointF point(random.bounded(size.width()), random.bounded(size.height() / 2));
        QPainterPath path(point);
        for (int i = 0; i < 7; ++i) {
            point += QPointF(random.bounded(30) - 15, random.bounded(16));
            path.lineTo(point);
        }
        painter.setPen(QPen(QColor(15, 12, 10, 235), 2.5 + random.bounded(2.0)));
        painter.drawPath(path);
    }
}

void drawBlotches(QPainter& painter, const QSize& size, QRandomGenerator& random,
                  const QColor& color, int count, int largest)
{
    painter.setPen(Qt::NoPen);
    for (int i = 0; i < count; ++i) {
        QColor shade = color.lighter(80 + int(random.bounded(45)));
        shade.setAlpha(150 + int(random.bounded(90)));
        painter.setBrush(shade);
        painter.drawEllipse(QPointF(random.bounded(size.width()), random.bounded(size.height())),
                            4 + random.bounded(largest), 4 + random.bounded(largest));
    }
}

void drawScratches(QPainter& painter, const QSize& size, QRandomGenerator& random)
{
    for (int i = 0; i < 9; ++i) {
        const QPointF start(random.bounded(size.width()), random.bounded(size.height()));
        painter.setPen(QPen(QColor(250, 250, 250, 230), 1.2));
        painter.drawLine(start, start + QPointF(20 + random.bounded(35), random.bounded(24) - 12));
    }
}

void drawSurface(QImage& sprite, int surface, int variant)
{
    QRandomGenerator random(quint32(surface * 97 + variant + 1));
    QPainter painter(&sprite);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setCompositionMode(QPainter::CompositionMode_SourceAtop); // stays on the object
    const QSize size = sprite.size();
    switch (surface) {
    case 0:
        drawStripes(painter, size, random);
        break;
    case 1:
        drawDots(painter, size, random);
        break;
    case 2:
        drawCheques(painter, size, random);
        break;
    case 3:
        drawCracks(painter, size, random);
        break;
    case 4:
        drawBlotches(painter, size, random, QColor(150, 74, 24), 34, 14);
        break;
    case 5:
        drawBlotches(painter, size, random, QColor(70, 56, 30), 4, 22);
        break;
    default:
        drawScratches(painter, size, random);
        break;
    }
}

} // namespace

const QList<QString>& demoColors()
{
    static const QList<QString> names = [] {
        QList<QString> list;
        for (const NamedColor& color : namedColors()) {
            list.append(color.name);
        }
        return list;
    }();
    return names;
}

const QList<QString>& demoSurfaces()
{
    static const QList<QString> names{"striped", "dotted",  "chequered", "cracked",
                                      "rusty",   "stained", "scratched"};
    return names;
}

Sprites::Sprites()
    : m_objects(readObjects())
{
    if (!QFontDatabase::families().contains(kFont)) {
        throw std::runtime_error("the demo draws with the font Noto Color Emoji, which is not "
                                 "installed; install the package fonts-noto-color-emoji");
    }
}

const QImage& Sprites::sprite(int object, int color, int surface, int variant)
{
    const quint32 key = quint32(object) << 16U | quint32(color + 1) << 8U |
                        quint32(surface + 1) << 4U | quint32(surface < 0 ? 0 : variant);
    if (const auto found = m_sprites.find(key); found != m_sprites.end()) {
        return *found;
    }
    const quint32 plainKey = quint32(object) << 16U;
    if (!m_sprites.contains(plainKey)) {
        m_sprites.insert(plainKey, drawEmoji(m_objects.at(object).emoji));
    }
    QImage sprite = m_sprites.value(plainKey);
    if (color >= 0) {
        tint(sprite, namedColors().at(color).color);
    }
    if (surface >= 0) {
        drawSurface(sprite, surface, variant);
    }
    return *m_sprites.insert(key, sprite);
}

} // namespace tagalign::app
