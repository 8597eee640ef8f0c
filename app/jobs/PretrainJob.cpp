#include "app/jobs/PretrainJob.h"

#include "app/demo/SceneCaptions.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSaveFile>

namespace tagalign::app {

namespace {

constexpr quint32 kTestSeed = 95'000; ///< training uses the settings' seed, the demo 90,001
constexpr int kCurveEvery = 100;      ///< steps
constexpr int kHeldOutScenes = 1000;

void appendPixels(const QImage& image, std::vector<std::uint8_t>& rgb)
{
    for (int y = 0; y < image.height(); ++y) {
        const uchar* row = image.constScanLine(y);
        rgb.insert(rgb.end(), row, row + std::ptrdiff_t(image.width()) * 3);
    }
}

/// What the scenes of pretraining have in common: no held-out object, hardly a surface.
SceneSettings pretrainScenes(int side)
{
    return {.side = side, .surfaceRate = 0.02, .withHeldOutObjects = false};
}

SceneSettings clutteredScenes(int side)
{
    SceneSettings settings = pretrainScenes(side);
    settings.minimumObjects = 2;
    settings.maximumObjects = 4;
    settings.grounds.append(Ground::Metal);
    return settings;
}

SceneSettings shelfScenes(int side)
{
    SceneSettings settings = pretrainScenes(side);
    settings.minimumObjects = 4;
    settings.maximumObjects = 7;
    settings.grounds = {Ground::Shelf};
    return settings;
}

/// Nouns and colours that pretraining shows, in one list of classes.
class PretrainClasses
{
public:
    explicit PretrainClasses(const QList<int>& objects)
        : m_objects(objects)
    {
    }

    [[nodiscard]] std::vector<std::int64_t> of(const Scene& scene) const
    {
        std::vector<std::int64_t> classes;
        for (const PlacedObject& placed : scene.objects) {
            classes.push_back(m_objects.indexOf(placed.what.object));
            if (placed.what.color >= 0) {
                classes.push_back(m_objects.size() + placed.what.color);
            }
        }
        return classes;
    }

    /// A prompt for each class, all made from one template.
    [[nodiscard]] std::vector<std::string> prompts(QRandomGenerator& random) const
    {
        static const QStringList templates{"a photo of %1", "%1",          "a picture of %1",
                                           "here is %1",    "there is %1", "close-up of %1"};
        const QString& text = templates.at(random.bounded(int(templates.size())));
        std::vector<std::string> prompts;
        for (const int object : m_objects) {
            const QString& noun = demoObjects().at(object).noun;
            prompts.push_back(text.arg(withArticle(noun, noun)).toStdString());
        }
        for (const DemoAttribute& color : demoColors()) {
            prompts.push_back(text.arg(coloredThing(color)).toStdString());
        }
        return prompts;
    }

    static QString coloredThing(const DemoAttribute& color)
    {
        return withArticle(color.name + " thing", QStringLiteral("thing"));
    }

private:
    QList<int> m_objects; ///< positions in demoObjects()
};

/// Makes batches. First single objects; at the last size half of them, a quarter clutter and a
/// quarter shelves; in between mostly single ones.
class BatchMaker
{
public:
    explicit BatchMaker(const model::pipeline::PretrainSettings& settings)
        : m_captions({}, quint32(settings.seed)),
          m_random(quint32(settings.seed))
    {
        auto seed = quint32(settings.seed);
        const auto sprites = std::make_shared<Sprites>();
        for (const model::pipeline::PretrainStage& stage : settings.stages) {
            m_stages.push_back({{pretrainScenes(stage.side), seed + 1, sprites},
                                {clutteredScenes(stage.side), seed + 2, sprites},
                                {shelfScenes(stage.side), seed + 3, sprites}});
            m_isLastSize.push_back(stage.side == settings.stages.back().side);
            seed += 3;
        }
    }

    model::pipeline::PretrainBatch make(int count, std::size_t stage)
    {
        Composers& composers = m_stages[stage];
        const PretrainClasses classes(composers.single.objects());
        model::pipeline::PretrainBatch batch;
        batch.prompts = classes.prompts(m_random);
        const bool isLastSize = m_isLastSize[stage];
        const bool isCluttered = isLastSize || stage > 0;
        for (int i = 0; i < count; ++i) {
            SceneComposer& composer = i % 4 == 0 && isCluttered  ? composers.cluttered
                                      : i % 4 == 1 && isLastSize ? composers.shelves
                                                                 : composers.single;
            const Scene scene = composer.next();
            appendPixels(scene.image, batch.rgb);
            batch.captions.push_back(
                m_captions.caption(scene, CaptionLanguage::English).toStdString());
            batch.classes.push_back(classes.of(scene));
        }
        return batch;
    }

private:
    struct Composers
    {
        SceneComposer single;
        SceneComposer cluttered;
        SceneComposer shelves;
    };

    SceneCaptions m_captions;
    QRandomGenerator m_random;
    std::vector<Composers> m_stages;
    std::vector<bool> m_isLastSize; ///< of each stage
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

QJsonObject readRecord(const QString& folder)
{
    QFile file(folder + QStringLiteral("/training.json"));
    return file.open(QIODevice::ReadOnly) ? QJsonDocument::fromJson(file.readAll()).object()
                                          : QJsonObject();
}

QString commandOf(const model::pipeline::PretrainSettings& settings)
{
    const QString command =
        QStringLiteral("tagalign pretrain --out FOLDER %1 --batch %2 --threads %3 --seed %4 "
                       "--rate %5")
            .arg(settings.minutes > 0.0 ? QStringLiteral("--minutes %1").arg(settings.minutes)
                                        : QStringLiteral("--samples %1").arg(settings.samples))
            .arg(settings.batchSize)
            .arg(settings.threads)
            .arg(settings.seed)
            .arg(settings.learningRate);
    return settings.from.empty() ? command : command + QStringLiteral(" --from FOLDER");
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
    SceneSettings settings = pretrainScenes(side);
    settings.surfaceRate = 0.0;
    SceneComposer composer(settings, kTestSeed);
    std::vector<std::uint8_t> rgb;
    std::vector<std::uint8_t> coloredRgb;
    std::vector<std::size_t> nouns;
    std::vector<std::size_t> colors;
    for (int i = 0; i < count; ++i) {
        const Scene scene = composer.next();
        if (scene.objects.isEmpty()) {
            continue;
        }
        const SpriteKey what = scene.objects.first().what;
        appendPixels(scene.image, rgb);
        nouns.push_back(std::size_t(composer.objects().indexOf(what.object)));
        if (what.color >= 0) {
            appendPixels(scene.image, coloredRgb);
            colors.push_back(std::size_t(what.color));
        }
    }
    std::vector<std::string> nounPrompts;
    for (const int object : composer.objects()) {
        const QString noun = demoObjects().at(object).noun;
        nounPrompts.push_back(("a photo of " + withArticle(noun, noun)).toStdString());
    }
    std::vector<std::string> colorPrompts;
    for (const DemoAttribute& color : demoColors()) {
        colorPrompts.push_back(
            ("a photo of " + PretrainClasses::coloredThing(color)).toStdString());
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
    QJsonObject record{{"command", commandOf(settings)},
                       {"seed", qint64(settings.seed)},
                       {"batch_size", settings.batchSize}};
    if (!settings.from.empty()) {
        record["before"] = readRecord(QString::fromStdString(settings.from.string()));
    }
    const auto minutes = [&timer] { return double(timer.elapsed()) / 60'000.0; };
    const auto onStep = [&](const model::pipeline::PretrainEvent& event) {
        record["samples"] = qint64(event.step) * settings.batchSize;
        if (event.step % kCurveEvery == 0 || event.step == event.steps) {
            curve.append(QJsonArray{qint64(event.step), event.loss, event.classLoss});
            record["minutes"] = minutes();
            record["loss_curve_step_contrast_classes"] = curve;
            writeRecord(folder, record); // of a stopped run too
        }
        context.report({event.step, event.steps,
                        QStringLiteral("Pretraining: loss %1, classes %2, %3 images/s")
                            .arg(event.loss, 0, 'f', 3)
                            .arg(event.classLoss, 0, 'f', 3)
                            .arg(event.samplesPerSecond, 0, 'f', 0)});
        context.waitWhilePaused();
        return context.isCancelled() ? model::Next::Stop : model::Next::Continue;
    };
    model::pipeline::pretrainClip(
        settings, [&batches](int count, std::size_t stage) { return batches.make(count, stage); },
        folder.toStdString(), onStep);
    const double trained = minutes();
    PretrainSummary summary = measureStarter(folder, settings.stages.back().side, kHeldOutScenes);
    summary.minutes = trained;
    record["minutes"] = trained;
    record["held_out_scenes"] = kHeldOutScenes;
    record["nouns"] = summary.nounCount;
    record["noun_top1"] = summary.nouns.top1;
    record["noun_top5"] = summary.nouns.top5;
    record["color_top1"] = summary.colors.top1;
    writeRecord(folder, record);
    return summary;
}

} // namespace tagalign::app
