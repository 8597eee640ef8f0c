#include "app/demo/Sprites.h"

#include <QDir>
#include <QFile>
#include <QFontDatabase>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLoggingCategory>
#include <QPainter>
#include <QPainterPath>
#include <QRandomGenerator>
#include <QSvgRenderer>

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace tagalign::app {

namespace {

const QString kFont = QStringLiteral("Noto Color Emoji");
const QString kDrawings = QStringLiteral("/usr/share/openclipart/svg/");
constexpr int kMadeBytes = 192 * 1024 * 1024;
constexpr int kSmallest = 24; ///< pixels, of the sizes that sprites are kept in

struct Paint
{
    DemoAttribute name;
    QColor color;
};

const QList<Paint>& paints()
{
    static const QList<Paint> list{{{"red", "赤い"}, QColor(214, 40, 40)},
                                   {{"orange", "オレンジ色の"}, QColor(244, 128, 24)},
                                   {{"yellow", "黄色い"}, QColor(246, 210, 40)},
                                   {{"green", "緑色の"}, QColor(44, 150, 64)},
                                   {{"blue", "青い"}, QColor(40, 92, 206)},
                                   {{"purple", "紫色の"}, QColor(132, 60, 170)},
                                   {{"pink", "ピンク色の"}, QColor(244, 140, 180)},
                                   {{"brown", "茶色い"}, QColor(122, 78, 44)},
                                   {{"black", "黒い"}, QColor(36, 36, 40)},
                                   {{"white", "白い"}, QColor(244, 244, 244)}};
    return list;
}

quint32 lookKey(int object, int look)
{
    return quint32(object) << 8U | quint32(look);
}

int nearestPaint(QRgb pixel)
{
    int nearest = 0;
    int least = std::numeric_limits<int>::max();
    for (int i = 0; i < int(paints().size()); ++i) {
        const QColor& color = paints().at(i).color;
        const int red = qRed(pixel) - color.red();
        const int green = qGreen(pixel) - color.green();
        const int blue = qBlue(pixel) - color.blue();
        const int distance = red * red + green * green + blue * blue;
        if (distance < least) {
            least = distance;
            nearest = i;
        }
    }
    return nearest;
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
        objects.append({.noun = row["noun"].toString(),
                        .japanese = row["japanese"].toString(),
                        .synonym = row["synonym"].toString(),
                        .category = row["category"].toString(),
                        .emoji = row["emoji"].toString(),
                        .drawings = row["drawings"].toVariant().toStringList(),
                        .isHeldOut = row["held_out"].toBool()});
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

/// What was drawn, cut out and brought to kLargest. @param name of it, for the error.
QImage trimmed(const QImage& canvas, const QString& name)
{
    const QRect content = contentOf(canvas);
    if (content.isEmpty()) {
        throw std::runtime_error("the demo cannot draw " + name.toStdString() +
                                 "; install the packages fonts-noto-color-emoji and "
                                 "openclipart-svg again");
    }
    return canvas.copy(content)
        .scaled(Sprites::kLargest, Sprites::kLargest, Qt::KeepAspectRatio, Qt::SmoothTransformation)
        .convertToFormat(QImage::Format_ARGB32);
}

QImage drawEmoji(const QString& emoji)
{
    QImage canvas(300, 300, QImage::Format_ARGB32_Premultiplied);
    canvas.fill(Qt::transparent);
    QPainter painter(&canvas);
    painter.setRenderHint(QPainter::SmoothPixmapTransform);
    QFont font(kFont);
    font.setPixelSize(200);
    painter.setFont(font);
    painter.drawText(canvas.rect(), Qt::AlignCenter, emoji);
    painter.end();
    return trimmed(canvas, emoji);
}

QImage drawDrawing(const QString& file)
{
    QSvgRenderer drawing(kDrawings + file);
    QSizeF size = drawing.defaultSize();
    size.scale(2.0 * Sprites::kLargest, 2.0 * Sprites::kLargest, Qt::KeepAspectRatio);
    QImage canvas(size.toSize().expandedTo({1, 1}), QImage::Format_ARGB32_Premultiplied);
    canvas.fill(Qt::transparent);
    QPainter painter(&canvas);
    painter.setRenderHint(QPainter::Antialiasing);
    drawing.render(&painter);
    painter.end();
    return trimmed(canvas, file);
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
    // Drawn as for a side of 112 pixels.
    const double scale = Sprites::kLargest / 112.0;
    painter.scale(scale, scale);
    const QSize size = sprite.size() / scale;
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

const QList<DemoObject>& demoObjects()
{
    static const QList<DemoObject> objects = readObjects();
    return objects;
}

const QList<DemoAttribute>& demoColors()
{
    static const QList<DemoAttribute> names = [] {
        QList<DemoAttribute> list;
        for (const Paint& paint : paints()) {
            list.append(paint.name);
        }
        return list;
    }();
    return names;
}

const QList<DemoAttribute>& demoSurfaces()
{
    static const QList<DemoAttribute> names{{"striped", "縞模様の"},     {"dotted", "水玉模様の"},
                                            {"chequered", "市松模様の"}, {"cracked", "ひび割れた"},
                                            {"rusty", "錆びた"},         {"stained", "染みのある"},
                                            {"scratched", "傷のある"}};
    return names;
}

Sprites::Sprites()
    : m_made(kMadeBytes)
{
    // Qt complains of what some drawings use besides SVG Tiny; they look right all the same.
    QLoggingCategory::setFilterRules(QStringLiteral("qt.svg=false"));
    if (!QFontDatabase::families().contains(kFont)) {
        throw std::runtime_error("the demo draws with the font Noto Color Emoji, which is not "
                                 "installed; install the package fonts-noto-color-emoji");
    }
    if (!QDir(kDrawings).exists()) {
        throw std::runtime_error("the demo draws with the openclipart drawings, which are not "
                                 "installed; install the package openclipart-svg");
    }
}

const QImage& Sprites::plain(int object, int look)
{
    const quint32 key = lookKey(object, look);
    if (const auto found = m_plain.constFind(key); found != m_plain.constEnd()) {
        return *found;
    }
    const DemoObject& thing = demoObjects().at(object);
    const int drawing = thing.emoji.isEmpty() ? look : look - 1;
    return *m_plain.insert(key, drawing < 0 ? drawEmoji(thing.emoji)
                                            : drawDrawing(thing.drawings.at(drawing)));
}

const QList<int>& Sprites::ownColors(int object, int look)
{
    constexpr int kShare = 10; // one pixel of so many
    const quint32 key = lookKey(object, look);
    if (const auto found = m_ownColors.constFind(key); found != m_ownColors.constEnd()) {
        return *found;
    }
    const QImage& image = plain(object, look);
    QList<int> pixels(paints().size(), 0);
    int solid = 0;
    for (int y = 0; y < image.height(); ++y) {
        const auto* row = reinterpret_cast<const QRgb*>(image.constScanLine(y));
        for (int x = 0; x < image.width(); ++x) {
            if (qAlpha(row[x]) >= 128) {
                ++pixels[nearestPaint(row[x])];
                ++solid;
            }
        }
    }
    QList<int> colors;
    for (int color = 0; color < int(pixels.size()); ++color) {
        if (pixels.at(color) * kShare >= solid) {
            colors.append(color);
        }
    }
    return *m_ownColors.insert(key, colors);
}

QImage Sprites::sprite(const SpriteKey& key, int side)
{
    int kept = kSmallest;
    int level = 0;
    while (kept < side && kept < kLargest) {
        kept *= 2;
        ++level;
    }
    const quint32 number = quint32(key.object) << 20U | quint32(key.look) << 16U |
                           quint32(key.color + 1) << 12U | quint32(key.surface + 1) << 8U |
                           quint32(key.surface < 0 ? 0 : key.variant) << 4U | quint32(level);
    if (const QImage* found = m_made.object(number)) {
        return *found;
    }
    QImage made = plain(key.object, key.look);
    if (key.color >= 0) {
        tint(made, paints().at(key.color).color);
    }
    if (key.surface >= 0) {
        drawSurface(made, key.surface, key.variant);
    }
    if (kept < kLargest) {
        made = made.scaled(kept, kept, Qt::KeepAspectRatio, Qt::SmoothTransformation);
    }
    m_made.insert(number, new QImage(made), qsizetype(made.sizeInBytes()));
    return made;
}

} // namespace tagalign::app
