#include "app/demo/DemoPairs.h"

#include "app/demo/SceneComposer.h"

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSaveFile>

#include <stdexcept>

namespace tagalign::app {

namespace {

const char* const kJpeg = "JPEG";

[[noreturn]] void fail(const QString& file, const QString& reason)
{
    throw std::runtime_error(
        QStringLiteral("%1: cannot be written (%2)").arg(file, reason).toStdString());
}

QJsonObject truthOf(const PlacedObject& placed)
{
    QJsonArray attributes;
    if (placed.what.color >= 0) {
        attributes.append(demoColors().at(placed.what.color).name);
    }
    if (placed.what.surface >= 0) {
        attributes.append(demoSurfaces().at(placed.what.surface).name);
    }
    for (const QString& word : {placed.size, placed.place}) {
        if (!word.isEmpty()) {
            attributes.append(word);
        }
    }
    QJsonArray ownColors;
    for (const int color : placed.ownColors) {
        ownColors.append(demoColors().at(color).name);
    }
    return {{"object", placed.thing().noun},
            {"attributes", attributes},
            {"own_colors", ownColors},
            {"group", placed.group},
            {"box",
             QJsonArray{placed.box.x(), placed.box.y(), placed.box.width(), placed.box.height()}}};
}

void writeLines(const QString& file, const QByteArray& lines)
{
    QSaveFile target(file);
    if (!target.open(QIODevice::WriteOnly) || target.write(lines) != lines.size() ||
        !target.commit()) {
        fail(file, target.errorString());
    }
}

void writePicture(const QString& file, const QImage& image, const char* format)
{
    constexpr int kJpegQuality = 92;
    QSaveFile target(file);
    if (!target.open(QIODevice::WriteOnly) ||
        !image.save(&target, format, format == kJpeg ? kJpegQuality : -1) || !target.commit()) {
        fail(file, target.errorString());
    }
}

} // namespace

DemoPairsSettings pilotPairs(const DemoPilot& pilot, int count)
{
    return {.scenes = pilot.scenes, .seed = pilot.seed, .count = count, .testCount = count / 3};
}

bool writeDemoPairs(const QString& folder, const DemoPairsSettings& settings,
                    const std::function<bool(int)>& onScene)
{
    const QDir target(folder);
    if (!QDir().mkpath(target.filePath(QStringLiteral("truth/masks")))) {
        fail(folder, QStringLiteral("the folder cannot be made"));
    }
    SceneSettings scenes = settings.scenes;
    scenes.side = settings.side;
    scenes.withMask = true;
    SceneComposer composer(scenes, settings.seed);
    SceneCaptions writer(settings.noise, settings.seed);
    QByteArray captions;
    QByteArray truth;
    for (int i = 1; i <= settings.count; ++i) {
        const Scene scene = composer.next(); // always: the random streams must stay in step
        const QString name = QStringLiteral("scene_%1").arg(i, 5, 10, QLatin1Char('0'));
        QJsonArray texts;
        for (int caption = 0; caption < settings.captions; ++caption) {
            texts.append(
                writer.caption(scene, settings.languages.at(caption % settings.languages.size())));
        }
        QJsonArray objects;
        for (const PlacedObject& placed : scene.objects) {
            objects.append(truthOf(placed));
        }
        const QString mask = target.filePath("truth/masks/" + name + ".png");
        if (!QFile::exists(mask)) {
            writePicture(mask, scene.mask, "PNG");
        }
        const QString file = name + ".jpg";
        if (!QFile::exists(target.filePath(file))) {
            writePicture(target.filePath(file), scene.image, kJpeg);
        }
        QJsonObject line{{"file_name", file}, {"captions", texts}};
        if (settings.testCount > 0) {
            line["split"] = i > settings.count - settings.testCount ? "test" : "train";
        }
        captions += QJsonDocument(line).toJson(QJsonDocument::Compact) + '\n';
        truth += QJsonDocument(QJsonObject{{"file_name", file}, {"objects", objects}})
                     .toJson(QJsonDocument::Compact) +
                 '\n';
        if (!onScene(i)) {
            return false;
        }
    }
    writeLines(target.filePath(QStringLiteral("truth/objects.jsonl")), truth);
    writeLines(target.filePath(QStringLiteral("captions.jsonl")), captions);
    return true;
}

} // namespace tagalign::app
