#include "app/jobs/PretrainJob.h"

#include "app/demo/SceneComposer.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSaveFile>

namespace tagalign::app {

namespace {

constexpr quint32 kTestSeed = 95'000; ///< training uses the settings' seed, the demo 90,001
constexpr int kCurveEvery = 100;      ///< steps

void appendPixels(const QImage& image, std::vector<std::uint8_t>& rgb)
{
    for (int y = 0; y < image.height(); ++y) {
        const uchar* row = image.constScanLine(y);
        rgb.insert(rgb.end(), row, row + std::ptrdiff_t(image.width()) * 3);
    }
}

/// Nouns and colours in one list of classes.
std::vector<std::int64_t> classesOf(const Scene& scene, qsizetype nouns)
{
    std::vector<std::int64_t> classes;
    for (const PlacedObject& placed : scene.objects) {
        classes.push_back(placed.object);
        if (placed.color >= 0) {
            classes.push_back(nouns + placed.color);
        }
    }
    return classes;
}

/// Makes batches: single objects at first, then also cluttered scenes and shelves.
class BatchMaker
{
public:
    explicit BatchMaker(const model::pipeline::PretrainSettings& settings)
        : m_single({.side = settings.firstSide, .surfaceRate = 0.04}, quint32(settings.seed)),
          m_singleLater({.side = settings.side, .surfaceRate = 0.04}, quint32(settings.seed + 1)),
          m_cluttered({.side = settings.side,
                       .minimumObjects = 2,
                       .maximumObjects = 4,
                       .surfaceRate = 0.04,
                       .shelfRate = 0.35},
                      quint32(settings.seed + 2))
    {
    }

    [[nodiscard]] qsizetype nouns() const { return m_single.objects().size(); }

    model::pipeline::PretrainBatch make(int count, bool isFirst)
    {
        model::pipeline::PretrainBatch batch;
        for (int i = 0; i < count; ++i) {
            SceneComposer& composer = isFirst ? m_single : i % 3 == 0 ? m_singleLater : m_cluttered;
            const Scene scene = composer.next();
            appendPixels(scene.image, batch.rgb);
            batch.captions.push_back(composer.caption(scene).toStdString());
            batch.classes.push_back(classesOf(scene, nouns()));
        }
        return batch;
    }

private:
    SceneComposer m_single;
    SceneComposer m_singleLater;
    SceneComposer m_cluttered;
};

void writeRecord(const QString& folder, const QJsonObject& record)
{
    QSaveFile file(folder + QStringLiteral("/training.json"));
    if (!file.open(QIODevice::WriteOnly) ||
        file.write(QJsonDocument(record).toJson(QJsonDocument::Indented)) < 0 || !file.commit()) {
        throw model::Error(file.fileName().toStdString() +
                           ": cannot be written; free disk space and run again");
    }
}

QString withArticle(const QString& word)
{
    return (QStringLiteral("aeiou").contains(word.front()) ? QStringLiteral("an ")
                                                           : QStringLiteral("a ")) +
           word;
}

} // namespace

QString PretrainSummary::sentence() const
{
    return QCoreApplication::translate(
               "Pretrain", "On held-out scenes: %1 of %2 nouns first, %3 among five; %4 of %5 "
                           "colours first.")
        .arg(nouns.top1, 0, 'f', 3)
        .arg(nounCount)
        .arg(nouns.top5, 0, 'f', 3)
        .arg(colors.top1, 0, 'f', 3)
        .arg(colorCount);
}

PretrainSummary measureStarter(const QString& folder, int side, int count)
{
    SceneComposer composer({.side = side, .surfaceRate = 0.0}, kTestSeed);
    std::vector<std::uint8_t> rgb;
    std::vector<std::uint8_t> coloredRgb;
    std::vector<std::size_t> nouns;
    std::vector<std::size_t> colors;
    for (int i = 0; i < count; ++i) {
        const Scene scene = composer.next();
        if (scene.objects.isEmpty()) {
            continue;
        }
        appendPixels(scene.image, rgb);
        nouns.push_back(std::size_t(scene.objects.first().object));
        if (scene.objects.first().color >= 0) {
            appendPixels(scene.image, coloredRgb);
            colors.push_back(std::size_t(scene.objects.first().color));
        }
    }
    std::vector<std::string> nounPrompts;
    for (const DemoObject& object : composer.objects()) {
        nounPrompts.push_back(("a photo of " + withArticle(object.noun)).toStdString());
    }
    std::vector<std::string> colorPrompts;
    for (const QString& color : demoColors()) {
        colorPrompts.push_back(("a photo of " + withArticle(color) + " thing").toStdString());
    }
    const std::filesystem::path checkpoint = folder.toStdString();
    return {.nouns = model::pipeline::zeroShotAccuracy(checkpoint, rgb, side, nounPrompts, nouns),
            .colors = model::pipeline::zeroShotAccuracy(checkpoint, coloredRgb, side, colorPrompts,
                                                        colors),
            .nounCount = int(nounPrompts.size()),
            .colorCount = int(colorPrompts.size())};
}

PretrainSummary pretrainStarter(const QString& folder,
                                const model::pipeline::PretrainSettings& settings,
                                JobContext& context)
{
    QElapsedTimer timer;
    timer.start();
    BatchMaker batches(settings);
    QJsonArray curve;
    const auto onStep = [&](const model::pipeline::PretrainEvent& event) {
        if (event.step % kCurveEvery == 0 || event.step == event.steps) {
            curve.append(QJsonArray{qint64(event.step), event.loss, event.auxiliaryLoss});
        }
        context.report({event.step, event.steps,
                        QStringLiteral("Pretraining: loss %1, auxiliary %2, %3 images/s")
                            .arg(event.loss, 0, 'f', 3)
                            .arg(event.auxiliaryLoss, 0, 'f', 3)
                            .arg(event.samplesPerSecond, 0, 'f', 0)});
        context.waitWhilePaused();
        return context.isCancelled() ? model::Next::Stop : model::Next::Continue;
    };
    model::pipeline::pretrainClip(
        settings, batches.nouns() + demoColors().size(),
        [&batches](int count, int, bool isFirst) { return batches.make(count, isFirst); },
        folder.toStdString(), onStep);
    const double minutes = double(timer.elapsed()) / 60'000.0;
    PretrainSummary summary = measureStarter(folder, settings.side, 1000);
    summary.minutes = minutes;
    writeRecord(folder, {{"command",
                          QStringLiteral("tagalign pretrain --out FOLDER --samples %1 --batch %2 "
                                         "--threads %3 --seed %4")
                              .arg(settings.samples)
                              .arg(settings.batchSize)
                              .arg(settings.threads)
                              .arg(settings.seed)},
                         {"seed", qint64(settings.seed)},
                         {"samples", qint64(settings.samples)},
                         {"batch_size", settings.batchSize},
                         {"minutes", minutes},
                         {"held_out_scenes", 1000},
                         {"nouns", summary.nounCount},
                         {"noun_top1", summary.nouns.top1},
                         {"noun_top5", summary.nouns.top5},
                         {"color_top1", summary.colors.top1},
                         {"loss_curve_step_contrast_auxiliary", curve}});
    return summary;
}

} // namespace tagalign::app
