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

[[noreturn]] void fail(const QString& file, const QString& reason)
{
    throw std::runtime_error(
        QStringLiteral("%1: cannot be written (%2)").arg(file, reason).toStdString());
}

QJsonObject truthOf(const PlacedObject& placed, const QList<DemoObject>& objects)
{
    QJsonArray attributes;
    if (placed.color >= 0) {
        attributes.append(demoColors().at(placed.color));
    }
    if (placed.surface >= 0) {
        attributes.append(demoSurfaces().at(placed.surface));
    }
    for (const QString& word : {placed.size, placed.place}) {
        if (!word.isEmpty()) {
            attributes.append(word);
        }
    }
    return {{"object", objects.at(placed.object).noun},
            {"attributes", attributes},
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

void writePicture(const QString& file, const QImage& image)
{
    QSaveFile target(file);
    if (!target.open(QIODevice::WriteOnly) || !image.save(&target, "JPEG", 92) ||
        !target.commit()) {
        fail(file, target.errorString());
    }
}

} // namespace

bool writeDemoPairs(const QString& folder, const DemoPairsSettings& settings,
                    const std::function<bool(int)>& onScene)
{
    if (!QDir().mkpath(folder)) {
        fail(folder, QStringLiteral("the folder cannot be made"));
    }
    SceneComposer composer({.side = settings.side,
                            .minimumObjects = 2,
                            .maximumObjects = 4,
                            .colorRate = 0.7,
                            .surfaceRate = 0.35,
                            .shelfRate = 0.3,
                            .categories = {"food", "clothes", "tools", "household"}},
                           settings.seed);
    QByteArray captions;
    QByteArray truth;
    for (int i = 1; i <= settings.count; ++i) {
        const Scene scene = composer.next(); // always: the random stream must stay in step
        const QString name = QStringLiteral("scene_%1.jpg").arg(i, 5, 10, QLatin1Char('0'));
        QJsonArray texts;
        for (int caption = 0; caption < settings.captions; ++caption) {
            texts.append(composer.caption(scene));
        }
        QJsonArray objects;
        for (const PlacedObject& placed : scene.objects) {
            objects.append(truthOf(placed, composer.objects()));
        }
        const QString file = QDir(folder).filePath(name);
        if (!QFile::exists(file)) {
            writePicture(file, scene.image);
        }
        captions += QJsonDocument(QJsonObject{{"file_name", name}, {"captions", texts}})
                        .toJson(QJsonDocument::Compact) +
                    '\n';
        truth += QJsonDocument(QJsonObject{{"file_name", name}, {"objects", objects}})
                     .toJson(QJsonDocument::Compact) +
                 '\n';
        if (!onScene(i)) {
            return false;
        }
    }
    QDir(folder).mkpath(QStringLiteral("truth"));
    writeLines(QDir(folder).filePath(QStringLiteral("truth/objects.jsonl")), truth);
    writeLines(QDir(folder).filePath(QStringLiteral("captions.jsonl")), captions);
    return true;
}

} // namespace tagalign::app
