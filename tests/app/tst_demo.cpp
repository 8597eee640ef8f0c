#include "app/ModelChoice.h"
#include "app/demo/DemoPairs.h"
#include "app/demo/SceneTruth.h"
#include "app/jobs/DemoJob.h"
#include "app/jobs/EvaluateJob.h"
#include "app/jobs/ImportJob.h"
#include "app/jobs/RetentionSet.h"
#include "app/jobs/Runs.h"
#include "app/jobs/SimulatedReview.h"
#include "app/jobs/TagJob.h"
#include "db/ImageRepository.h"
#include "db/TagRepository.h"
#include "db/VerdictRepository.h"

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTemporaryDir>
#include <QTest>

using namespace tagalign;
using namespace tagalign::app;

namespace {

class SilentContext : public JobContext
{
public:
    void report(const JobProgress&) override {}

    [[nodiscard]] bool isCancelled() const override { return false; }
};

bool always(int)
{
    return true;
}

DemoPairsSettings few(const QString& pilot, int count)
{
    DemoPairsSettings settings = pilotPairs(demoPilot(pilot), count);
    settings.side = 160;
    return settings;
}

QList<QJsonObject> linesOf(const QString& file)
{
    QFile source(file);
    QList<QJsonObject> lines;
    if (source.open(QIODevice::ReadOnly)) {
        while (!source.atEnd()) {
            lines.append(QJsonDocument::fromJson(source.readLine()).object());
        }
    }
    return lines;
}

} // namespace

/// The composed scenes, their truth and the reviewer that plays the analyst.
class TestDemo : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void objectsHaveNamesInTwoLanguagesAndALook();
    void everyLookCanBeDrawn();
    void sameSeedComposesTheSameScene();
    void masksShowEachObjectWhereItIs_data();
    void masksShowEachObjectWhereItIs();
    void masksAreExact();
    void pretrainingNeverShowsHeldOutObjects();
    void surfacesAndColorsChangeTheSprite();
    void captionsSayWhatTheSceneHolds();
    void japaneseCaptionsUseJapaneseNames();
    void noiseFollowsItsRates();
    void groupsAreCountedInWords();
    void pairsGoOnWhereTheyStopped();
    void unwritablePairsAreRefusedInOneSentence();
    void unknownPilotNamesThoseThereAre();
    void truthAnswersForEveryTag();
    void damagedTruthIsRefusedByLine();
    void reviewerJudgesByTheTruthAndSlipsAtItsRate();
    void givenSplitsAreKept();
    void laterImportsMayChangeTheSplit();
    void pilotIsMeasuredAgainstTheTruth();
    void retentionSetsAreSampledAndCancelled();

private:
    [[nodiscard]] Project importedPilot(const QString& pilot, int count) const;

    QTemporaryDir m_folder;
};

void TestDemo::initTestCase()
{
    try {
        const Sprites sprites;
    } catch (const std::exception& error) {
        QSKIP(error.what());
    }
}

Project TestDemo::importedPilot(const QString& pilot, int count) const
{
    const Project project = Project::openOrCreate(m_folder.filePath(pilot + ".tagalign"));
    writeDemoPairs(demoPairsFolder(project), few(pilot, count), always);
    SilentContext context;
    (void)importPairs(project, demoPairsFolder(project), context);
    (void)extractTags(project, context);
    return project;
}

void TestDemo::objectsHaveNamesInTwoLanguagesAndALook()
{
    QVERIFY(demoObjects().size() >= 120 && demoObjects().size() <= 200);
    QSet<QString> nouns;
    for (const DemoObject& object : demoObjects()) {
        QVERIFY2(!object.noun.isEmpty() && !object.japanese.isEmpty(), qPrintable(object.noun));
        QVERIFY2(object.looks() > 0, qPrintable(object.noun));
        nouns.insert(object.noun);
    }
    QCOMPARE(nouns.size(), demoObjects().size());
    QCOMPARE(demoColors().size(), 10);
    QCOMPARE(demoSurfaces().size(), 7);
}

void TestDemo::everyLookCanBeDrawn()
{
    Sprites sprites;
    for (int object = 0; object < int(demoObjects().size()); ++object) {
        for (int look = 0; look < demoObjects().at(object).looks(); ++look) {
            const QImage sprite = sprites.sprite({.object = object, .look = look}, 48);
            QVERIFY2(std::max(sprite.width(), sprite.height()) == 48,
                     qPrintable(demoObjects().at(object).noun));
            QVERIFY2(!sprites.ownColors(object, look).isEmpty(),
                     qPrintable(demoObjects().at(object).noun));
        }
    }
}

void TestDemo::sameSeedComposesTheSameScene()
{
    const SceneSettings settings{
        .side = 96, .minimumObjects = 2, .maximumObjects = 4, .surfaceRate = 0.5};
    SceneComposer first(settings, 7);
    SceneComposer second(settings, 7);
    SceneComposer other(settings, 8);
    bool differs = false;
    for (int i = 0; i < 20; ++i) {
        const Scene scene = first.next();
        QCOMPARE(second.next().image, scene.image);
        differs = differs || other.next().image != scene.image;
    }
    QVERIFY(differs);
}

void TestDemo::masksShowEachObjectWhereItIs_data()
{
    QTest::addColumn<QString>("pilot");
    for (const DemoPilot& pilot : demoPilots()) {
        QTest::newRow(qPrintable(pilot.name)) << pilot.name;
    }
}

/// Every object is seen somewhere, inside its box, and no number is that of no object.
void TestDemo::masksShowEachObjectWhereItIs()
{
    QFETCH(const QString, pilot);
    SceneSettings settings = demoPilot(pilot).scenes;
    settings.side = 160;
    settings.withMask = true;
    SceneComposer composer(settings, 3);
    for (int i = 0; i < 20; ++i) {
        const Scene scene = composer.next();
        QVERIFY(!scene.objects.isEmpty());
        QList<QRect> seen(scene.objects.size());
        for (int y = 0; y < scene.mask.height(); ++y) {
            const uchar* row = scene.mask.constScanLine(y);
            for (int x = 0; x < scene.mask.width(); ++x) {
                QVERIFY(row[x] <= scene.objects.size());
                if (row[x] > 0) {
                    seen[row[x] - 1] |= QRect(x, y, 1, 1);
                }
            }
        }
        for (qsizetype object = 0; object < seen.size(); ++object) {
            QVERIFY2(!seen.at(object).isEmpty(), "an object is wholly hidden");
            QVERIFY(scene.objects.at(object).box.contains(seen.at(object)));
        }
    }
}

/// On an even ground: what differs from it is an object's, and the other way round, but for soft
/// edges and shadows.
void TestDemo::masksAreExact()
{
    constexpr int kSide = 160;
    SceneComposer composer({.side = kSide,
                            .minimumObjects = 2,
                            .maximumObjects = 4,
                            .colorRate = 1.0,
                            .grounds = {Ground::Flat},
                            .withMask = true},
                           11);
    int inside = 0;
    int outside = 0;
    int alikeInside = 0;
    int differentOutside = 0;
    for (int i = 0; i < 40; ++i) {
        const Scene scene = composer.next();
        QHash<QRgb, int> colors;
        for (int y = 0; y < kSide; ++y) {
            for (int x = 0; x < kSide; ++x) {
                ++colors[scene.image.pixel(x, y)];
            }
        }
        const QRgb ground = std::max_element(colors.begin(), colors.end()).key();
        for (int y = 0; y < kSide; ++y) {
            for (int x = 0; x < kSide; ++x) {
                const bool isGround = scene.image.pixel(x, y) == ground;
                if (scene.mask.constScanLine(y)[x] != 0) {
                    ++inside;
                    alikeInside += isGround ? 1 : 0;
                } else {
                    ++outside;
                    differentOutside += isGround ? 0 : 1;
                }
            }
        }
    }
    QVERIFY2(alikeInside * 100 < inside, qPrintable(QString::number(alikeInside)));
    QVERIFY2(differentOutside * 20 < outside, qPrintable(QString::number(differentOutside)));
    qInfo("%d of %d object pixels look like ground, %d of %d ground pixels do not", alikeInside,
          inside, differentOutside, outside);
}

void TestDemo::pretrainingNeverShowsHeldOutObjects()
{
    const SceneComposer composer({.withHeldOutObjects = false}, 1);
    const auto heldOut = std::count_if(demoObjects().begin(), demoObjects().end(),
                                       [](const DemoObject& o) { return o.isHeldOut; });
    QVERIFY(heldOut > 0);
    QCOMPARE(composer.objects().size(), demoObjects().size() - heldOut);
    for (const int object : composer.objects()) {
        QVERIFY(!demoObjects().at(object).isHeldOut);
    }
}

void TestDemo::surfacesAndColorsChangeTheSprite()
{
    Sprites sprites;
    const QImage plain = sprites.sprite({}, Sprites::kLargest);
    for (int surface = 0; surface < int(demoSurfaces().size()); ++surface) {
        const QImage changed = sprites.sprite({.surface = surface}, Sprites::kLargest);
        QVERIFY2(changed != plain, qPrintable(demoSurfaces().at(surface).name));
        // It stays on the object.
        QCOMPARE(changed.convertToFormat(QImage::Format_Alpha8),
                 plain.convertToFormat(QImage::Format_Alpha8));
    }
    for (int color = 0; color < int(demoColors().size()); ++color) {
        QVERIFY(sprites.sprite({.color = color}, Sprites::kLargest) != plain);
    }
}

void TestDemo::captionsSayWhatTheSceneHolds()
{
    SceneComposer composer({.minimumObjects = 2, .maximumObjects = 3, .colorRate = 1.0}, 5);
    SceneCaptions captions({0.0, 0.0, 0.0, 0.0, 0.0}, 5);
    for (int i = 0; i < 50; ++i) {
        const Scene scene = composer.next();
        const QString caption = captions.caption(scene, CaptionLanguage::English);
        for (const PlacedObject& object : scene.objects) {
            QVERIFY2(caption.contains(object.thing().noun), qPrintable(caption));
            QVERIFY2(caption.contains(demoColors().at(object.what.color).name),
                     qPrintable(caption));
        }
    }
    QCOMPARE(withArticle("egg", "egg"), QString("an egg"));
    QCOMPARE(withArticle("red scissors", "scissors"), QString("red scissors"));
    QCOMPARE(withArticle("bread", "bread"), QString("bread"));
}

void TestDemo::japaneseCaptionsUseJapaneseNames()
{
    SceneComposer composer({.colorRate = 1.0}, 5);
    SceneCaptions captions({0.0, 0.0, 0.0, 0.0, 0.0}, 5);
    for (int i = 0; i < 30; ++i) {
        const Scene scene = composer.next();
        const QString caption = captions.caption(scene, CaptionLanguage::Japanese);
        const PlacedObject& object = scene.objects.first();
        QVERIFY2(caption.contains(object.thing().japanese), qPrintable(caption));
        QVERIFY2(caption.contains(demoColors().at(object.what.color).japanese),
                 qPrintable(caption));
    }
}

void TestDemo::noiseFollowsItsRates()
{
    constexpr int kScenes = 3000;
    SceneComposer composer({.side = 32}, 9);
    SceneCaptions captions({.wrongWord = 0.3, .synonym = 0.0, .chatter = 0.4}, 9);
    int wrong = 0;
    int chatter = 0;
    for (int i = 0; i < kScenes; ++i) {
        const Scene scene = composer.next();
        const QString caption = captions.caption(scene, CaptionLanguage::English);
        wrong += caption.contains(scene.objects.first().thing().noun) ? 0 : 1;
        chatter += caption.contains(QLatin1Char(',')) ? 1 : 0;
    }
    QVERIFY2(std::abs(wrong / double(kScenes) - 0.3) < 0.04, qPrintable(QString::number(wrong)));
    QVERIFY2(std::abs(chatter / double(kScenes) - 0.4) < 0.04,
             qPrintable(QString::number(chatter)));

    SceneComposer many({.side = 64, .minimumObjects = 4, .maximumObjects = 4}, 9);
    SceneCaptions forgetful({.unmentioned = 0.2, .wrongWord = 0.0, .synonym = 0.0}, 9);
    double mentioned = 0.0;
    double all = 0.0;
    for (int i = 0; i < 1000; ++i) {
        const Scene scene = many.next();
        const QString caption = forgetful.caption(scene, CaptionLanguage::English);
        for (const PlacedObject& object : scene.objects) {
            mentioned += caption.contains(object.thing().noun) ? 1.0 : 0.0;
            all += 1.0;
        }
    }
    QVERIFY2(std::abs(mentioned / all - 0.8) < 0.03, qPrintable(QString::number(mentioned / all)));
}

void TestDemo::groupsAreCountedInWords()
{
    SceneSettings settings = demoPilot("shelf-inventory").scenes;
    settings.groupRate = 1.0;
    SceneComposer composer(settings, 2);
    SceneCaptions captions({0.0, 0.0, 0.0, 0.0, 0.0}, 2);
    int counted = 0;
    for (int i = 0; i < 20; ++i) {
        const QString caption = captions.caption(composer.next(), CaptionLanguage::English);
        counted += caption.contains("two ") || caption.contains("three ") ? 1 : 0;
    }
    QVERIFY(counted > 10);
}

void TestDemo::pairsGoOnWhereTheyStopped()
{
    const QString whole = m_folder.filePath("whole");
    const QString stopped = m_folder.filePath("stopped");
    QVERIFY(writeDemoPairs(whole, few("inspection", 12), always));
    QVERIFY(!writeDemoPairs(stopped, few("inspection", 12), [](int done) { return done < 5; }));
    QVERIFY(!QFile::exists(stopped + "/captions.jsonl")); // not taken for whole
    QVERIFY(writeDemoPairs(stopped, few("inspection", 12), always));
    QCOMPARE(linesOf(stopped + "/captions.jsonl"), linesOf(whole + "/captions.jsonl"));
    QCOMPARE(linesOf(whole + "/captions.jsonl").size(), 12);
    for (const QString& name : QDir(whole).entryList({"*.jpg"})) {
        QCOMPARE(QImage(stopped + '/' + name), QImage(whole + '/' + name));
    }
}

void TestDemo::unwritablePairsAreRefusedInOneSentence()
{
    try {
        writeDemoPairs("/proc/no/pairs", few("inspection", 1), always);
        QFAIL("no refusal");
    } catch (const std::exception& error) {
        QVERIFY(QString(error.what()).startsWith("/proc/no/pairs: cannot be written"));
    }
}

void TestDemo::unknownPilotNamesThoseThereAre()
{
    try {
        (void)demoPilot("zoo");
        QFAIL("no refusal");
    } catch (const std::exception& error) {
        QVERIFY(QString(error.what()).contains("shelf-inventory"));
    }
}

void TestDemo::truthAnswersForEveryTag()
{
    const QString folder = m_folder.filePath("truth-pairs");
    writeDemoPairs(folder, few("product-search", 30), always);
    const SceneTruth truth(folder);
    for (const QJsonObject& scene : linesOf(folder + "/truth/objects.jsonl")) {
        const QString picture = scene["file_name"].toString();
        const QJsonArray objects = scene["objects"].toArray();
        for (qsizetype i = 0; i < objects.size(); ++i) {
            const QJsonObject object = objects[i].toObject();
            QVERIFY(truth.numbers(picture, db::TagKind::Object, object["object"].toString())
                        .contains(int(i) + 1));
            const QJsonArray attributes = object["attributes"].toArray();
            for (const auto& attribute : attributes) {
                QCOMPARE(truth.answer(picture, db::TagKind::Attribute, attribute.toString()),
                         SceneTruth::Answer::Present);
            }
        }
        QCOMPARE(truth.answer(picture, db::TagKind::Object, "helicopter"),
                 SceneTruth::Answer::Absent);
        QCOMPARE(truth.answer(picture, db::TagKind::Object, "bargain"),
                 SceneTruth::Answer::Unknown);
        QVERIFY(QFile::exists(truth.maskFile(picture)));
    }
    QVERIFY(SceneTruth::isKnown(db::TagKind::Object, "glass")); // of glasses
    QVERIFY(!SceneTruth::isKnown(db::TagKind::Object, "stock"));
    QVERIFY_EXCEPTION_THROWN((void)truth.answer("cat.jpg", db::TagKind::Object, "cat"),
                             std::runtime_error);
}

void TestDemo::damagedTruthIsRefusedByLine()
{
    const QString folder = m_folder.filePath("damaged");
    writeDemoPairs(folder, few("inspection", 2), always);
    QFile file(folder + "/truth/objects.jsonl");
    QVERIFY(file.open(QIODevice::Append));
    file.write("{\"file_name\": 3");
    file.close();
    try {
        const SceneTruth truth(folder);
        QFAIL("no refusal");
    } catch (const std::exception& error) {
        QVERIFY2(QString(error.what()).contains("objects.jsonl, line 3"), error.what());
    }
}

void TestDemo::reviewerJudgesByTheTruthAndSlipsAtItsRate()
{
    const Project project = importedPilot("product-search", 240);
    const SceneTruth truth(demoPairsFolder(project));
    SilentContext context;
    const int given = reviewSimulated(project, truth, {.images = 240, .slipRate = 0.1}, context);
    QVERIFY(given > 300);
    const db::Database database(project.databaseFile());
    const db::TagRepository tags(database.connection());
    int slips = 0;
    int clear = 0;
    for (const db::Image& image : db::ImageRepository(database.connection()).images()) {
        for (const db::Candidate& candidate : tags.candidatesOf(image.id)) {
            if (image.split == db::Split::Test) {
                QCOMPARE(candidate.state, db::State::Pending); // never looked at
                continue;
            }
            QVERIFY(candidate.state != db::State::Pending);
            const auto answer = truth.answer(image.path, candidate.kind, candidate.lemma);
            if (answer != SceneTruth::Answer::Unknown) {
                ++clear;
                const bool isThere = answer == SceneTruth::Answer::Present;
                slips += candidate.state == (isThere ? db::State::Accepted : db::State::Rejected)
                             ? 0
                             : 1;
            }
        }
    }
    QVERIFY2(std::abs(slips / double(clear) - 0.1) < 0.04, qPrintable(QString::number(slips)));
    db::VerdictRepository verdicts(database.connection());
    QCOMPARE(verdicts.judgedBy(simulatedReviewer()), given);
    QCOMPARE(reviewSimulated(project, truth, {.images = 240}, context), 0); // nothing is open
    QVERIFY(verdicts.undo("a person").isEmpty()); // nobody takes back another's verdicts
}

void TestDemo::givenSplitsAreKept()
{
    const Project project = importedPilot("inspection", 60);
    const db::Database database(project.databaseFile());
    const QList<db::Image> images = db::ImageRepository(database.connection()).images();
    QCOMPARE(images.size(), 60);
    int validation = 0;
    for (const db::Image& image : images) {
        QVERIFY(image.givenSplit);
        if (*image.givenSplit == db::Split::Test) {
            QCOMPARE(image.split, db::Split::Test);
        }
        validation += image.split == db::Split::Validation ? 1 : 0;
    }
    QCOMPARE(std::count_if(images.begin(), images.end(),
                           [](const db::Image& i) { return i.givenSplit == db::Split::Test; }),
             20);
    QVERIFY(validation > 0); // of those for training
}

void TestDemo::laterImportsMayChangeTheSplit()
{
    const Project project = Project::openOrCreate(m_folder.filePath("moved.tagalign"));
    const QString pairs = demoPairsFolder(project);
    DemoPairsSettings settings = few("shelf-inventory", 8);
    settings.testCount = 0;
    SilentContext context;
    for (const int tests : {0, 8}) { // nothing said, then all for testing
        settings.testCount = tests;
        writeDemoPairs(pairs, settings, always);
        (void)importPairs(project, pairs, context);
    }
    const db::Database database(project.databaseFile());
    for (const db::Image& image : db::ImageRepository(database.connection()).images()) {
        QCOMPARE(image.split, db::Split::Test);
    }
}

/// The whole loop on a few pictures with the starter: every figure is there and possible.
void TestDemo::pilotIsMeasuredAgainstTheTruth()
{
    const Project project = Project::openOrCreate(m_folder.filePath("whole-pilot.tagalign"));
    SilentContext context;
    QStringList said;
    const PilotSummary summary =
        runDemoPilot(project, demoPilot("inspection"), 90, 3, {}, context,
                     [&said](const QString& sentence) { said.append(sentence); });
    QVERIFY(QFile::exists(summary.report.file));
    QVERIFY(said.filter("simulated reviewer").size() >= 2); // as they are given, and as a caution
    QHash<QString, db::Metric> figures;
    for (const db::Metric& metric : measureAgainstTruth(project, summary.run, context)) {
        QVERIFY(metric.low <= metric.high);
        figures.insert(metric.name + ' ' + metric.kind, metric);
    }
    for (const char* name :
         {"tag mAP objects", "tag mAP attributes", "pointing accuracy objects",
          "pointing accuracy attributes", "region IoU objects", "region IoU attributes"}) {
        QVERIFY2(figures.contains(name), name);
        const db::Metric metric = figures.value(name);
        QVERIFY2(metric.before > 0.0 && metric.before < 1.0, name);
        QVERIFY2(metric.after > 0.0 && metric.after < 1.0, name);
    }
    QVERIFY(figures.contains("false alerts per image attributes"));
}

/// On the pilot of the test before.
void TestDemo::retentionSetsAreSampledAndCancelled()
{
    class Stopped : public SilentContext
    {
    public:
        void report(const JobProgress& progress) override
        {
            m_isReading = progress.sentence.startsWith("Reading the retention set");
        }

        [[nodiscard]] bool isCancelled() const override { return m_isReading; }

    private:
        bool m_isReading = false;
    };

    const Project project = Project::open(m_folder.filePath("whole-pilot.tagalign"));
    const QString others = m_folder.filePath("others");
    DemoPairsSettings settings = few("product-search", 1010);
    settings.side = 32; // only counted
    writeDemoPairs(others, settings, always);
    SilentContext context;
    const db::Database database(project.databaseFile());
    const auto set = readRetentionSet(project, database, others, context);
    QCOMPARE(set.data.images.size(), std::size_t(1000));
    QVERIFY(!set.data.tags.empty() && set.data.tags.size() <= 200);

    chooseRetentionSet(project, others);
    const auto run = newestRun(project, database);
    QVERIFY(run.has_value());
    Stopped stopped;
    QVERIFY_EXCEPTION_THROWN((void)evaluateRun(project, *run, stopped), model::Cancelled);
}

QTEST_MAIN(TestDemo)
#include "tst_demo.moc"
